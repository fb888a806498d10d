"""gpu-test, held against what TensorFlow says of this machine."""

from types import SimpleNamespace

import pytest
from helpers import load

gpu_test = load("gpu-test")
GPUS = gpu_test.tf.config.list_physical_devices("GPU")


def test_lists_the_devices_as_the_post_does_and_measures_each(capsys):
    gpu_test.main()
    out = capsys.readouterr().out
    assert out.startswith('[name: "/device:CPU:0"\ndevice_type: "CPU"\nmemory_limit: 268435456\n')
    assert out.count(" GFLOP/s\n") == len(gpu_test.tf.config.list_logical_devices())
    last = "Keras will train on /device:GPU:0" if GPUS else "TensorFlow finds no GPU, so Keras"
    assert out.splitlines()[-1].startswith(last)


def test_keras_trains_on_the_first_of_several_gpus(monkeypatch, capsys):
    names = "/device:CPU:0", "/device:GPU:0", "/device:GPU:1"
    devices = [SimpleNamespace(name=name, device_type=name[8:11]) for name in names]
    monkeypatch.setattr(gpu_test.device_lib, "list_local_devices", lambda: devices)
    monkeypatch.setattr(gpu_test, "measure_speed", lambda name: 1000 * names.index(name))
    gpu_test.main()
    assert capsys.readouterr().out.splitlines()[1:] == [
        "/device:CPU:0 computes 0 GFLOP/s",
        "/device:GPU:0 computes 1,000 GFLOP/s",
        "/device:GPU:1 computes 2,000 GFLOP/s",
        "Keras will train on /device:GPU:0",
    ]


def test_speed_is_that_of_a_device_that_works_in_the_background(monkeypatch):
    """One that needs a second for a product, of which the program knows nothing until it waits."""
    device = SimpleNamespace(todo=0, seconds=0)

    def multiply(a, b):
        device.todo += 1

    def wait():
        device.seconds, device.todo = device.seconds + device.todo, 0

    monkeypatch.setattr(gpu_test.tf, "matmul", multiply)
    monkeypatch.setattr(gpu_test.tf.test, "experimental", SimpleNamespace(sync_devices=wait))
    monkeypatch.setattr(gpu_test.time, "perf_counter", lambda: device.seconds)
    speed = gpu_test.measure_speed("/device:CPU:0", size=100, times=3)
    assert speed == pytest.approx(100 * 100 * (100 + 100) / 1e9)  # multiplications, additions
