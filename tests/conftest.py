"""What the tests share."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ("gpu-test", "xor-numpy", "xor-keras", "mnist")
XOR = {"0 xor 0": 0, "0 xor 1": 1, "1 xor 0": 1, "1 xor 1": 0}

needs_jax = pytest.mark.skipif(
    not importlib.util.find_spec("jax"), reason="JAX is not here: make test-jax"
)


def load(example, program="main"):
    """Returns an example's program as a module."""
    name = f"{example}-{program}".replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, ROOT / example / f"{program}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(example, *arguments, **options):
    """Starts `python main.py` in the example's folder; a warning from its own lines is an error."""
    command = [sys.executable, "-W", "error:::__main__", "main.py", *map(str, arguments)]
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    return subprocess.Popen(command, cwd=ROOT / example, **options)


def run(example, *arguments, **options):
    """Returns the exit status of an example and what it printed on standard output and error."""
    process = start(example, *arguments, **options)
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """One epoch on all the digits, as a reader runs it: the folder of the model, and the output."""
    folder = tmp_path_factory.mktemp("mnist")
    status, out, err = run("mnist", "--epochs", 1, "--model", folder / "model.keras")
    return SimpleNamespace(folder=folder, status=status, out=out, err=err)


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """An .npz file with few of the digits, for runs that need no more."""
    path = tmp_path_factory.mktemp("few") / "few.npz"
    with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
        np.savez(path, **{name: values[:600] for name, values in arrays.items()})
    return path


def truth_table(out):
    """Returns the last four lines of a XOR program's output, such as {"0 xor 0": 0.0022, …}."""
    rows = [line.split(" = ") for line in out.splitlines()[-4:]]
    return {inputs: float(output) for inputs, output in rows}


def cross_entropies(out):
    """Returns the cross-entropy of each of the four rows of a XOR program's output."""
    chances = [1 - abs(output - XOR[inputs]) for inputs, output in truth_table(out).items()]
    return -np.log(chances)


def losses(out):
    """Returns the losses that a XOR program printed while it learned, by their epochs."""
    found = re.findall(r"Epoch (\d+): loss ([\d.]+)", out)
    return {int(epoch): float(loss) for epoch, loss in found}


def assert_red_where_one(path):
    """Holds the picture against XOR: red by the corners that are 1, blue by those that are 0."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), int)
    redness = pixels[..., 0] - pixels[..., 2]
    height, width = redness.shape
    top, bottom, left, right = height // 8, height * 4 // 5, width // 5, width * 3 // 4
    assert redness[top, left] > 50
    assert redness[top, right] < -50
    assert redness[bottom, left] < -50
    assert redness[bottom, right] > 50
