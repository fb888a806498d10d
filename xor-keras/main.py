# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""XOR once more: the same kind of network, in Keras.

The post's section "XOR, With Keras", with its Sequential, Dense, compile, fit and predict. Three things differ, and let
80 steps do what 500 could not: the hidden units are tanh, which unlike ReLU cannot die, so that every start learns;
the loss is the cross-entropy, as in xor-numpy; and Adam's learning rate is 0.05 instead of 0.001. The table is repeated
within an epoch, since each epoch costs Keras far more than a step.
"""

import argparse
import contextlib
import gc
import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

try:
    import numpy as np
except ImportError as error:
    sys.exit(f"main.py: error: {error}; set up first: make run, or one of the other ways in README.md")

HERE = Path(__file__).resolve().parent if "__file__" in globals() else Path()  # a notebook has no __file__

# the four different states of the XOR gate
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")

# the four expected results in the same order
target_data = np.array([[0], [1], [1], [0]], "float32")


def build_model():
    """Returns the untrained network, from inputs (n, 2) to the probability (n, 1) that their XOR is 1."""
    import keras  # here and not above, so that --help need not wait for TensorFlow
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(16, activation="tanh"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        loss="binary_crossentropy",
        optimizer=keras.optimizers.Adam(0.05),
        metrics=["binary_accuracy"],
        jit_compile=False,  # compiling so small a network would take longer than training it
    )
    return model


def train(epochs=4, seed=1, verbose=2):
    """Returns the trained network. An epoch is 20 steps, each on the four rows of the table."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build_model()
    x, y = np.tile(training_data, (20, 1)), np.tile(target_data, (20, 1))
    model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=verbose)
    return model


def plot(path, output):
    """Draws the function `output`, from points (n, 2) to answers (n, 1), around the unit square into the PNG `path`."""
    from matplotlib.figure import Figure

    side = np.linspace(-0.2, 1.2, 141)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure = Figure(figsize=(5, 4), dpi=144, layout="constrained")
    axes = figure.subplots()
    surface = axes.contourf(side, side, output(points).reshape(141, 141), np.linspace(0, 1, 21), cmap="RdBu_r")
    for (a, b), label in zip(training_data, target_data.flat, strict=True):
        axes.text(a, b, f"{label:.0f}", ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"})
    axes.set(title="XOR, learned with Keras", xlabel="first input", ylabel="second input", aspect="equal")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    picture = io.BytesIO()
    figure.savefig(picture)
    write(path, picture.getvalue())


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


def write(path, content):
    """Puts the bytes `content` into the file `path`, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def whole_number(text):
    if not text.isdecimal() or not 0 < int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {2**32 - 1}")
    return int(text)


def writable(text):
    path = Path(text)
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK) and path.exists() == path.is_file()):
        raise argparse.ArgumentTypeError(f"{text} cannot be written; name a file in a folder that you may write to")
    return path


def fail(message, status=2):
    """Ends the program with one line on standard error; status 2 for wrong input, 1 for what failed on the way."""
    print("main.py: error:", textwrap.shorten(str(message), 500, placeholder=" ..."), file=sys.stderr)
    sys.exit(status)


def main():
    parser = argparse.ArgumentParser(description="Learns XOR with Keras.", allow_abbrev=False)
    parser.error = fail
    parser.add_argument(
        "--epochs", type=whole_number, default=4, metavar="N", help="passes over 20 copies of the table (%(default)s)"
    )
    parser.add_argument("--seed", type=whole_number, default=1, metavar="N", help="of the random weights (%(default)s)")
    parser.add_argument(
        "--plot",
        type=writable,
        nargs="?",
        const=f"{HERE / 'plot.png'}",
        metavar="FILE",
        help="draw the answers as a PNG",
    )
    args = parser.parse_args(sys.argv[1:] if "__file__" in globals() else [])

    gc.disable()  # looking for garbage among all that Keras loads would take longer than the training,
    with quiet_tensorflow():
        model = train(args.epochs, args.seed)
        for (a, b), answer in zip(training_data, model.predict(training_data, verbose=0).flat, strict=True):
            print(f"{a:.0f} xor {b:.0f} = {answer:.4f}", flush=True)
        if args.plot:
            plot(args.plot, lambda points: model.predict(points, batch_size=len(points), verbose=0))
    gc.freeze()  # and once more at the end


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
