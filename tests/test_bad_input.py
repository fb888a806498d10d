"""Wrong arguments, wrong files: one line that says what is wrong, the right exit status, nothing lost."""

import os
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT, load, run
from PIL import Image

BAD_NUMBERS = ("0", "-1", "1.5", "x", "", str(10**30))
NUMBERS = [("xor-numpy", "--epochs"), ("xor-keras", "--seed"), ("mnist", "--epochs"), ("mnist", "--batch-size")]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with every kind of file that the examples must refuse."""
    folder = tmp_path_factory.mktemp("files")
    with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
        good = {name: values[:32] for name, values in arrays.items()}

    def save(name, **changes):
        arrays = {key: value for key, value in {**good, **changes}.items() if value is not None}
        np.savez(folder / name, **arrays)

    (folder / "folder.npz").mkdir()
    (folder / "empty.npz").touch()
    (folder / "text.npz").write_text("no digits here\n")
    (folder / "truncated.npz").write_bytes((ROOT / "mnist" / "mnist.npz").read_bytes()[:100_000])
    save("key.npz", x_test=None)
    save("shape.npz", x_train=good["x_train"][:, :27])
    save("dtype.npz", x_train=good["x_train"] / 255)
    save("label.npz", y_train=good["y_train"] + 1)
    save("negative.npz", y_test=good["y_test"].astype("int8") - 9)
    save("length.npz", y_train=good["y_train"][:31])
    save("none.npz", x_test=good["x_test"][:0], y_test=good["y_test"][:0])
    save("pickle.npz", x_train=np.array([Explosive()], dtype=object))
    np.save(folder / "array.npy", good["x_train"])

    (folder / "folder.png").mkdir()
    (folder / "text.png").write_text("no picture here\n")
    (folder / "empty.png").touch()
    Image.effect_noise((100, 100), 50).save(folder / "whole.png")
    (folder / "truncated.png").write_bytes((folder / "whole.png").read_bytes()[:3000])
    Image.new("RGB", (300, 200), "white").save(folder / "blank.png")
    Image.new("L", (1, 1)).save(folder / "1x1.png")
    Image.new("1", (20000, 20000)).save(folder / "bomb.png")
    Image.new("1", (11000, 11000)).save(folder / "small-bomb.png")
    return folder


class Explosive:
    """Leaves a trace where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def assert_refused(result, status, message):
    returned, out, err = result
    assert returned == status
    assert re.fullmatch(rf"main\.py: error: .*{message}.*\n", err)
    assert out == ""


@pytest.mark.parametrize("example", EXAMPLES)
def test_help_and_unknown_options_need_no_tensorflow(example):
    script = (
        "import runpy, sys; sys.argv[1:] = ['--help']\ntry: runpy.run_path('main.py', run_name='__main__')\nfinally: "
    )
    loaded = [sys.executable, "-c", script + "print({'keras', 'tensorflow', 'matplotlib'} & set(sys.modules))"]
    out = subprocess.run(loaded, cwd=ROOT / example, capture_output=True, text=True, check=True).stdout
    assert out.startswith("usage: main.py ")
    assert out.endswith("\nset()\n")
    assert_refused(run(example, "--nope"), 2, "--nope")
    assert_refused(run(example, "--hel"), 2, "--hel")
    assert_refused(run(example, "stray"), 2, "stray")


@pytest.mark.parametrize(("example", "option"), NUMBERS)
@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_bad_number(example, option, number):
    assert_refused(run(example, f"{option}={number}"), 2, f"{option}: '{number}' is not a whole number from 1 to ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.npz", "No such file"),
        ("folder.npz", "directory"),
        ("empty.npz", "No data"),
        ("text.npz", "pickle"),
        ("truncated.npz", "pickle|zip"),
        ("key.npz", "x_test"),
        ("shape.npz", r"27, 28"),
        ("dtype.npz", "float64"),
        ("label.npz", "labels"),
        ("negative.npz", "labels"),
        ("length.npz", r"\(31, 28, 28\)"),
        ("none.npz", "images"),
        ("pickle.npz", "allow_pickle"),
        ("array.npy", ""),
    ],
)
def test_bad_data(files, tmp_path, name, message):
    model = tmp_path / "model.keras"
    result = run("mnist", "--data", files / name, "--model", model)
    assert_refused(result, 2, f"{re.escape(str(files / name))} does not hold digits like MNIST's: .*({message})")
    assert not model.exists()
    assert not (ROOT / "mnist" / "exploded").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.png", "No such file"),
        ("folder.png", "directory"),
        ("text.png", "cannot identify"),
        ("empty.png", "cannot identify"),
        ("truncated.png", "truncated"),
        ("blank.png", "no digit"),
        ("1x1.png", "no digit"),
        ("bomb.png", "bomb"),
        ("small-bomb.png", "bomb"),
    ],
)
def test_bad_picture(files, name, message):
    assert_refused(run("mnist", "--predict", files / name), 2, f"{re.escape(str(files / name))}.*{message}")


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras", "mnist"])
@pytest.mark.parametrize("plot", ["missing/plot.png", "text.png/plot.png", "folder.png", "/dev/full"])
def test_bad_plot(files, example, plot):
    assert_refused(run(example, "--plot", files / plot), 2, "--plot: .* cannot be written")


@pytest.mark.parametrize("model", ["missing/model.keras", "model.h5", "text.png"])
def test_bad_name_for_the_model(files, model):
    assert_refused(run("mnist", "--model", files / model), 2, "--model: .* does not name a .keras file")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with every kind of model that mnist must refuse."""
    import keras

    folder = tmp_path_factory.mktemp("models")
    (folder / "empty.keras").touch()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(folder / "xor.keras")
    explode = keras.layers.Lambda(lambda x: os.mkdir("exploded") or x)
    keras.Sequential([keras.Input((28, 28, 1)), explode, keras.layers.Flatten()]).save(folder / "lambda.keras")
    (folder / "truncated.keras").write_bytes((folder / "xor.keras").read_bytes()[:5000])
    (folder / "text.keras").write_text("no network here\n")
    with zipfile.ZipFile(folder / "zip.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    return folder


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.keras", "no trained network .* train one first: python main.py"),
        ("empty.keras", "holds no network"),
        ("text.keras", "holds no network"),
        ("truncated.keras", "holds no network"),
        ("zip.keras", "holds no network"),
        ("lambda.keras", "holds no network: .*Lambda"),
        ("xor.keras", "holds another network .* python main.py"),
    ],
)
def test_bad_model(models, tmp_path, monkeypatch, capsys, name, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        load("mnist").load_model(models / name)
    assert_refused((stop.value.code, *capsys.readouterr()), 2, message)
    assert not any(tmp_path.iterdir())
