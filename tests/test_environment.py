"""environment.yml and the Makefile, held against what the programs import and what make does."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from helpers import ROOT

PROGRAMS = [path for path in sorted(ROOT.glob("*/*.py")) if path.parent.name != "tests"]
ENVIRONMENT = (ROOT / "environment.yml").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DIRECT = {
    pin.split("==")[0]: pin
    for pin in re.findall(
        r"^      - (\S+)", ENVIRONMENT.split("# what those need")[0], re.MULTILINE
    )
}


def test_has_the_form_of_a_conda_environment_with_exact_versions():
    head, pins = ENVIRONMENT.split("  - pip:\n")
    assert re.match(r"name: keras\nchannels:\n  - \S+\ndependencies:\n  - python=3\.1[1-3]\n", head)
    assert re.fullmatch(r"(      - \S+==\S+( ; [^#]+)?(  # .+)?\n|      # .+\n)+", pins)


def imported(program):
    """Returns the packages that a program imports, itself or through a neighbour."""
    nodes = [*ast.walk(ast.parse(program.read_text(encoding="utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    neighbours = {path.stem: path for path in program.parent.glob("*.py") if path.stem in modules}
    packages = {"PIL": "pillow", "skimage": "scikit-image"}
    found = {packages.get(module, module) for module in modules - neighbours.keys()}
    if "keras" in found:
        found.add("tensorflow")  # Keras's engine
    return found.union(*map(imported, neighbours.values()))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_script_metadata_pins_what_the_program_imports(program):
    text = program.read_text(encoding="utf-8")
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", text)[1]
    metadata = tomllib.loads(re.sub(r"^# ", "", block, flags=re.MULTILINE))
    assert f"UV_PYTHON ?= {metadata['requires-python']}\n" in MAKEFILE
    assert metadata["dependencies"] == sorted(DIRECT[package] for package in imported(program))


def test_every_direct_dependency_is_used():
    used = set().union(*map(imported, [*PROGRAMS, *(ROOT / "tests").glob("*.py")]))
    options = {"ruff": "-m ruff", "pytest-xdist": "-n auto"}
    used |= {name for name, option in options.items() if option in MAKEFILE}
    assert used >= DIRECT.keys()


def make(*arguments, folder=ROOT):
    """Returns what make prints."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8"
    ).stdout


def test_make_help_names_every_target():
    targets = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    named = re.findall(r"^make (\S+) ", make("help"), re.MULTILINE)
    assert {*targets} - {"$(EXAMPLES)"} == {*named} - {"EXAMPLE"}


def test_make_clean_removes_what_make_has_made_and_nothing_else(tmp_path):
    clone = tmp_path / "a clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "*.keras", "__pycache__"))
    before = {*clone.rglob("*")}
    for made in ".venv/ready", ".uv/bin/uv", "mnist/__pycache__/main.pyc", "mnist/model.keras":
        (clone / made).parent.mkdir(parents=True, exist_ok=True)
        (clone / made).touch()
    make("clean", folder=clone)
    assert {*clone.rglob("*")} == before
