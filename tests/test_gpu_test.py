"""gpu-test, held against what the machine is and against each way of having no GPU."""

import re

import pytest
from conftest import load, run

gpu_test = load("gpu-test")
READY = {"system": "linux", "driver": True, "cuda_build": True, "cuda_libraries": True, "visible": "all"}


def test_lists_devices_as_the_post_does_and_puts_each_to_work():
    status, out, err = run("gpu-test", "--require-gpu")
    listing, work, verdict = re.fullmatch(r"(.+\n\n)((?:.+\n)+)(?:\n.+)?\n(.+)\n", out, re.DOTALL).groups()
    entry = r'name: "(/device:(\w+):\d+)"\ndevice_type: "\2"\nmemory_limit: \d+\n(?:physical_device_desc: ".+"\n)?\n'
    names = [name for name, _ in re.findall(entry, listing)]
    assert re.sub(entry, "", listing) == ""
    assert names[0] == "/device:CPU:0"
    assert re.findall(r"^(\S+) computes: \d[\d,]* GFLOP/s$", work, re.MULTILINE) == names
    has_gpu = len(names) > 1
    assert status == (not has_gpu)
    assert err == ""
    assert re.match(r"TensorFlow \S+ will train on " + ("/device:GPU:0$" if has_gpu else "the CPU: .+"), verdict)


@pytest.mark.parametrize(
    ("facts", "gpus", "failed", "answer"),
    [
        ({}, ["/device:GPU:0", "/device:GPU:1"], [], r"on /device:GPU:0$"),
        ({}, [], ["/device:GPU:0"], r"on the CPU: /device:GPU:0 failed.*export CUDA_VISIBLE_DEVICES=-1$"),
        ({"system": "win32", "driver": False, "cuda_build": False}, [], [], r"Windows.*wsl --install$"),
        ({"system": "darwin", "driver": False, "cuda_build": False}, [], [], r"Apple.*run well"),
        ({"driver": False, "cuda_libraries": False}, [], [], r"no NVIDIA driver.*run well"),
        ({"cuda_build": False, "cuda_libraries": False}, [], [], r"no GPU support.*'tensorflow\[and-cuda\]==2.21.0'$"),
        ({"visible": "-1"}, [], [], r"CUDA_VISIBLE_DEVICES=-1 hides.*: unset CUDA_VISIBLE_DEVICES$"),
        ({"visible": "", "cuda_libraries": False}, [], [], r"CUDA_VISIBLE_DEVICES= hides"),
        ({"cuda_libraries": False}, [], [], r"libraries are missing.*pip install 'tensorflow\[and-cuda\]==2.21.0'$"),
        ({"visible": "0"}, [], [], r"messages above.*nvidia-smi$"),
    ],
)
def test_verdict_names_the_reason_and_the_remedy(facts, gpus, failed, answer):
    assert re.search(answer, gpu_test.verdict(gpus, failed, READY | facts))


def test_shows_what_tensorflow_said_where_a_driver_is_but_no_gpu(monkeypatch, capsys):
    monkeypatch.setattr(gpu_test, "devices", [])
    monkeypatch.setattr(gpu_test, "messages", "Cannot dlopen some GPU libraries.")
    monkeypatch.setattr(gpu_test, "gather_facts", lambda: READY)
    gpu_test.main([])
    assert "Cannot dlopen some GPU libraries." in capsys.readouterr().out
    monkeypatch.setattr(gpu_test, "gather_facts", lambda: READY | {"driver": False})
    gpu_test.main([])
    assert "Cannot dlopen some GPU libraries." not in capsys.readouterr().out


def test_gathers_every_fact_that_a_verdict_rests_on():
    assert gpu_test.gather_facts().keys() == READY.keys()


def test_device_that_is_not_there_fails_and_the_cpu_does_not_stand_in():
    with pytest.raises(gpu_test.tf.errors.InvalidArgumentError):
        gpu_test.multiply("/device:GPU:77")


def test_wrong_product_is_noticed(monkeypatch):
    constant = gpu_test.tf.constant
    monkeypatch.setattr(gpu_test.tf, "constant", lambda values: constant(values + 1e-3))
    with pytest.raises(ArithmeticError, match="/device:CPU:0 computes wrong products"):
        gpu_test.multiply("/device:CPU:0", size=64)
