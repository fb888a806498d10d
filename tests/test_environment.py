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


def test_an_upgraded_indirect_dependency_does_no_harm_but_a_direct_one_does(tmp_path):
    def state(text):
        (tmp_path / "environment.yml").write_text(text)
        command = [sys.executable, ROOT / "tests" / "interpreter.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout

    indirect = next(line for line in INDIRECT if ";" not in line)
    assert state(TEXT.replace(indirect, f"{indirect}.1")) == f"ready {sys.executable}\n"
    assert not state(TEXT.replace(DIRECT[0], f"{DIRECT[0]}.1")).startswith("ready")


def make(*arguments, folder=ROOT, **options):
    command = [shutil.which("make"), "--no-print-directory", "-C", folder, *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_make_uses_an_interpreter_that_has_the_packages_as_it_is():
    recipe = make("-n", "run", f"PYTHON='{sys.executable}'").stdout
    assert "-m venv" not in recipe
    assert recipe.count(f'"{sys.executable}" main.py') == len(EXAMPLES)


# What pretends to be another version of Python, without packages, and with or without Debian's python3-venv.
FAKE = """#!/bin/sh
exec '{real}' -S -c '
import sys
sys.version_info, sys.executable, sys.modules["ensurepip"] = {version}, "{path}", {venv}
exec(open(sys.argv[1]).read())' "$@"
"""
UV = "uv venv --clear --seed --python 3.12 .venv"
NONE = "TensorFlow needs Python 3.11, 3.12 or 3.13 with venv, and none of these gives one: "


@pytest.mark.parametrize(
    ("on_path", "arguments", "expected"),
    [
        ("python3=3.13 python3.12=3.12", [], 'python3" -m venv --clear .venv'),
        ("python3=3.14 python3.12=3.12 python3.11=3.11", [], 'python3.12" -m venv --clear .venv'),
        ("python3=3.13 python3.11=3.11", ["PYTHON=python3.11"], 'python3.11" -m venv --clear .venv'),
        ("python3=3.14 uv", [], UV),
        ("python3=3.13-without-venv uv", [], UV),
        ("python3=3.13 uv", ["PYTHON=uv"], UV),
        ("python3=3.14", [], NONE),
        ("python3=3.13-without-venv", [], NONE),
        ("python3=3.13 python3.10=3.10 uv", ["PYTHON=python3.10"], f"{NONE}python3.10."),
        ("", [], NONE),
    ],
)
def test_make_takes_the_first_interpreter_that_tensorflow_supports(on_path, arguments, expected, tmp_path):
    folder, programs = tmp_path / "a clone, déjà vu", tmp_path / "bin"
    (folder / "tests").mkdir(parents=True)
    programs.mkdir()
    for name in "Makefile", "environment.yml", "tests/interpreter.py":
        shutil.copy(ROOT / name, folder / name)
    for program in on_path.split():
        name, _, version = program.partition("=")
        number, _, without = version.partition("-")
        fake = {"real": sys.executable, "path": programs / name, "venv": None if without else "sys"}
        fake["version"] = tuple(map(int, number.split("."))) if number else ()
        (programs / name).write_text(FAKE.format(**fake) if number else "#!/bin/sh\nexit 2\n")
        (programs / name).chmod(0o755)
    result = make("-n", "setup", *arguments, folder=folder, env={"PATH": str(programs)})
    assert expected in result.stdout + result.stderr
    assert result.returncode == (2 if NONE in expected else 0)
    assert not result.stderr or len(result.stderr.splitlines()) == 1


def test_make_help_names_every_target():
    targets = set(
        re.search(r"^\.PHONY: (.*) setup \$\(EXAMPLES\)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    )
    out = make("help").stdout
    assert targets <= {"help", *re.findall(r"^make (\w+)", out, re.MULTILINE)}
    assert "PYTHON=python" in out
