"""README.md: its commands run as pasted, its output has their form, its files are there."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import venv

import benchmark
import pytest
from conftest import ROOT, load

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [block for language, block in BLOCKS if language == "bash"]
INLINE = re.findall(r"`(python \S+main\.py [^`]+)`", README)


@pytest.fixture(scope="module")
def session(few, tmp_path_factory):
    """The README's commands pasted into one shell in a clone: all but the first two, of make."""
    clone = tmp_path_factory.mktemp("clone")
    without = shutil.ignore_patterns(".*", "tests", "*.keras")
    shutil.copytree(ROOT, clone, ignore=without, dirs_exist_ok=True)
    shutil.copy(few, clone / "mnist" / "mnist.npz")
    shutil.copy(few, clone / "fashion.npz")
    venv.create(clone / ".venv", symlinks=True)
    [packages] = (clone / ".venv").rglob("site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib"))
    assert COMMANDS[0] == "make run\nmake test\n"
    [activate] = re.findall(r"`(source \S+)`", README)
    script = "\n".join([activate, *COMMANDS[1:], *INLINE])
    environment = {**os.environ, "KERAS_MAX_EPOCHS": "1"}
    options = {"cwd": clone, "env": environment, "capture_output": True, "text": True}
    return subprocess.run(["bash", "-ec", script], **options)


def test_commands_run(session):
    assert session.returncode == 0, session.stderr
    assert len(COMMANDS) == 6
    assert len(INLINE) == 2


def shape(text):
    """Returns the lines of an output with every number replaced, without Keras's epochs."""
    lines = [re.sub(r"\d[\d.,]*", "#", line) for line in text.splitlines()]
    return {line for line in lines if line.strip(". ") and not line.startswith("#/# ")}


def test_output_has_the_form_that_the_readme_shows(session):
    shown = set().union(*(shape(block) for language, block in BLOCKS if not language))
    shown -= shape("Keras will train on /device:CPU:0")  # depends on the machine
    assert len(shown) >= 7
    assert shown <= shape(session.stdout)
    [of_xor_numpy] = [block for _, block in BLOCKS if block.startswith("Epoch 600: ")]
    assert of_xor_numpy in session.stdout


PC = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.mark.skipif(not PC, reason="TensorFlow says other things there")
def test_tensorflow_says_what_the_readme_explains(session):
    for start in "All log messages before absl::", "This TensorFlow binary is optimized":
        assert start in README
        assert start in session.stderr


def test_rows_of_what_each_line_is_worth_are_the_benchmark_s():
    table = README.split("| mnist/main.py |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (.+?) \| \d", table, re.MULTILINE) == list(benchmark.LINES)


def test_targets_and_files_are_there():
    for target in {*re.findall(r"\bmake ([a-z-]+)[`\n]", README)}:
        command = ["make", "-n", target, f"PYTHON={sys.executable}"]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    pictures = re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{40,}">', README)
    assert len(pictures) == README.count("<img")
    assert all((ROOT / path).is_file() for path in links + pictures)


def test_layers_are_those_of_the_network():
    """The README's table names every kind of layer, and no other."""
    table = README.split("| layer, ")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    named = set(re.findall(r"[A-Z]\w+", " ".join(rows)))
    assert named == {type(layer).__name__ for layer in load("mnist").build_model().layers}
