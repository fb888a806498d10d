"""gpu-test, held against what TensorFlow says of this machine, and a device that fails."""

import pytest
from conftest import load

gpu_test = load("gpu-test")


def test_lists_the_devices_as_the_post_does_and_puts_each_to_work(capsys):
    gpu_test.main([])
    out = capsys.readouterr().out
    devices = gpu_test.tf.config.list_logical_devices()
    # where TensorFlow puts what it is not told to put elsewhere
    placed = gpu_test.tf.Variable(0.0).device.split("/device:")[1]
    assert out.startswith('[name: "/device:CPU:0"\ndevice_type: "CPU"\nmemory_limit: 268435456\n')
    assert out.count(" GFLOP/s\n") == len(devices)
    assert out.endswith(f"Keras will train on /device:{placed}\n")


def test_speed_is_in_billions_of_additions_and_multiplications_a_second(monkeypatch):
    products = []
    monkeypatch.setattr(gpu_test.tf, "matmul", lambda a, b: products.append(a))
    monkeypatch.setattr(gpu_test.time, "perf_counter", lambda: len(products))  # one a second
    speed = gpu_test.measure_speed("/device:CPU:0", size=100, times=30)
    assert speed == pytest.approx(100 * 100 * (100 + 100) / 1e9)


def test_device_that_fails_says_why_and_the_cpu_has_its_turn_but_does_not_stand_in(
    monkeypatch, capsys
):
    cpu, *_ = gpu_test.device_lib.list_local_devices()
    gpu = type(cpu)(name="/device:GPU:77", device_type="GPU")
    monkeypatch.setattr(gpu_test.device_lib, "list_local_devices", lambda: [cpu, gpu, cpu])
    gpu_test.main([])
    failed, computed, trains = capsys.readouterr().out.splitlines()[-3:]
    assert failed.startswith("/device:GPU:77 fails: ")
    assert "Could not satisfy device specification" in failed
    assert computed.startswith("/device:CPU:0 computes ")
    assert trains == "Keras will train on /device:GPU:77"
