"""environment.yml and the Makefile, held against what the packages and the programs need."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from itertools import product

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAMS = [path for path in sorted(ROOT.glob("*/*.py")) if path.parent.name != "tests"]
PACKAGES = {"PIL": "pillow", "skimage": "scikit-image"}  # not called as what is imported
ENVIRONMENT = (ROOT / "environment.yml").read_text()
DIRECT, INDIRECT = (
    [Requirement(line) for line in re.findall(r"^      - (.+?)(?:  #.*)?$", half, re.MULTILINE)]
    for half in ENVIRONMENT.split("# what those need in turn")
)
PLATFORMS = {  # sys_platform, platform_system, os_name, platform_machine
    "Linux": ("linux", "Linux", "posix", "x86_64"),
    "macOS": ("darwin", "Darwin", "posix", "arm64"),
    "Windows": ("win32", "Windows", "nt", "AMD64"),
}


def version(pin):
    return next(iter(pin.specifier)).version


def test_has_the_form_of_a_conda_environment():
    head, pins = ENVIRONMENT.split("  - pip:\n")
    channels = "channels:\n  - conda-forge\n"
    assert head == f"name: keras\n{channels}dependencies:\n  - python=3.12\n  - pip\n"
    assert re.fullmatch(r"(      - \S+==\S+( ; [^#]+)?(  # .+)?\n|      # .+\n)+", pins)


@pytest.mark.parametrize(("platform", "python"), [*product(PLATFORMS, ("3.11", "3.12", "3.13"))])
def test_pins_all_that_is_needed_and_nothing_else(platform, python):
    keys = ("sys_platform", "platform_system", "os_name", "platform_machine")
    here = dict(zip(keys, PLATFORMS[platform], strict=True))
    here |= {"python_version": python, "python_full_version": f"{python}.5"}
    pins = {
        pin.name: pin for pin in DIRECT + INDIRECT if not pin.marker or pin.marker.evaluate(here)
    }
    needed, todo = set(), {(pin.name, "") for pin in DIRECT}
    while todo:
        name, extra = todo.pop()
        needed.add((name, extra))
        try:
            wanted = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:  # one for other machines than this
            continue
        for one in wanted:
            if one.marker and not one.marker.evaluate(here | {"extra": extra}):
                continue
            dependency = canonicalize_name(one.name)
            assert dependency in pins, f"{name} needs {one}"
            assert one.specifier.contains(version(pins[dependency])), f"{name} needs {one}"
            todo |= {(dependency, extra) for extra in {"", *one.extras}} - needed
    elsewhere = {name for name, pin in pins.items() if pin.marker and not pin.marker.evaluate()}
    assert pins.keys() - {name for name, _ in needed} <= elsewhere  # nothing here knows their needs


def imported(program):
    """Returns the packages that a program imports, itself or through its neighbours."""
    source = program.read_text()
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    neighbours = {path.stem: path for path in PROGRAMS if path.parent == program.parent}
    packages = {
        PACKAGES.get(name, name) for name in modules - sys.stdlib_module_names - {*neighbours}
    }
    if "keras" in packages:
        packages.add("tensorflow")  # Keras's engine
    if "webagg" in source.lower():
        packages.add("tornado")  # serves matplotlib's page
    return packages.union(*(imported(neighbours[name]) for name in modules & {*neighbours}))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_script_metadata_pins_what_the_program_imports(program):
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", program.read_text())[1]
    metadata = tomllib.loads(re.sub(r"^# ", "", block, flags=re.MULTILINE))
    assert metadata["requires-python"] == ">=3.11,<3.14"
    pins = {pin.name: str(pin) for pin in DIRECT}
    assert metadata["dependencies"] == sorted(pins[package] for package in imported(program))


def test_every_direct_dependency_is_used():
    used = set().union(*map(imported, [*PROGRAMS, *(ROOT / "tests").glob("**/*.py")]))
    makefile = (ROOT / "Makefile").read_text()
    used |= {
        name
        for name, use in {"ruff": "-m ruff", "pytest-xdist": "-n auto"}.items()
        if use in makefile
    }
    assert {pin.name for pin in DIRECT} <= used


def test_the_second_backend_has_one_version():
    files = [ROOT / "Makefile", ROOT / "README.md", *(ROOT / "tests").glob("**/*.py")]
    versions = re.findall(r"jax==([\w.]+)", "".join(path.read_text() for path in files))
    assert len({*versions}) == 1


def make(*arguments, folder=ROOT, path=os.defpath):
    """Returns the lines of what make would do."""
    command = [shutil.which("make"), "-n", "--no-print-directory", *arguments]
    options = {
        "cwd": folder,
        "env": {"PATH": str(path)},
        "capture_output": True,
        "text": True,
        "check": True,
    }
    return subprocess.run(command, **options).stdout.splitlines()


def test_make_uses_an_environment_that_is_there_as_it_is():
    assert make("run", "PYTHON=python") == [
        "python gpu-test/main.py",
        "python xor-numpy/main.py",
        "python xor-keras/main.py",
        "python mnist/main.py",
    ]


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "a clone, déjà vu"
    folder.mkdir()
    for name in "Makefile", "environment.yml":
        shutil.copy(ROOT / name, folder)
    return folder


def test_make_fetches_uv_only_where_there_is_none(clone, tmp_path):
    assert make("setup", folder=clone, path=tmp_path)[0] == "python3 -m venv .uv"
    uv = tmp_path / "uv"
    uv.touch(mode=0o755)
    assert make("setup", folder=clone, path=tmp_path)[0].startswith(f"{uv} venv ")


def test_make_renews_the_environment_where_its_list_is_newer(clone):
    ready = clone / ".venv" / "ready"
    ready.parent.mkdir()
    ready.touch()
    assert make("xor-numpy", folder=clone) == [".venv/bin/python xor-numpy/main.py"]
    os.utime(ready, (0, 0))
    assert "venv --clear" in " ".join(make("xor-numpy", folder=clone))


def test_make_help_names_every_target():
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[
        1
    ].split()
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert {*targets} - {"$(EXAMPLES)"} <= {*re.findall(r"^make ([\w-]+)  ", said, re.MULTILINE)}
