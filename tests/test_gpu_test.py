"""gpu-test, held against what the machine is and against each way of having no GPU."""

import re

import pytest
from conftest import load, run

gpu_test = load("gpu-test")
READY = {
    "version": "2.21.0",
    "system": "linux",
    "driver": True,
    "cuda_build": True,
    "cuda_libraries": True,
    "visible": None,
}


def test_lists_devices_as_the_post_does_and_tests_each():
    status, out, err = run("gpu-test", "--require-gpu")
    listing = r'name: "(/device:(\w+):\d+)"\ndevice_type: "\2"\nmemory_limit: \d+\n(?:physical_device_desc: ".+"\n)?\n'
    names = [name for name, _ in re.findall(listing, out)]
    assert names[0] == "/device:CPU:0"
    assert re.findall(r"^(\S+) computes right, at \d[\d,]* GFLOP/s$", out, re.MULTILINE) == names
    if len(names) == 1:
        assert (status, err) == (1, "main.py: error: no GPU computes\n")
        assert re.search(r"\n\nTensorFlow \S+ will train on the CPU: .+\n$", out)
    else:
        assert (status, err) == (0, "")
        assert re.search(r"\n\nTensorFlow \S+ will train on \d GPUs?: .+\n$", out)


@pytest.mark.parametrize(
    ("facts", "gpus", "failed", "answer"),
    [
        ({}, ["Tesla T4"], [], r"on 1 GPU: Tesla T4$"),
        ({}, ["Tesla T4", "Tesla T4"], [], r"on 2 GPUs: Tesla T4, Tesla T4$"),
        ({}, [], ["/device:GPU:0"], r"on the CPU: /device:GPU:0 failed"),
        ({"system": "win32", "driver": False, "cuda_build": False}, [], [], r"on the CPU: .*Windows.*wsl --install$"),
        (
            {"system": "darwin", "driver": False, "cuda_build": False},
            [],
            [],
            r"on the CPU: .*tensorflow-metal.*run well",
        ),
        ({"driver": False, "cuda_libraries": False}, [], [], r"on the CPU: .*no NVIDIA driver.*nothing to mend"),
        ({"cuda_build": False, "cuda_libraries": False}, [], [], r"for CPUs only.*'tensorflow\[and-cuda\]==2.21.0'$"),
        ({"visible": "-1"}, [], [], r"CUDA_VISIBLE_DEVICES='-1' hides.*: unset CUDA_VISIBLE_DEVICES$"),
        ({"visible": "", "cuda_libraries": False}, [], [], r"CUDA_VISIBLE_DEVICES='' hides"),
        ({"cuda_libraries": False}, [], [], r"libraries are missing.*pip install 'tensorflow\[and-cuda\]==2.21.0'$"),
        ({"visible": "0"}, [], [], r"nvidia-smi$"),
    ],
)
def test_verdict_names_the_reason_and_the_remedy(facts, gpus, failed, answer):
    verdict = gpu_test.verdict(READY | facts, gpus, failed)
    assert re.search(answer, verdict)
    assert "\n" not in verdict


def test_gathers_every_fact_that_a_verdict_rests_on():
    facts = gpu_test.gather_facts()
    assert facts.keys() == READY.keys()
    assert gpu_test.verdict(facts, [], [])


def test_device_that_is_not_there_fails_and_the_cpu_does_not_stand_in():
    import tensorflow as tf

    assert gpu_test.multiply("/device:CPU:0", size=64) > 0
    with pytest.raises(tf.errors.InvalidArgumentError):
        gpu_test.multiply("/device:GPU:77")


def test_wrong_product_is_noticed(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf, "constant", lambda values: tf.convert_to_tensor(values + 1e-3))
    with pytest.raises(ArithmeticError, match="/device:CPU:0 computes wrong products"):
        gpu_test.multiply("/device:CPU:0", size=64)
