"""environment.yml and the Makefile, checked against what the programs import and what make does."""

import re
import shutil
import subprocess
import tomllib
from importlib.metadata import packages_distributions

import pytest
from helpers import EXAMPLES, ROOT
from packaging.requirements import Requirement

MAKEFILE = (ROOT / "Makefile").read_text()
CONDA, PACKAGES = (ROOT / "environment.yml").read_text().split("  - pip:\n")
ITEMS = [line for line in PACKAGES.splitlines() if not line.startswith("      # ")]
PINS = [Requirement(item.removeprefix("      - ").partition("  #")[0]) for item in ITEMS]


def test_every_package_is_pinned_once_to_an_exact_version():
    assert CONDA.startswith("name: keras\nchannels:\n  - ")
    assert "  - python=3.12\n" in CONDA
    assert len({pin.name for pin in PINS}) == len(PINS)
    for pin in PINS:
        [specifier] = pin.specifier
        assert specifier.operator == "==", pin
        assert "*" not in specifier.version, pin


def imported(program):
    """Returns the modules that a program imports, itself or through a program beside it."""
    modules = set(re.findall(r"^(?:import|from) (\w+)", program.read_text("utf-8"), re.MULTILINE))
    beside = [program.with_name(f"{module}.py") for module in modules]
    return modules.union(*(imported(path) for path in beside if path.exists()))


@pytest.mark.parametrize(
    "program", [*(f"{name}/main.py" for name in EXAMPLES), "mnist/predict.py", "mnist/draw.py"]
)
def test_script_metadata_pins_what_the_program_imports(program):
    text = (ROOT / program).read_text(encoding="utf-8")
    [block] = re.findall(r"^# /// script\n(.+?)^# ///\n", text, re.MULTILINE | re.DOTALL)
    metadata = tomllib.loads(block.replace("# ", ""))
    packages = packages_distributions()  # such as {"PIL": ["pillow"]}, without Python's own modules
    needed = {packages[module][0] for module in imported(ROOT / program) if module in packages}
    if "keras" in needed:
        needed.add("tensorflow")  # its backend
    assert metadata["dependencies"] == sorted(str(pin) for pin in PINS if pin.name in needed)
    assert f"UV_PYTHON ?= {metadata['requires-python']}\n" in MAKEFILE


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
