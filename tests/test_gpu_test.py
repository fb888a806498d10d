"""gpu-test, held against what TensorFlow says of this machine."""

from types import SimpleNamespace

import pytest
from conftest import load

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
    monkeypatch.setattr(gpu_test, "measure_speed", len)
    gpu_test.main()
    assert capsys.readouterr().out.splitlines()[1:] == [
        *(f"{name} computes 13 GFLOP/s" for name in names),
        "Keras will train on /device:GPU:0",
    ]


def test_speed_counts_what_is_done_between_two_waits_for_the_device(monkeypatch):
    events = []
    monkeypatch.setattr(gpu_test.tf, "matmul", lambda a, b: events.append("product"))
    wait = SimpleNamespace(sync_devices=lambda: events.append("wait"))
    monkeypatch.setattr(gpu_test.tf.test, "experimental", wait)

    def clock():
        events.append("clock")
        return events.count("product")  # a second for each

    monkeypatch.setattr(gpu_test.time, "perf_counter", clock)
    speed = gpu_test.measure_speed("/device:CPU:0", size=100, times=3)
    assert events == ["product", "wait", "clock", *3 * ["product"], "wait", "clock"]
    assert speed == pytest.approx(100 * 100 * (100 + 100) / 1e9)  # additions, multiplications
