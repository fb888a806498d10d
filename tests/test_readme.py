"""README.md: its commands run as pasted, its output is what they print, its files and options are there."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv

import numpy as np
import pytest
from conftest import ROOT, load

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MORE = [line for line in re.findall(r"`(python [^`]+)`", README) if ".py" in line and "--draw" not in line]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The README's bash blocks pasted into one shell in a clone: all but the first, which runs the tests."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "tests", "*.keras"), dirs_exist_ok=True)
    shutil.copy(ROOT / "mnist" / "mnist.npz", clone / "fashion.npz")
    venv.create(clone / ".venv", symlinks=os.name != "nt")
    [packages] = (clone / ".venv").rglob("site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib"))
    blocks = [block for language, block in BLOCKS if language == "bash"]
    assert blocks[0] == "make run\nmake test\n"
    script = "\n".join(["conda() { :; }", *blocks[1:], *MORE])
    environment = {**os.environ, "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "10"}
    return subprocess.run(["bash", "-ec", script], cwd=clone, env=environment, capture_output=True, text=True)


def test_commands_run(session):
    assert session.returncode == 0, session.stderr
    assert len(MORE) == 2


def shape(text):
    """Returns the lines of an output with every number replaced, without Keras's epochs."""
    lines = [re.sub(r"\d[\d.,e-]*\??", "#", line) for line in text.splitlines()]
    return {line for line in lines if line.strip(". ") and not re.match(r"Epoch #/#|#/# - ", line)}


def test_output_has_the_form_that_the_readme_shows(session):
    shown = set().union(*(shape(block) for language, block in BLOCKS if not language))
    shown = {line for line in shown if not line.startswith("TensorFlow")}  # the verdict depends on the machine
    assert len(shown) >= 9
    assert shown <= shape(session.stdout)


def test_downloaded_data_is_what_mnist_reads(tmp_path, monkeypatch):
    mnist = load("mnist")
    digits = [values[:10] for values in mnist.load_digits(ROOT / "mnist" / "mnist.npz")]
    monkeypatch.setattr(mnist.keras.datasets.fashion_mnist, "load_data", lambda: (digits[:2], digits[2:]))  # no network
    monkeypatch.chdir(tmp_path)
    [snippet] = (block for language, block in BLOCKS if language == "python")
    exec(snippet, {})
    assert all(map(np.array_equal, mnist.load_digits("fashion.npz"), digits))


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_targets_and_files_are_there():
    targets = set(re.findall(r"^make (\w+)$|`make (\w+)`", README, re.MULTILINE))
    for target in {"".join(pair) for pair in targets}:
        subprocess.run(["make", "-n", target, f"PYTHON={sys.executable}"], cwd=ROOT, capture_output=True, check=True)
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    pictures = re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{40,}">', README)
    assert len(pictures) == README.count("<img")
    assert all((ROOT / path).is_file() for path in links + pictures)


def test_follows_the_post():
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    posts = ["TensorFlow backend and GPUs", "XOR", "With NumPy", "With Keras", "MNIST"]
    assert [heading for heading in headings if heading in posts] == posts


def test_layers_are_those_of_the_network():
    """The README's table names every kind of layer, and no other."""
    rows = re.findall(r"^\| (`[^|]+`) \| .+ \|$", README.split("## MNIST")[1].split("###")[0], re.MULTILINE)
    named = set(re.findall(r"[A-Z]\w+", " ".join(rows)))
    assert named == {type(layer).__name__ for layer in load("mnist").build_model().layers}
