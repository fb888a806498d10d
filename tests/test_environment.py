"""environment.yml, held against the installed packages' own metadata, the examples' imports and the Makefile."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path

import lock
import pytest
from conftest import EXAMPLES, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAMS = (*(f"{example}/main.py" for example in EXAMPLES), "mnist/predict.py")
PACKAGES = {"PIL": "pillow", "skimage": "scikit-image"}  # where a package is not called as what is imported
TEXT = (ROOT / "environment.yml").read_text()
HEAD, DIRECT, INDIRECT = lock.split(TEXT)
PINS = [Requirement(line) for line in DIRECT + INDIRECT]
PLATFORMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}


def test_has_the_form_of_a_conda_environment():
    pip = r"(      - \S+==\S+( ; [^#]+)?(  # .*)?\n|      # .*\n)+"
    form = rf"name: keras\nchannels:\n  - conda-forge\ndependencies:\n  - python=3\.12\n  - pip\n  - pip:\n{pip}"
    assert re.fullmatch(form, TEXT)


def test_is_what_make_lock_would_write():
    assert lock.render(HEAD, DIRECT, DIRECT + INDIRECT) == TEXT


@pytest.mark.parametrize(("platform", "python"), list(product(PLATFORMS, ("3.11", "3.12", "3.13"))))
def test_pins_all_that_its_direct_dependencies_need_and_nothing_else(platform, python):
    here = {"sys_platform": platform, "platform_system": PLATFORMS[platform], "python_version": python}
    here |= {"python_full_version": f"{python}.5", "os_name": "nt" if platform == "win32" else "posix"}
    here |= {"platform_machine": {"linux": "x86_64", "darwin": "arm64", "win32": "AMD64"}[platform]}
    pins = {pin.name: next(iter(pin.specifier)).version for pin in PINS if not pin.marker or pin.marker.evaluate(here)}
    needed, todo = set(), {(Requirement(line).name, "") for line in DIRECT}
    while todo:
        name, extra = todo.pop()
        needed.add((name, extra))
        try:
            wanted = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:  # one for other machines than this
            continue
        for requirement in wanted:
            if requirement.marker and not requirement.marker.evaluate(here | {"extra": extra}):
                continue
            dependency = canonicalize_name(requirement.name)
            assert dependency in pins, f"{name} needs {requirement}"
            assert requirement.specifier.contains(pins[dependency]), f"{name} needs {requirement}"
            todo |= {(dependency, extra) for extra in {"", *requirement.extras}} - needed
    elsewhere = {pin.name for pin in PINS if pin.marker and not pin.marker.evaluate()}  # nothing here knows their needs
    assert pins.keys() - {name for name, _ in needed} <= elsewhere


@pytest.mark.parametrize("program", PROGRAMS)
def test_script_metadata_names_what_the_program_imports_at_the_pinned_versions(program):
    source = (ROOT / program).read_text()
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", source)[1]
    metadata = tomllib.loads(re.sub(r"^# ", "", block, flags=re.MULTILINE))
    imports = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imports |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports.add(node.module.split(".")[0])
    packages = {PACKAGES.get(name, name) for name in imports - sys.stdlib_module_names}
    if "keras" in packages:
        packages.add("tensorflow")  # Keras's engine
    if "webagg" in source.lower():
        packages.add("tornado")  # serves matplotlib's page
    assert metadata["requires-python"] == ">=3.11,<3.14"
    assert metadata["dependencies"] == sorted(line for line in DIRECT if line.split("==")[0] in packages)
    assert len(metadata["dependencies"]) == len(packages)


def test_every_direct_dependency_is_used():
    files = [ROOT / "Makefile", *(ROOT / program for program in PROGRAMS), *(ROOT / "tests").glob("*.py")]
    text = "".join(path.read_text() for path in files if path != Path(__file__))
    modules = {package: module for module, package in PACKAGES.items()}
    without_import = {"pytest-xdist": "-n auto", "tornado": "webagg", "jax": "KERAS_BACKEND"}
    for line in DIRECT:
        name = line.split("==")[0]
        use = without_import.get(name, rf"(import|from|-m) {modules.get(name, name)}\b")
        assert re.search(use, text, re.IGNORECASE), name


def make(*arguments, folder=ROOT):
    return subprocess.run(["make", "-C", folder, *arguments], capture_output=True, text=True)


def test_make_uses_an_interpreter_that_has_the_packages_as_it_is():
    result = make("-n", "run", f"PYTHON={sys.executable}")
    assert "venv" not in result.stdout.replace(sys.executable, "")
    assert result.stdout.count(f'"{sys.executable}" main.py') == len(EXAMPLES)


def test_make_refuses_an_interpreter_that_tensorflow_does_not_support(tmp_path):
    for name in "Makefile", "environment.yml":
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "python3.10"
    old.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -c "import sys; sys.version_info = (3, 10); $2"\n')
    old.chmod(0o755)
    result = make("test", f"PYTHON={old}", folder=tmp_path)
    assert result.returncode == 2
    assert re.search(rf"TensorFlow needs Python 3\.11, 3\.12 or 3\.13, and {old} is none of them", result.stderr)
    assert not (tmp_path / ".venv").exists()


def test_make_help_names_every_target():
    targets = set(
        re.search(r"^\.PHONY: (.*) setup \$\(EXAMPLES\)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    )
    out = make("help").stdout
    assert targets <= {"help", *re.findall(r"^make (\w+)", out, re.MULTILINE)}
    assert "PYTHON=python" in out
