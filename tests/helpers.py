"""What the tests share."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ("gpu-test", "xor-numpy", "xor-keras", "mnist")
sys.path.append(str(ROOT / "mnist"))  # where predict.py and draw.py find what they import
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


def run(example, *arguments, **options):
    """Runs `python main.py` in the example's folder; a warning from its own lines is an error.

    Returns the exit status and what it printed on standard output and error.
    """
    command = [sys.executable, "-W", "error:::__main__", "main.py", *map(str, arguments)]
    options |= {"capture_output": True, "encoding": "utf-8"}
    result = subprocess.run(command, cwd=ROOT / example, **options)
    return result.returncode, result.stdout, result.stderr


def truth_table(out):
    """Returns the last four lines of a XOR program's output, such as {"0 xor 0": 0.0022, …}."""
    rows = [line.split(" = ") for line in out.splitlines()[-4:]]
    return {inputs: float(output) for inputs, output in rows}


def cross_entropy(out):
    """Returns the mean cross-entropy of the four rows of a XOR program's output."""
    chances = [1 - abs(output - XOR[inputs]) for inputs, output in truth_table(out).items()]
    return -np.log(chances).mean()


def reds(file):
    """Returns how red the corners of a XOR plot are, the upper two first; blue is less than 0."""
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB"), int)
    redness = pixels[..., 0] - pixels[..., 2]
    height, width = redness.shape
    rows, columns = (height // 8, height * 4 // 5), (width // 5, width * 3 // 4)
    return [redness[y, x] for y in rows for x in columns]


def labels(figure):
    """Returns the labels of a XOR plot: of its axes, of its bar, and the number at each corner."""
    axes, bar = figure.axes
    corners = {"{:.0f} xor {:.0f}".format(*text.get_position()): text for text in axes.texts}
    marks = {corner: int(text.get_text()) for corner, text in corners.items()}
    return axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel(), marks
