# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["matplotlib==3.11.2", "numpy==2.4.6"]
# ///
"""XOR, learned by a network of two layers whose backpropagation is written out by hand.

The post's section "XOR, With NumPy", after "A Neural Network in 11 lines of Python"
(https://iamtrask.github.io/2015/07/12/basic-python-network/), with the post's names. Two things differ,
and bring 60,000 iterations down to 600: the loss is the cross-entropy, whose gradient does not fade
where the network is sure but wrong, and the hidden layer has 8 units, so that no random start gets stuck.
"""

import argparse
import io
import os
import sys
import textwrap
from pathlib import Path

try:
    import numpy as np
except ImportError as error:
    sys.exit(f"main.py: error: {error}; set up first: make run, or one of the other ways in README.md")

HERE = Path(__file__).resolve().parent if "__file__" in globals() else Path()  # a notebook has no __file__

# The four inputs, each with a constant 1 that serves as the bias, and what XOR makes of them.
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(X, syn0, syn1):
    """Returns the outputs of the hidden layer, (n, 8), and of the network, (n, 1), for the inputs X, (n, 3)."""
    l1 = sigmoid(X @ syn0)
    l2 = sigmoid(l1 @ syn1)
    return l1, l2


def backward(l1, l2, syn1):
    """Returns how to change syn0, (3, 8), and syn1, (8, 1), to lower the cross-entropy summed over the four rows."""
    l2_delta = y - l2  # the slope of the sigmoid cancels against the one in the cross-entropy's derivative
    l1_delta = l2_delta @ syn1.T * (l1 * (1 - l1))
    return X.T @ l1_delta, l1.T @ l2_delta


def train(epochs=600, seed=1):
    """Learns from random weights by gradient descent with learning rate 1; returns the weights syn0 and syn1."""
    rng = np.random.default_rng(seed)
    syn0 = 2 * rng.random((3, 8)) - 1
    syn1 = 2 * rng.random((8, 1)) - 1
    for epoch in range(epochs):
        l1, l2 = forward(X, syn0, syn1)
        syn0_step, syn1_step = backward(l1, l2, syn1)
        syn0 += syn0_step
        syn1 += syn1_step
        if epoch % max(1, epochs // 10) == 0:
            print(f"Epoch {epoch}: error {np.abs(y - l2).mean():.4f}")
    return syn0, syn1


def plot(path, output):
    """Draws the function `output`, from points (n, 2) to answers (n, 1), around the unit square into the PNG `path`."""
    from matplotlib.figure import Figure

    side = np.linspace(-0.2, 1.2, 141)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure = Figure(figsize=(5, 4), dpi=144, layout="constrained")
    axes = figure.subplots()
    surface = axes.contourf(side, side, output(points).reshape(141, 141), np.linspace(0, 1, 21), cmap="RdBu_r")
    for (a, b, *_), label in zip(X, y.flat, strict=True):
        axes.text(a, b, label, ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"})
    axes.set(title="XOR, learned with NumPy", xlabel="first input", ylabel="second input", aspect="equal")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    picture = io.BytesIO()
    figure.savefig(picture)
    write(path, picture.getvalue())


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
    parser = argparse.ArgumentParser(description="Learns XOR with NumPy alone.", allow_abbrev=False)
    parser.error = fail
    parser.add_argument(
        "--epochs", type=whole_number, default=600, metavar="N", help="passes over the table (%(default)s)"
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

    syn0, syn1 = train(args.epochs, args.seed)
    _, l2 = forward(X, syn0, syn1)
    for (a, b, _), answer in zip(X, l2.flat, strict=True):
        print(f"{a} xor {b} = {answer:.4f}")
    sys.stdout.flush()
    if args.plot:
        plot(args.plot, lambda points: forward(np.insert(points, 2, 1, axis=1), syn0, syn1)[1])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except Exception as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where nothing can be printed, not to try again at the end
        if not isinstance(error, BrokenPipeError):  # the reader of `python main.py | head -1` has seen enough
            fail(error, 1)
