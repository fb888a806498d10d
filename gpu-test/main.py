# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow==2.21.0"]
# ///
"""Which devices TensorFlow sees, how fast each one computes, and which one Keras will train on.

The post's section "TensorFlow Backend and GPUs".
"""

import argparse
import time

import tensorflow as tf
from tensorflow.python.client import device_lib


def measure_speed(name, size=2048, times=20):
    """Multiplies float32 matrices (size, size) on the device `name`; returns its speed in GFLOP/s.

    Recent NVIDIA GPUs use TF32, a shorter float. Raises tf.errors.OpError if the device fails.
    """
    with tf.device(name):
        a, b = tf.random.uniform((2, size, size))
        tf.matmul(a, b)  # not timed: it also starts the device
        tf.test.experimental.sync_devices()  # a GPU works in the background
        start = time.perf_counter()
        for _ in range(times):
            tf.matmul(a, b)
        tf.test.experimental.sync_devices()
        seconds = time.perf_counter() - start
    # Each of a product's size * size numbers takes `size` multiplications and `size` additions.
    operations = times * size * size * 2 * size
    return operations / seconds / 1e9


def main(argv=None):
    parser = argparse.ArgumentParser(description="List TensorFlow's devices and their speed.")
    parser.parse_args(argv)

    devices = device_lib.list_local_devices()
    print(devices)

    tf.config.set_soft_device_placement(False)  # or the CPU might silently stand in
    for device in devices:
        try:
            print(f"{device.name} computes {measure_speed(device.name):,.0f} GFLOP/s")
        except tf.errors.OpError as error:
            print(f"{device.name} fails: {error}")

    # TensorFlow, and Keras with it, computes on the first GPU, where there is one.
    gpus = [device.name for device in devices if device.device_type == "GPU"]
    print(f"Keras will train on {gpus[0] if gpus else devices[0].name}")


if __name__ == "__main__":
    main()
