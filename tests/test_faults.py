"""What happens from outside while an example runs: it ends in one line, and every file is whole."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT, finish, load, run, start

HOSTILE = """
import socket

def refuse(*_):
    raise OSError("no network here")

socket.socket.connect = socket.getaddrinfo = refuse
"""
KILLED_WHILE_SAVING = """
import os, signal, sys, zipfile
sys.path.insert(0, "."); import main
from pathlib import Path
model = main.build_model()
zipfile.ZipFile.close = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main.save(model, Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of mnist that meet a fault each, at once to save time: folder, status, standard output and error."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("killed", "interrupted", "hostile größe", "piped")}
    for folder in folders.values():
        (folder / "model.keras").write_bytes(b"earlier")
    killed, interrupted, hostile, piped = folders.values()

    with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
        np.savez(hostile / "mnist.npz", **{name: values[:256] for name, values in arrays.items()})
    shutil.copy(ROOT / "mnist" / "main.py", hostile)
    (hostile / "sitecustomize.py").write_text(HOSTILE)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "COLUMNS": "40", "PYTHONPATH": str(hostile)}
    options = "--epochs 1 --batch-size 999 --model /proc/model.keras"  # more in a batch than there are digits
    strange = [sys.executable, hostile / "main.py", *options.split()]

    processes = {
        "killed": subprocess.Popen(
            [sys.executable, "-c", KILLED_WHILE_SAVING, killed / "model.keras"],
            cwd=ROOT / "mnist",
            stderr=subprocess.DEVNULL,
        ),
        "interrupted": start("mnist", "--model", interrupted / "model.keras", start_new_session=True),
        "hostile": subprocess.Popen(
            strange, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        ),
        "piped": start("mnist", "--data", hostile / "mnist.npz", "--model", piped / "model.keras"),
    }
    processes["piped"].stdout.readline()
    processes["piped"].stdout.close()
    for line in processes["interrupted"].stdout:
        if line.startswith("Epoch 1/"):
            break
    os.killpg(processes["interrupted"].pid, signal.SIGINT)  # as a terminal does, to all of its processes
    results = {}
    for (name, process), folder in zip(processes.items(), folders.values(), strict=True):
        err = process.stderr.read() if name == "piped" else None
        status, out, err = (process.wait(), "", err) if name == "piped" else finish(process)
        results[name] = SimpleNamespace(folder=folder, status=status, out=out, err=err)
    return results


def assert_earlier_model_is_whole(folder):
    assert (folder / "model.keras").read_bytes() == b"earlier"
    assert len([path for path in folder.iterdir() if "keras" in path.name]) == 1


def test_interrupt_while_training(runs):
    result = runs["interrupted"]
    assert (result.status, result.err) == (130, "main.py: error: interrupted\n")
    assert_earlier_model_is_whole(result.folder)


def test_kill_while_saving(runs):
    assert runs["killed"].status == -signal.SIGKILL
    assert_earlier_model_is_whole(runs["killed"].folder)


def test_closed_pipe_while_training_is_silent(runs):
    assert (runs["piped"].status, runs["piped"].err) == (0, "")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder that not even root may write to")
def test_strange_folder_no_home_no_network_locale_c_and_a_model_that_cannot_be_kept(runs):
    result = runs["hostile"]
    assert result.status == 1
    assert re.fullmatch(r"main\.py: error: the model could not be kept: .*\n", result.err)
    assert re.search(r"\nTest loss: \d\.\d{4}\nTest accuracy: 0\.\d{4}\n$", result.out)
    assert_earlier_model_is_whole(result.folder)


def test_closed_pipe_is_silent():
    process = start("xor-numpy")
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 0)


def test_full_disk_under_the_output():
    with open("/dev/full", "w") as full:
        assert run("xor-numpy", stdout=full)[::2] == (1, "main.py: error: [Errno 28] No space left on device\n")


def test_full_disk_under_the_picture(tmp_path):
    (tmp_path / "plot.png").write_bytes(b"earlier")
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))}
    status, out, err = run("xor-numpy", "--plot", tmp_path / "plot.png", **full)
    assert status == 1
    assert re.fullmatch(r"main\.py: error: .*\n", err)
    assert out.endswith("\n")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


@pytest.mark.parametrize("most", [10000, 100000])  # bytes, where Keras's temporary file or the whole has no room
def test_full_disk_under_the_model(tmp_path, most):
    mnist = load("mnist")
    model = mnist.build_model()
    (tmp_path / "model.keras").write_bytes(b"earlier")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            mnist.save(model, tmp_path / "model.keras")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


@pytest.mark.parametrize("example", ["xor-numpy", "xor-keras", "mnist"])
def test_two_writers_do_not_mix_their_files(example, tmp_path):
    script = """
import sys; sys.path.insert(0, "."); import main
from pathlib import Path
for _ in range(100):
    main.write(Path(sys.argv[1]), sys.argv[2].encode() * 10**6)
"""
    commands = [[sys.executable, "-c", script, tmp_path / "file", letter] for letter in "ab"]
    writers = [subprocess.Popen(command, cwd=ROOT / example) for command in commands]
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "file").exists():
            content = (tmp_path / "file").read_bytes()
            assert content in (b"a" * 10**6, b"b" * 10**6)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("example", ["gpu-test", "xor-keras", "mnist"])
def test_chatter_is_dropped_and_a_crash_report_is_not(example):
    script = r"""
import os, sys; sys.path.insert(0, "."); import main
with main.quiet_tensorflow():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n")
    os.write(2, b"I0000 00:00:1795530827.179489 2772 cudart_stub.cc:31] Could not find cuda drivers on your machine\n")
    os.write(2, b"E0000 00:00:1795530835.756091 2772 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\n")
    os.write(2, b"F0000 00:00:1795530835.756091 2772 cpu_feature_guard.cc:81] compiled to use AVX instructions\n")
    os.write(2, "größe".encode())
    os.abort()
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT / example, capture_output=True)
    report = b"F0000 00:00:1795530835.756091 2772 cpu_feature_guard.cc:81] compiled to use AVX instructions\n"
    assert (result.returncode, result.stderr) == (-signal.SIGABRT, report + "größe".encode())


@pytest.mark.parametrize(
    ("example", "package"), [("gpu-test", "tensorflow"), ("xor-keras", "keras"), ("mnist", "keras")]
)
def test_broken_installation(example, package, tmp_path):
    (tmp_path / f"{package}.py").write_text("raise ImportError('libbroken.so:\\n cannot open')\n")
    status, _, err = run(example, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert (status, err[:46]) == (1, "main.py: error: libbroken.so: cannot open; set")
    assert "make run" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_installed(example):
    result = subprocess.run([sys.executable, "-S", "main.py"], cwd=ROOT / example, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"main\.py: error: No module named '\w+'; set up first: make run.*\n", result.stderr)


@pytest.mark.parametrize("example", EXAMPLES)
def test_loading_runs_nothing(example, capfd):
    load(example)
    assert capfd.readouterr() == ("", "")
