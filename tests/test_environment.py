"""environment.yml and the Makefile, held against what the packages and the programs need."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires

import pytest
from conftest import EXAMPLES, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAMS = [path for path in sorted(ROOT.glob("*/*.py")) if path.parent.name != "tests"]
ENVIRONMENT = (ROOT / "environment.yml").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DIRECT, INDIRECT = (
    [Requirement(line) for line in re.findall(r"^      - (.+?)(?:  #.*)?$", half, re.MULTILINE)]
    for half in ENVIRONMENT.split("# what those need in turn")
)
MACHINES = {
    "linux": {"platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "darwin": {"platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    "win32": {"platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
}


def test_has_the_form_of_a_conda_environment():
    head, pins = ENVIRONMENT.split("  - pip:\n")
    assert re.match(r"name: keras\nchannels:\n  - \S+\ndependencies:\n  - python=3\.1[1-3]\n", head)
    assert re.fullmatch(r"(      - \S+==\S+( ; [^#]+)?(  # .+)?\n|      # .+\n)+", pins)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", MACHINES)
def test_pins_all_that_is_needed_and_nothing_else(platform, python):
    versions = {"python_version": python, "python_full_version": f"{python}.5"}
    here = {"sys_platform": platform, **MACHINES[platform], **versions}
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
            if not one.marker or one.marker.evaluate(here | {"extra": extra}):
                dependency = canonicalize_name(one.name)
                assert dependency in pins, f"{name} needs {one}"
                [pin] = pins[dependency].specifier
                assert one.specifier.contains(pin.version), f"{name} needs {one}"
                todo |= {(dependency, extra) for extra in {"", *one.extras}} - needed
    elsewhere = {pin.name for pin in INDIRECT if pin.marker and not pin.marker.evaluate()}
    assert pins.keys() - {name for name, _ in needed} <= elsewhere  # nothing here knows their needs


def imported(program):
    """Returns the packages that a program imports, itself or through a neighbour."""
    source = program.read_text()
    nodes = [*ast.walk(ast.parse(source))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    neighbours = {path.stem: path for path in program.parent.glob("*.py") if path.stem in modules}
    packages = {"PIL": "pillow", "skimage": "scikit-image"}
    found = {packages.get(module, module) for module in modules - neighbours.keys()}
    if "keras" in found:
        found.add("tensorflow")  # Keras's engine
    if program in PROGRAMS and "WebAgg" in source:
        found.add("tornado")  # serves matplotlib's page
    return found.union(*map(imported, neighbours.values()))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_script_metadata_pins_what_the_program_imports(program):
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", program.read_text())[1]
    metadata = tomllib.loads(re.sub(r"^# ", "", block, flags=re.MULTILINE))
    assert f"UV_PYTHON ?= {metadata['requires-python']}\n" in MAKEFILE
    pins = {pin.name: str(pin) for pin in DIRECT}
    assert metadata["dependencies"] == sorted(pins[package] for package in imported(program))


def test_every_direct_dependency_is_used():
    used = set().union(*map(imported, [*PROGRAMS, *(ROOT / "tests").glob("*.py")]))
    options = {"ruff": "-m ruff", "pytest-xdist": "-n auto"}
    used |= {name for name, option in options.items() if option in MAKEFILE}
    assert {pin.name for pin in DIRECT} <= used


def test_readme_has_the_same_versions():
    readme = (ROOT / "README.md").read_text()
    [jax] = re.findall(r"--with (jax==\S+)", MAKEFILE)
    [tensorflow] = [pin.specifier for pin in DIRECT if pin.name == "tensorflow"]
    assert f"--with {jax} " in readme
    assert f"tensorflow[and-cuda]{tensorflow}'" in readme


def make(*arguments, folder=ROOT, path=os.defpath):
    """Returns the lines of what make would do."""
    command = [shutil.which("make"), "-n", "--no-print-directory", *arguments]
    options = {"cwd": folder, "env": {"PATH": str(path)}, "capture_output": True, "text": True}
    return subprocess.run(command, check=True, **options).stdout.splitlines()


def test_make_uses_an_environment_that_is_there_as_it_is():
    assert make("run", "PYTHON=python") == [f"python {example}/main.py" for example in EXAMPLES]


def test_make_sets_up_only_what_is_missing_or_old(tmp_path):
    def first():
        return make("draw", folder=tmp_path, path=tmp_path)[0]

    for name in "Makefile", "environment.yml":
        shutil.copy(ROOT / name, tmp_path)
    assert first() == "python3 -m venv .uv"
    ready = tmp_path / ".venv" / "ready"
    ready.parent.mkdir()
    ready.touch()
    assert first() == ".venv/bin/python mnist/main.py"
    os.utime(ready, (0, 0))  # older than environment.yml
    (tmp_path / "uv").touch(mode=0o755)
    assert first().startswith(f"{tmp_path}/uv venv --clear ")


def test_make_help_names_every_target():
    targets = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    out = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    named = re.findall(r"^make (\S+) ", out, re.MULTILINE)
    assert {*targets} - {"$(EXAMPLES)"} == {*named} - {"EXAMPLE"}
