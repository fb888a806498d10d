"""Which devices TensorFlow sees, and how fast each one computes.

The post's section "TensorFlow Backend and GPUs". Networks spend their time on products of matrices,
such as X @ syn0 in xor-numpy/main.py, so what counts is the speed of these, in GFLOP/s: billions of
multiplications and additions a second. Two cores of a server reach about 500 GFLOP/s. On paper,
each GTX 1080 Ti of the post has 11,300.
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow==2.21.0"]
# ///

import time

import tensorflow as tf
from tensorflow.python.client import device_lib


def measure_speed(device, size=2048, times=20):
    """Returns the speed in GFLOP/s at which a device multiplies float32 matrices (size, size)."""
    with tf.device(device):
        a = tf.random.uniform((size, size))
        b = tf.random.uniform((size, size))
        tf.matmul(a, b)  # not timed, since the first product also starts the device
        tf.test.experimental.sync_devices()  # a GPU works in the background: wait for it
        start = time.perf_counter()
        for _ in range(times):
            tf.matmul(a, b)
        tf.test.experimental.sync_devices()
        seconds = time.perf_counter() - start
    # each of a product's size * size numbers takes `size` multiplications and `size` additions:
    # 17 billion operations for 2048 * 2048
    operations = times * size * size * 2 * size
    return operations / seconds / 1e9


def main():
    # the post's call; the public one today is tf.config.list_physical_devices(), without memory
    devices = device_lib.list_local_devices()
    print(devices)

    for device in devices:
        print(f"{device.name} computes {measure_speed(device.name):,.0f} GFLOP/s")

    # TensorFlow, and Keras with it, computes on the first GPU, where there is one
    gpus = [device.name for device in devices if device.device_type == "GPU"]
    if gpus:
        print(f"Keras will train on {gpus[0]}")
    else:
        print("TensorFlow finds no GPU, but these examples need none")
        print("Keras will train on the CPU")


if __name__ == "__main__":
    main()
