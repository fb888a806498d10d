"""README.md: its commands run, its output is what they print, its table is the benchmark's, its files are there."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT, load
from test_mnist import drawn

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.strip() for language, block in BLOCKS if language == "bash" for line in block.splitlines()]
MORE = [line for line in re.findall(r"`([^`\n]+)`", README) if "main.py --" in line]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The README's commands that run an example, all in one shell, on a copy of the repo and on few batches."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT, folder / "keras", ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "model.keras"))
    drawn(7, 14).save(folder / "keras" / "mnist" / "digit.png")
    shutil.copy(ROOT / "mnist" / "mnist.npz", folder / "keras" / "mnist" / "fashion.npz")
    lines = [line for line in COMMANDS if not line.startswith(("make", "conda", "uv"))]
    lines += [f"(cd '{folder}'; {line})" for line in MORE if line.startswith("cd keras/")]
    script = "\n".join([f"source() {{ cd '{folder}'; }}", *lines])  # in place of conda's
    environment = {**os.environ, "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "10"}
    environment["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    result = subprocess.run(["bash", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True)
    return lines, result


def test_commands_run(session):
    lines, result = session
    assert result.returncode == 0, result.stderr
    assert sum("python main.py" in line for line in lines) >= 9


def shape(text):
    """Returns the lines of an output with every number replaced, without Keras's epochs."""
    lines = [re.sub(r"\d[\d.,e-]*", "#", line) for line in text.splitlines()]
    return {line for line in lines if line.strip(". ") and not re.match(r"Epoch #/#|#/# - ", line)}


def test_output_has_the_form_that_the_readme_shows(session):
    shown = set().union(*(shape(block) for language, block in BLOCKS if not language))
    assert len(shown) > 10
    assert shown <= shape(session[1].stdout)


def test_downloaded_data_is_what_mnist_reads(tmp_path, monkeypatch):
    import keras

    mnist = load("mnist")
    digits = [values[:10] for values in mnist.load_digits(ROOT / "mnist" / "mnist.npz")]
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (digits[:2], digits[2:]))  # no network
    monkeypatch.chdir(tmp_path)
    [snippet] = (block for language, block in BLOCKS if language == "python")
    exec(snippet, {})
    assert all(map(np.array_equal, mnist.load_digits("fashion.npz"), digits))


def test_files_that_other_commands_name_exist():
    assert {line.split()[0] for line in COMMANDS} == {"make", "conda", "source", "uv", "cd", "python"}
    for line in COMMANDS:
        if line.startswith("make"):
            assert not subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True).returncode
        if line.startswith(("conda", "uv")):
            assert (ROOT / line.split()[-1]).is_file()


def test_options_named_in_passing_exist():
    assert len(MORE) >= 5
    for line in MORE:
        example = re.search(r"cd keras/(\S+)", line)
        for option in re.findall(r"--[\w-]+", line):
            sources = [ROOT / example[1]] if example else [ROOT / "mnist", ROOT / "xor-numpy"]
            assert any(f'"{option}"' in (folder / "main.py").read_text() for folder in sources), line


def test_links_and_pictures_are_there():
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    pictures = re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{40,}">', README)
    assert len(pictures) == README.count("<img")
    assert all((ROOT / path).is_file() for path in links + pictures)
    recipe = subprocess.run(["make", "-n", "plots"], cwd=ROOT, capture_output=True, text=True).stdout
    assert set(pictures) == {f"{example}/plot.png" for example in re.findall(r"cd (\S+) && .* main\.py --plot", recipe)}


def test_table_is_that_of_the_benchmark_and_keeps_its_bounds():
    rows = re.findall(r"^\| (.+) \| (\S+(?: s)?) \|(?: at (least|most) (\S+))? +\|$", README, re.MULTILINE)
    source = (ROOT / "tests" / "benchmark.py").read_text()
    names = re.findall(r'row\(\s*"([^"]+)"', source)
    assert [name for name, *_ in rows] == names
    bounds = re.findall(r"(least|most)=(\d[\d./ ]*)", source)
    assert [kind for _, _, kind, _ in rows if kind] == [kind for kind, _ in bounds]

    def number(text):
        parts = text.removesuffix("%").split("/")
        return float(parts[0]) / float(parts[1] if len(parts) > 1 else 1) / (100 if "%" in text else 1)

    stated = [number(bound) for _, _, kind, bound in rows if kind]
    assert stated == pytest.approx([number(bound.replace(" ", "")) for _, bound in bounds])
    for name, value, kind, bound in rows:
        if kind:
            assert number(value) >= number(bound) if kind == "least" else number(value) <= number(bound), name


def test_follows_the_post_and_stays_short():
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    posts = ["TensorFlow backend and GPUs", "XOR", "With NumPy", "With Keras", "MNIST"]
    assert [heading for heading in headings if heading in posts] == posts
    assert len(README.splitlines()) <= 250


@pytest.mark.parametrize("example", EXAMPLES)
def test_pasted_into_a_notebook(example, tmp_path):
    cell = "import sys; sys.argv = ['ipykernel_launcher.py', '-f', 'kernel.json']; "
    cell += (
        f"exec(compile(open({str(ROOT / example / 'main.py')!r}).read(), 'cell', 'exec'), {{'__name__': '__main__'}})"
    )
    if example == "mnist":
        shutil.copy(ROOT / "mnist" / "mnist.npz", tmp_path)
    environment = {**os.environ, "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "10"}
    result = subprocess.run([sys.executable, "-c", cell], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"mnist.npz", "model.keras"}
