# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""The devices that TensorFlow sees, whether each of them computes, and what to do where a GPU is missing.

The post's section "TensorFlow Backend and GPUs". The reasons and remedies follow TensorFlow's install guide
(https://www.tensorflow.org/install/pip).
"""

import argparse
import contextlib
import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import textwrap
import time

try:
    import numpy as np
except ImportError as error:
    sys.exit(f"main.py: error: {error}; set up first: make run, or one of the other ways in README.md")


def describe(device):
    """Returns a device as the post lists it, one `key: value` a line."""
    lines = [
        f'name: "{device.name}"',
        f'device_type: "{device.device_type}"',
        f"memory_limit: {device.memory_limit}",
    ]
    if device.physical_device_desc:
        lines.append(f'physical_device_desc: "{device.physical_device_desc}"')
    return "\n".join(lines)


def multiply(name, size=1024, times=10):
    """Multiplies float32 matrices on the device `name` and returns its speed in GFLOP/s.

    Each product with a permutation matrix must put the columns in another order and change nothing else;
    raises ArithmeticError where it does not, and passes on what TensorFlow raises.
    """
    import tensorflow as tf

    tf.config.set_soft_device_placement(False)  # or the CPU would stand in for a device that fails
    rng = np.random.default_rng(1)
    expected = rng.integers(-99, 100, (size, size)).astype("float32")
    order = rng.permutation(size)
    with tf.device(name):
        product = tf.constant(expected)
        permutation = tf.constant(np.eye(size, dtype="float32")[:, order])
        (product @ permutation).numpy()  # the first product also starts the device up
        start = time.perf_counter()
        for _ in range(times):
            product = product @ permutation
            expected = expected[:, order]
        result = product.numpy()
        seconds = time.perf_counter() - start
    if not np.array_equal(result, expected):
        raise ArithmeticError(f"{name} computes wrong products")
    return 2 * size**3 * times / seconds / 1e9


def gather_facts():
    """Returns what the verdict rests on, apart from the devices themselves."""
    import tensorflow as tf

    def loads(library):
        try:
            return bool(ctypes.CDLL(library))
        except OSError:
            return False

    return {
        "version": tf.__version__,
        "system": sys.platform,
        "driver": loads("libcuda.so.1"),
        "cuda_build": tf.test.is_built_with_cuda(),
        "cuda_libraries": bool(importlib.util.find_spec("nvidia")) or loads("libcudart.so.12"),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


def verdict(facts, gpus, failed):
    """Returns the answer in one line, with the reason and the remedy where there is no GPU to train on.

    `facts` come from gather_facts, `gpus` are the names of the GPUs that compute, `failed` of the devices that do not.
    """
    train = f"TensorFlow {facts['version']} will train on"
    install = f"pip install 'tensorflow[and-cuda]=={facts['version']}'"
    if gpus:
        return f"{train} {len(gpus)} GPU{'s' * (len(gpus) > 1)}: {', '.join(gpus)}"
    if failed:
        reason = f"{', '.join(failed)} failed, as said above; until it is mended: export CUDA_VISIBLE_DEVICES=-1"
    elif facts["system"] == "win32":
        reason = "it has no GPU support on native Windows; use WSL2 instead: wsl --install"
    elif facts["system"] == "darwin":
        reason = (
            "Apple's plug-in for its GPUs, tensorflow-metal, stops at older releases; the examples run well as it is"
        )
    elif not facts["driver"]:
        reason = "this machine has no NVIDIA driver; there is nothing to mend, the examples run well as it is"
    elif not facts["cuda_build"]:
        reason = f"this build of it is for CPUs only; get the other: pip uninstall tensorflow-cpu && {install}"
    elif facts["visible"] is not None and facts["visible"].strip() in ("", "-1"):
        reason = f"CUDA_VISIBLE_DEVICES={facts['visible']!r} hides the GPUs; show them: unset CUDA_VISIBLE_DEVICES"
    elif not facts["cuda_libraries"]:
        reason = f"the CUDA libraries are missing; get them: {install}"
    else:
        reason = "the driver and the CUDA libraries offer no GPU that it can use; see what the driver knows: nvidia-smi"
    return f"{train} the CPU: {reason}"


@contextlib.contextmanager
def quiet_tensorflow():
    """Drops what TensorFlow's C++ side says at start-up, which no setting of its own silences, and passes on the rest.

    Standard error goes through a process of its own, so that a crash report arrives even after a crash.
    """
    chatter = rb"WARNING: All log messages before absl|To enable the following instructions|[IW]\d{4} |E\d{4} .*cuInit"
    sieve = f"import re, sys\nfor line in sys.stdin.buffer: re.match({chatter}, line) or sys.stderr.buffer.write(line)"
    terminal = os.dup(2)
    with subprocess.Popen([sys.executable, "-Suc", sieve], stdin=subprocess.PIPE, start_new_session=True) as process:
        os.dup2(process.stdin.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def fail(message, status=2):
    """Ends the program with one line on standard error; status 2 for wrong input, 1 for what failed on the way."""
    print("main.py: error:", textwrap.shorten(str(message), 500, placeholder=" ..."), file=sys.stderr)
    sys.exit(status)


def main():
    parser = argparse.ArgumentParser(
        description="Lists the devices that TensorFlow sees and tests each.", allow_abbrev=False
    )
    parser.error = fail
    parser.add_argument("--require-gpu", action="store_true", help="exit with status 1 when no GPU computes")
    args = parser.parse_args(sys.argv[1:] if "__file__" in globals() else [])

    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave the GPUs' memory to whoever else uses them
    with quiet_tensorflow():
        import tensorflow as tf
        from tensorflow.python.client import device_lib  # as in the post; no public function tells as much

        devices = device_lib.list_local_devices()
        print("\n\n".join(describe(device) for device in devices), end="\n\n", flush=True)
        gpus, failed = [], []
        for device in devices:
            try:
                print(f"{device.name} computes right, at {multiply(device.name):,.0f} GFLOP/s", flush=True)
                gpus += re.findall("name: ([^,]+)", device.physical_device_desc)
            except (ArithmeticError, tf.errors.OpError) as error:
                print(f"{device.name} fails: {' '.join(str(error).split())}", flush=True)
                failed.append(device.name)
        print("\n" + verdict(gather_facts(), gpus, failed), flush=True)
    if args.require_gpu and not gpus:
        fail("no GPU computes", 1)


if __name__ == "__main__":
    try:
        main()
    except ImportError as error:
        fail(f"{error}; set up first: make run, or one of the other ways in README.md", 1)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except Exception as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where nothing can be printed, not to try again at the end
        if not isinstance(error, BrokenPipeError):  # the reader of `python main.py | head -1` has seen enough
            fail(error, 1)
