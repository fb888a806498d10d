# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""Which devices TensorFlow sees, whether each one computes, and why a GPU is not used.

The post's section "TensorFlow Backend and GPUs". The reasons and remedies follow TensorFlow's install guide,
https://www.tensorflow.org/install/pip
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from ctypes import CDLL

import numpy as np

# TensorFlow's start-up messages bypass Python's sys.stderr, so file descriptor 2 leads to a file while it loads.
with tempfile.TemporaryFile("w+", errors="replace") as file:
    terminal = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        import tensorflow as tf
        from tensorflow.python.client import device_lib  # as in the post; no public function tells as much

        devices = device_lib.list_local_devices()
    finally:
        os.dup2(terminal, 2)
    file.seek(0)
    messages = file.read()


def multiply(name, size=1024, times=10):
    """Multiplies float32 matrices (size, size) on the device `name` and returns its speed in GFLOP/s.

    They hold small whole numbers, so that the product is exact; raises ArithmeticError where it is not NumPy's.
    """
    tf.config.set_soft_device_placement(False)  # or the CPU would silently stand in for a device that fails
    a, b = np.random.default_rng(1).integers(-9, 10, (2, size, size)).astype("float32")
    with tf.device(name):
        x, y = tf.constant(a), tf.constant(b)
        product = (x @ y).numpy()  # the first product also starts the device
        start = time.perf_counter()
        for _ in range(times):
            last = x @ y
        last.numpy()  # waits until a GPU is done
        seconds = time.perf_counter() - start
    if not np.array_equal(product, a @ b):
        raise ArithmeticError(f"{name} computes wrong products")
    return times * 2 * size**3 / seconds / 1e9  # a product takes size**3 multiplications and as many additions


def gather_facts():
    """Returns what verdict() needs to know about this machine and this TensorFlow."""

    def loads(library):
        try:
            return bool(CDLL(library))
        except OSError:
            return False

    return {
        "system": sys.platform,
        "driver": loads("libcuda.so.1"),
        "cuda_build": tf.test.is_built_with_cuda(),
        "cuda_libraries": bool(importlib.util.find_spec("nvidia")) or loads("libcudart.so.12"),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES", "all"),
    }


def verdict(gpus, failed, facts):
    """Returns what TensorFlow will train on; where that is the CPU, with the reason and what to do, in one line.

    `gpus` names the GPUs that compute, `failed` the devices that do not; `facts` are those of gather_facts().
    """
    if gpus:
        return f"TensorFlow {tf.__version__} will train on {gpus[0]}"
    install = f"pip install 'tensorflow[and-cuda]=={tf.__version__}'"
    if failed:
        reason = f"{', '.join(failed)} failed, see above; to do without GPUs: export CUDA_VISIBLE_DEVICES=-1"
    elif facts["system"] == "win32":
        reason = "it has no GPU support on native Windows; use WSL2: wsl --install"
    elif facts["system"] == "darwin":
        reason = "it does not support Apple's GPUs; the examples run well without a GPU"
    elif not facts["driver"]:
        reason = "this machine has no NVIDIA driver; the examples run well without a GPU"
    elif not facts["cuda_build"]:
        reason = f"this build of it has no GPU support; replace it: pip uninstall tensorflow-cpu && {install}"
    elif facts["visible"] in ("", "-1"):
        reason = f"CUDA_VISIBLE_DEVICES={facts['visible']} hides the GPUs; show them: unset CUDA_VISIBLE_DEVICES"
    elif not facts["cuda_libraries"]:
        reason = f"the CUDA libraries are missing; install them: {install}"
    else:
        reason = "it cannot use the GPU, see its messages above and what the driver says: nvidia-smi"
    return f"TensorFlow {tf.__version__} will train on the CPU: {reason}"


def main(argv=()):
    parser = argparse.ArgumentParser(description="List the devices that TensorFlow sees and put each one to work.")
    parser.add_argument("--require-gpu", action="store_true", help="exit with status 1 if no GPU computes")
    args = parser.parse_args(argv)

    for device in devices:
        for detail in "locality", "incarnation", "xla_global_id":  # which the post leaves out
            device.ClearField(detail)
        print(device)

    gpus, failed = [], []
    for device in devices:
        try:
            print(f"{device.name} computes: {multiply(device.name):,.0f} GFLOP/s", flush=True)
            if device.device_type == "GPU":
                gpus.append(device.name)
        except (ArithmeticError, tf.errors.OpError) as error:
            print(f"{device.name} fails: {error}")
            failed.append(device.name)

    facts = gather_facts()
    if facts["driver"] and not gpus:
        print("\nTensorFlow's own messages:", messages, sep="\n")
    print("\n" + verdict(gpus, failed, facts))
    if args.require_gpu and not gpus:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
