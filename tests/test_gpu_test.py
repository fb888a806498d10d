"""gpu-test, checked against TensorFlow, for a CPU that it takes for three."""

import re
import subprocess
import sys

import pytest
from helpers import ROOT, load

gpu_test = load("gpu-test")
tf = gpu_test.tf


# TensorFlow takes a CPU for three, two of which are called GPUs: this works on any machine. The
# program runs in a process of its own, since devices are fixed once TensorFlow has begun.
THREE_DEVICES = """
from functools import partial

import tensorflow as tf
from tensorflow.python.client import device_lib

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 3 * [tf.config.LogicalDeviceConfiguration()])
tf.debugging.set_log_device_placement(True)
devices = device_lib.list_local_devices(tf.compat.v1.ConfigProto(device_count={"CPU": 3}))
for device in devices[1:]:
    device.device_type = "GPU"
device_lib.list_local_devices = lambda: devices

import main
main.measure_speed = partial(main.measure_speed, size=200, times=1)  # 11 seconds less
main.main()
"""


def test_lists_devices_as_the_post_does_measures_each_and_names_the_first_gpu():
    result = subprocess.run(
        [sys.executable, "-c", THREE_DEVICES],
        cwd=ROOT / "gpu-test",
        capture_output=True,
        text=True,
        check=True,
    )
    post = '[name: "/device:CPU:0"\ndevice_type: "CPU"\nmemory_limit: 268435456\n'
    assert result.stdout.startswith(post)
    multiplied = re.findall(r"Executing op \w*MatMul in device \S+(/device:\S+)", result.stderr)
    measured = re.findall(r"^(\S+) computes [\d,]+ GFLOP/s$", result.stdout, re.MULTILINE)
    assert measured == ["/device:CPU:0", "/device:CPU:1", "/device:CPU:2"]
    assert list(dict.fromkeys(multiplied)) == measured
    assert result.stdout.splitlines()[-1] == "Keras will train on /device:CPU:1"


def test_speed_is_that_of_finished_products_after_the_first(monkeypatch):
    """On a device that works in the background, as a GPU does, for a second a product."""
    begun, finished = [], []

    def finish():
        finished.extend(begun)
        begun.clear()

    monkeypatch.setattr(tf, "matmul", lambda a, b: begun.append(a @ b))
    monkeypatch.setattr(tf.test.experimental, "sync_devices", finish)
    monkeypatch.setattr(gpu_test.time, "perf_counter", lambda: len(finished))
    speed = gpu_test.measure_speed("/device:CPU:0", size=100, times=3)
    assert speed == pytest.approx(100 * 100 * (100 + 100) / 1e9)  # multiplications and additions
