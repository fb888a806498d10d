"""environment.yml and the Makefile, checked against what the programs import and what make does."""

import ast
import shutil
import subprocess
import sys
import tomllib

import pytest
from helpers import ROOT
from packaging.requirements import Requirement

MODULES = [path for path in sorted(ROOT.glob("*/*.py")) if path.parent.name != "tests"]
PROGRAMS = [path for path in MODULES if "__main__" in path.read_text(encoding="utf-8")]
MAKEFILE = (ROOT / "Makefile").read_text()
CONDA, PIP = (ROOT / "environment.yml").read_text().split("  - pip:\n")
DIRECT, _ = PIP.split("      # what those need in turn")


def pins(text):
    """Returns the pip packages in a part of environment.yml, as {name: what pip is told}."""
    lines = [line for line in text.splitlines() if line.startswith("      - ")]
    told = [line.removeprefix("      - ").partition("  #")[0] for line in lines]
    return {Requirement(pin).name: pin for pin in told}


def test_every_package_is_pinned_once_to_an_exact_version():
    assert CONDA.startswith("name: keras\nchannels:\n  - ")
    assert "  - python=3.12\n" in CONDA
    assert all(line.startswith(("      - ", "      # ")) for line in PIP.splitlines())
    assert PIP.count("      - ") == len(pins(PIP))
    for pin in pins(PIP).values():
        [version] = Requirement(pin).specifier
        assert str(version).startswith("=="), pin
        assert "*" not in str(version), pin


def imported(program):
    """Returns the packages that a program imports, itself or through a program beside it."""
    modules = set()
    for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    packages = set()
    for module in modules - sys.stdlib_module_names:
        beside = program.with_name(f"{module}.py")
        if beside.exists():
            packages |= imported(beside)
        else:
            packages.add({"PIL": "pillow", "skimage": "scikit-image"}.get(module, module))
    return packages | {"tensorflow"} if "keras" in packages else packages  # Keras's engine


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_script_metadata_pins_what_the_program_imports(program):
    begin, *lines = program.read_text(encoding="utf-8").partition("# ///\n")[0].splitlines()
    assert begin == "# /// script"
    metadata = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))
    assert f"UV_PYTHON ?= {metadata['requires-python']}\n" in MAKEFILE
    direct = pins(DIRECT)
    assert metadata["dependencies"] == sorted(direct[package] for package in imported(program))


def test_every_direct_dependency_is_used():
    used = set().union(*map(imported, [*PROGRAMS, *(ROOT / "tests").glob("*.py")]))
    options = {"ruff": "-m ruff", "pytest-xdist": "-n auto"}
    used |= {name for name, option in options.items() if option in MAKEFILE}
    assert used >= pins(DIRECT).keys()


def make(*arguments, folder=ROOT):
    """Returns what make prints."""
    command = ["make", "--no-print-directory", *arguments]
    options = {"check": True, "capture_output": True, "encoding": "utf-8"}
    return subprocess.run(command, cwd=folder, **options).stdout


def test_make_help_names_every_target():
    [targets] = [line for line in MAKEFILE.splitlines() if line.startswith(".PHONY: ")]
    named = {line.split()[1] for line in make("help").splitlines()}
    assert {*targets.split()[1:]} - {"$(EXAMPLES)"} == named - {"EXAMPLE"}


def test_make_clean_removes_what_make_has_made_and_nothing_else(tmp_path):
    clone = tmp_path / "a clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "*.keras", "__pycache__"))
    before = {*clone.rglob("*")}
    for made in ".venv/ready", ".uv/bin/uv", "mnist/__pycache__/main.pyc", "mnist/model.keras":
        (clone / made).parent.mkdir(parents=True, exist_ok=True)
        (clone / made).touch()
    make("clean", folder=clone)
    assert {*clone.rglob("*")} == before
