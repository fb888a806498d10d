"""How readers use the programs, and what they get wrong: in the code, an argument or a file."""

import os
import runpy
import sys

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT, load

MISTAKES = {  # a line of each program, how a reader may misspell it, and what Python says then
    "gpu-test": ("tf.matmul(a, b)  #", "tf.matml(a, b)  #", AttributeError),
    "xor-numpy": ("* syn0_gradient", "* syn0_gradeint", NameError),
    "xor-keras": ("Dense(1, activation=", "Dense(1, activaton=", ValueError),
    "mnist": ("with np.load(path) as arrays:", "with np.load(pth) as arrays:", NameError),
}
MODULES = {name: load(name) for name in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES)
def test_mistake_in_the_code_is_not_caught(example, tmp_path, monkeypatch):
    right, wrong, error = MISTAKES[example]
    source = (ROOT / example / "main.py").read_text(encoding="utf-8")
    assert source.count(right) == 1
    (tmp_path / "main.py").write_text(source.replace(right, wrong), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["main.py"])
    with pytest.raises(error):
        runpy.run_path(tmp_path / "main.py", run_name="__main__")


@pytest.mark.parametrize("example", EXAMPLES)
def test_run_in_a_notebook_leaves_the_functions_at_hand(example, few, tmp_path, monkeypatch):
    """As IPython's `%run` does it."""
    options = ["--data", few, "--model", tmp_path / "model.keras"] if example == "mnist" else []
    epochs = [] if example == "gpu-test" else ["--epochs", 1]
    monkeypatch.setattr(sys, "argv", ["main.py", *map(str, epochs + options)])
    names = runpy.run_path(ROOT / example / "main.py", run_name="__main__")
    assert callable(names["main"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_loading_prints_nothing(example, capsys):
    load(example)
    assert capsys.readouterr() == ("", "")


def refused(example, *arguments, capsys):
    """Returns the line with which argparse refuses the arguments, after the usage."""
    with pytest.raises(SystemExit) as stop:
        MODULES[example].main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    *usage, line = err.splitlines()
    assert stop.value.code == 2
    assert out == ""  # before any training
    assert usage[0].startswith("usage: ")
    return line


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("argument", ["--nope", "stray"])
def test_unknown_argument(example, argument, capsys):
    line = refused(example, argument, capsys=capsys)
    assert line.endswith(f"unrecognized arguments: {argument}")


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras", "mnist"])
def test_bad_number(example, capsys):
    line = refused(example, "--epochs", "1.5", capsys=capsys)
    assert line.endswith("--epochs: invalid int value: '1.5'")


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras"])
def test_plot_without_a_name_overwrites_nothing_that_git_tracks(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    MODULES[example].main(["--epochs", "1", "--plot"])
    assert [path.name for path in tmp_path.iterdir()] == ["plot.png"]
    assert "plot.png" in (ROOT / ".gitignore").read_text().split()


@pytest.mark.parametrize("model", ["missing/model.keras", "model.h5"])
def test_model_that_cannot_be_kept_is_refused_before_training(model, tmp_path, capsys):
    assert "is not a .keras file in a folder" in refused(
        "mnist", "--model", tmp_path / model, capsys=capsys
    )


class Explosive:
    """Leaves a trace where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with files that hold no digits."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "folder.npz").mkdir()
    (folder / "empty.npz").touch()
    (folder / "text.npz").write_text("no digits here\n")
    (folder / "truncated.npz").write_bytes((ROOT / "mnist" / "mnist.npz").read_bytes()[:100_000])
    np.savez(
        folder / "incomplete.npz", x_train=np.zeros(1), y_train=np.zeros(1), x_test=np.zeros(1)
    )
    with open(folder / "array.npz", "wb") as file:
        np.save(file, np.zeros(1))
    np.savez(folder / "pickle.npz", x_train=np.array([Explosive()], dtype=object))
    return folder


@pytest.mark.parametrize(
    "name", ["missing", "folder", "empty", "text", "truncated", "array", "incomplete", "pickle"]
)
def test_bad_data(name, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = files / f"{name}.npz"
    line = refused("mnist", "--data", data, "--model", "model.keras", capsys=capsys)
    assert f"{data} must be an .npz file with x_train" in line
    assert not any(tmp_path.iterdir())
