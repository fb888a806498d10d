"""What a reader gets wrong: in the code, Python's traceback; an argument or a file, one clear line."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT, load

MISTAKES = {  # a line of each program, and how a reader may misspell it
    "gpu-test": ("x, y = tf.constant(a), tf.constant(b)", "x, y = tf.constant(a), tf.constnt(b)"),
    "xor-numpy": ("syn0 += syn0_step", "syn0 += syn0_stpe"),
    "xor-keras": ('model.add(Dense(1, activation="sigmoid"))', 'model.add(Dense(1, activaton="sigmoid"))'),
    "mnist": ("with np.load(path) as arrays:", "with np.load(pth) as arrays:"),
}
CELL = """
import sys; sys.argv = ["ipykernel_launcher.py", "-f", "kernel.json"]
names = {{"__name__": "__main__"}}
exec(compile(open({program!r}, encoding="utf-8").read(), "cell", "exec"), names)
{by_hand}
print("still here")
"""
BY_HAND = {
    "gpu-test": "names['main']()",
    "xor-numpy": "names['train'](epochs=2)",
    "xor-keras": "names['train'](names['build_model'](), epochs=1)",
    "mnist": "names['train'](names['build_model'](), *names['load_digits']('mnist.npz')[:2], epochs=1)",
}
PROGRAMS = {name: load(name) for name in EXAMPLES}


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize("example", EXAMPLES)
def test_mistake_in_the_code_is_a_traceback_with_its_line(example, tmp_path):
    right, wrong = MISTAKES[example]
    source = (ROOT / example / "main.py").read_text(encoding="utf-8")
    assert right in source
    (tmp_path / "main.py").write_text(source.replace(right, wrong), encoding="utf-8")
    result = python("main.py", cwd=tmp_path)
    assert result.returncode == 1
    assert "Traceback (most recent call last):" in result.stderr
    assert wrong in result.stderr


def test_session_goes_on_after_a_mistake(tmp_path):
    right, wrong = MISTAKES["xor-numpy"]
    source = (ROOT / "xor-numpy" / "main.py").read_text(encoding="utf-8").replace(right, wrong)
    session = f"try:\n    exec({source!r}, {{'__name__': '__main__'}})\nexcept NameError as error:\n    print(error)"
    result = python("-c", session + "\nprint('still here')", cwd=tmp_path)
    assert result.stdout.endswith("still here\n")


@pytest.mark.parametrize(
    ("example", "package"), [("gpu-test", "tensorflow"), ("xor-keras", "keras"), ("mnist", "keras")]
)
def test_exception_in_the_import_arrives(example, package, tmp_path):
    (tmp_path / f"{package}.py").write_text("raise ImportError('libbroken.so: cannot open')\n")
    result = python("main.py", cwd=ROOT / example, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert result.returncode == 1
    assert result.stderr.endswith("\nImportError: libbroken.so: cannot open\n")


@pytest.mark.parametrize("example", EXAMPLES)
def test_pasted_into_a_notebook(example, few, tmp_path):
    with np.load(few) as arrays:
        np.savez(tmp_path / "mnist.npz", **arrays)
    cell = CELL.format(program=str(ROOT / example / "main.py"), by_hand=BY_HAND[example])
    result = python("-c", cell, cwd=tmp_path, env={**os.environ, "KERAS_MAX_EPOCHS": "1"})
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("still here\n")
    assert {path.name for path in tmp_path.iterdir()} <= {"mnist.npz", "model.keras"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_loading_runs_nothing(example, capfd):
    load(example)
    assert capfd.readouterr() == ("", "")


def refused(example, *arguments, capsys):
    """Returns the one line with which argparse refuses the arguments, after the usage."""
    with pytest.raises(SystemExit) as stop:
        PROGRAMS[example].main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return re.fullmatch(r"usage: .*\n(?: .*\n)*(.+: error: .+)\n", capsys.readouterr().err)[1]


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("argument", ["--nope", "stray"])
def test_unknown_argument(example, argument, capsys):
    assert refused(example, argument, capsys=capsys).endswith(f"unrecognized arguments: {argument}")


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras", "mnist"])
@pytest.mark.parametrize("number", ["x", "1.5", ""])
def test_bad_number(example, number, capsys):
    assert f"--epochs: invalid int value: '{number}'" in refused(example, "--epochs", number, capsys=capsys)


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras", "mnist"])
def test_plot_that_cannot_be_written(example, few, tmp_path, capsys):
    options = ["--data", few, "--model", tmp_path / "model.keras"] if example == "mnist" else []
    plot = tmp_path / "missing" / "plot.png"
    assert str(plot) in refused(example, "--epochs", 1, "--plot", plot, *options, capsys=capsys)


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras"])
def test_plot_without_a_name_overwrites_nothing_that_git_tracks(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PROGRAMS[example].main(["--epochs", "1", "--plot"])
    assert [path.name for path in tmp_path.iterdir()] == ["plot.png"]
    assert "plot.png" in (ROOT / ".gitignore").read_text().split()


@pytest.mark.parametrize("model", ["missing/model.keras", "model.h5"])
def test_model_that_cannot_be_kept_is_refused_before_training(model, tmp_path, capsys):
    assert "is not a .keras file in a folder" in refused("mnist", "--model", tmp_path / model, capsys=capsys)


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
    np.savez(folder / "incomplete.npz", x_train=np.zeros(1), y_train=np.zeros(1), x_test=np.zeros(1))
    np.savez(folder / "pickle.npz", x_train=np.array([Explosive()], dtype=object))
    return folder


@pytest.mark.parametrize("name", ["missing", "folder", "empty", "text", "truncated", "incomplete", "pickle"])
def test_bad_data(name, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = files / f"{name}.npz"
    line = refused("mnist", "--data", data, "--model", "model.keras", capsys=capsys)
    assert f"{data} must be an .npz file with x_train" in line
    assert not any(tmp_path.iterdir())
