"""The READMEs: their commands run as pasted, and what they show is what the programs print."""

import doctest
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from itertools import pairwise

import bench_handwriting
import bench_lines
import numpy as np
import pictures
import pytest
from helpers import EXAMPLES, ROOT, load
from markdown_it import MarkdownIt

FOLDERS = ".", "gpu-test", "xor-numpy", "mnist", "tests"
READMES = {name: (ROOT / name / "README.md").read_text() for name in FOLDERS}
README = READMES["."]
MAKEFILE = (ROOT / "Makefile").read_text()


def tokens(name, kind):
    """Returns the parts of a README that are of one of markdown-it's kinds."""
    blocks = MarkdownIt().enable("table").parse(READMES[name])
    every = [part for block in blocks for part in [block, *(block.children or [])]]
    return [part for part in every if part.type == kind]


def blocks(name, language):
    """Returns the blocks of code in a README that are in a language or, if that is "", in none."""
    return [fence.content for fence in tokens(name, "fence") if fence.info == language]


def inline(name):
    """Returns what stands between single backticks in a README."""
    return [code.content for code in tokens(name, "code_inline")]


def rows(name, heading):
    """Returns the rows of the tables with this first heading in a README, as lists of cells."""
    found = []
    for table in READMES[name].split(f"\n| {heading} |")[1:]:
        _, _, *lines = table.partition("\n\n")[0].splitlines()
        found += [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


@pytest.fixture(scope="module")
def session(few, tmp_path_factory):
    """`make run` and the README's other commands, in one shell in a clone, which has few digits."""
    clone = tmp_path_factory.mktemp("clone")
    without = shutil.ignore_patterns(".*", "__pycache__", "*.keras")
    shutil.copytree(ROOT, clone, ignore=without, dirs_exist_ok=True)
    shutil.copy(few, clone / "mnist" / "mnist.npz")
    shutil.copy(few, clone / "fashion.npz")
    venv.create(clone / ".venv", symlinks=True)
    [packages] = (clone / ".venv").rglob("site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_path("purelib"))
    (clone / ".venv" / "ready").touch()  # so make finds what it would have installed
    codes = [*inline("."), *inline("mnist")]
    # those without options are what `make run` runs
    programs = sorted({code for code in codes if re.match(r"python \S+/main\.py --", code)})
    activate = "source .venv/bin/activate"
    assert activate in inline(".")
    script = "\n".join(["make run", activate, *blocks(".", "bash"), *programs])
    environment = {**os.environ, "KERAS_MAX_EPOCHS": "1"}
    options = {"cwd": clone, "env": environment, "capture_output": True, "text": True}
    return subprocess.run(["bash", "-ec", script], **options)


def test_commands_run(session):
    assert session.returncode == 0, session.stderr


def shape(text):
    """Returns the lines of an output with every number replaced, without Keras's epochs."""
    lines = [re.sub(r"\d[\d.,]*", "#", line) for line in text.splitlines()]
    return {line for line in lines if line.strip(". ") and not line.startswith("#/# ")}


def test_output_has_the_form_that_the_readme_shows(session):
    outputs = r"\d xor \d = |Keras will train on the CPU|Test accuracy: "
    quoted = [code for code in inline(".") if re.match(outputs, code)]
    assert len(quoted) == 3
    [devices] = blocks("gpu-test", "")
    shown = shape("\n".join([devices, *quoted]))
    assert shown <= shape(session.stdout)


def test_table_of_training_is_what_xor_numpy_prints(printed):
    table = rows(".", "epochs")
    assert [epochs for epochs, *_ in table] == ["0", "1", "60", "600"]
    for epochs, loss, *answers in table:
        out = printed(load("xor-numpy").main, "--epochs", epochs)
        assert answers == [f"{float(text):.2f}" for text in re.findall(r"xor \d = (\S+)", out)]
        *_, last = re.findall(r"loss (\S+)", out)
        assert loss == f"{float(last):.3f}"


def test_tables_of_forward_and_backward_are_what_xor_numpy_computes():
    xor = load("xor-numpy")
    syn0, syn1 = xor.train(epochs=0)
    l1, l2 = xor.forward(xor.X, syn0, syn1)

    def shown(*columns):
        return [[f"{number:.3f}" for number in row] for row in zip(*columns)]

    weights, products = syn1[:, 0], l1[1] * syn1[:, 0]  # of 0 xor 1
    *lines, total = rows("xor-numpy", "result")
    assert lines == shown(l1[1], weights, products)
    assert total == ["sum", "", f"{products.sum():.3f}"]
    error, output = (l2 - xor.y)[:, 0], l1[:, -1]  # of the answer, of the last hidden unit
    hidden_error = error * syn1[-1] * output * (1 - output)
    mean = f"{(output * error).mean():.3f}"
    cases = [numbers for _, *numbers in rows("xor-numpy", "case")]
    assert cases[:4] == shown(output, error, output * error)
    assert cases[4] == ["", "", mean]
    assert cases[5:] == [
        [error, of_unit, "1", of_unit] for error, of_unit in shown(error, hidden_error)
    ]
    assert f"{output[1]:.3f} · ({error[1]:.3f}) = {cases[1][-1]}" in README
    slopes = [slope for *_, slope in cases[:4]]
    assert "give {}, {}, {} and {}".format(*slopes) in README
    assert f"their mean, {mean}." in README


def test_numbers_of_weights_and_units_are_those_of_xor_numpy():
    syn0, syn1 = load("xor-numpy").train(epochs=0)
    assert f"It has {syn0.size + syn1.size} of them" in README
    assert f"all {syn0.size + syn1.size} move" in README
    assert syn1.size == 8
    assert "eight hidden units" in README


def test_lines_of_python_are_those_of_the_programs():
    def lines(text):
        """Returns the lines of a text without their indentation, but not `# …`, for others."""
        stripped = [line.strip() for line in text.splitlines()]
        return [line for line in stripped if not line.startswith("# …")]

    def stand_in(quoted, program):
        rest = iter(lines(program))  # `any` uses up these lines, so the order counts, too
        return all(
            any(line in (own, own.partition("  # ")[0]) for own in rest) for line in lines(quoted)
        )

    programs = [(ROOT / name / "main.py").read_text(encoding="utf-8") for name in EXAMPLES]
    assert len(blocks(".", "python")) >= 4
    for block in blocks(".", "python"):
        assert any(stand_in(block, program) for program in programs), block


def test_what_is_typed_prints_what_the_readme_shows(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "xor-numpy")
    typed = "\n".join(blocks("xor-numpy", "pycon"))
    assert typed
    test = doctest.DocTestParser().get_doctest(typed, {}, "README.md", None, None)
    assert doctest.DocTestRunner().run(test).failed == 0


def pasted(i):
    """Runs a block of Python that mnist/README.md gives to paste; returns what it defines."""
    exec(blocks("mnist", "py")[i], names := {})
    return names


def test_clothes_can_be_learned_like_digits(few, tmp_path, monkeypatch):
    with np.load(few) as arrays:
        digits = [arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    # instead of a download
    load_data = "keras.datasets.fashion_mnist.load_data"
    monkeypatch.setattr(load_data, lambda: (digits[:2], digits[2:]))
    monkeypatch.chdir(tmp_path)
    pasted(1)
    for saved, original in zip(load("mnist").load_digits("fashion.npz"), digits, strict=True):
        assert np.array_equal(saved, original)


def test_network_along_a_row_says_of_each_digit_what_the_network_says(tmp_path, monkeypatch):
    load("mnist").build_model().save(tmp_path / "model.keras")  # it need not be trained for that
    shutil.copy(ROOT / "mnist" / "mnist.npz", tmp_path)
    monkeypatch.chdir(tmp_path)
    names = pasted(0)
    digits = np.array(np.split(names["row"], 8, axis=1))
    one_by_one = names["model"].predict(digits, verbose=0)
    np.testing.assert_allclose(names["answers"][0, 0, ::7], one_by_one, atol=1e-5)


PC = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.mark.skipif(not PC, reason="TensorFlow says other things there")
def test_tensorflow_says_what_the_readme_explains(session):
    for start in "All log messages before absl::", "This TensorFlow binary is optimized":
        assert start in READMES["gpu-test"]
        assert start in session.stderr


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"backend": "theano"}, "ValueError: Unable to import backend : theano"),
        ({"image_data_format": "channels_first"}, "Computed output size would be zero or negative"),
    ],
)
def test_keras_says_of_an_old_settings_file_what_the_readme_explains(setting, message, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps(setting))
    command = [sys.executable, "mnist/main.py", "--model", tmp_path / "model.keras"]
    options = {"env": {**os.environ, "KERAS_HOME": str(tmp_path)}, "capture_output": True}
    result = subprocess.run(command, cwd=ROOT, text=True, **options)
    assert result.returncode == 1
    assert message in result.stderr
    assert f"`{message}`" in READMES["gpu-test"]


def test_readmes_have_the_versions_of_the_environment():
    environment = (ROOT / "environment.yml").read_text()
    [tensorflow] = [word for word in environment.split() if word.startswith("tensorflow==")]
    [jax] = [word for word in MAKEFILE.split() if word.startswith("jax==")]
    assert f"--with {jax} " in READMES["gpu-test"]
    assert f"--with {tensorflow} " in READMES["mnist"]
    assert tensorflow.replace("==", "[and-cuda]==") in READMES["gpu-test"]


def anchors(path):
    """Returns the names under which GitHub knows a page's headings."""
    parts = MarkdownIt().parse(path.read_text())
    headings = [text.content for part, text in pairwise(parts) if part.type == "heading_open"]
    kept = [re.sub(r"[^\w -]", "", heading) for heading in headings]
    return {heading.lower().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("name", READMES)
def test_links_lead_to_what_is_there(name):
    links = [link.attrs["href"] for link in tokens(name, "link_open")]
    for link in [*links, *re.findall(r'<a href="([^"]+)"', READMES[name])]:
        path, _, anchor = link.partition("#")
        if not path.startswith("http"):
            target = ROOT / name / (path or "README.md")
            assert target.exists(), path
            assert not anchor or anchor in anchors(target), anchor


@pytest.mark.parametrize("name", READMES)
def test_pictures_are_there_and_described(name):
    images = re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]{40,}">', READMES[name])
    assert len(images) == READMES[name].count("<img")
    assert all((ROOT / name / path).is_file() for path in images)


def test_layers_and_numbers_of_weights_are_those_of_the_network():
    model = load("mnist").build_model()
    table = rows("mnist", "layer")
    named = {code.partition("(")[0] for names, *_ in table for code in names.split("`")[1::2]}
    assert named == {type(layer).__name__ for layer in model.layers}
    weights = [int(number.replace(",", "")) for *_, number in table if number]
    assert sum(weights) == model.count_params()
    assert f"{model.count_params() // 1000},000" in README


@pytest.mark.parametrize(
    ("name", "heading", "measured"),
    [
        ("mnist", "mnist/main.py", bench_lines.LINES),
        ("tests", "mnist/find_digits.py", bench_handwriting.STEPS),
        ("tests", "pictures", ["real pages", *bench_handwriting.with_digits(0)]),
        ("tests", "pictures without a digit", [*pictures.EMPTY, *pictures.MISLEADING]),
    ],
)
def test_tables_have_the_rows_that_the_benchmark_prints(name, heading, measured):
    assert [first for first, *_ in rows(name, heading)] == [*measured]


@pytest.mark.parametrize("name", [name for name in bench_handwriting.STEPS if name != "as it is"])
def test_step_that_the_benchmark_takes_away_is_there(name):
    with bench_handwriting.STEPS[name]:  # AttributeError for what is not there
        pass
