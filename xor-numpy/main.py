# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["matplotlib==3.11.2", "numpy==2.4.6"]
# ///
"""XOR, learned by a network of two layers whose backpropagation is written out by hand.

The post's section "XOR, With NumPy", based on "A Neural Network in 11 lines of Python"
(https://iamtrask.github.io/2015/07/12/basic-python-network/), with the names of the post.
"""

import argparse
import sys

import numpy as np

# The four inputs, each with a constant 1 whose weights serve as the bias, and the XOR of each.
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(X, syn0, syn1):
    """Returns the outputs of the hidden layer, (n, hidden), and of the network, (n, 1), for the inputs X, (n, 3)."""
    l1 = sigmoid(X @ syn0)
    l2 = sigmoid(l1 @ syn1)
    return l1, l2


def cross_entropy(y, l2):
    """Returns the loss: minus the logarithm of the probability that l2 gives to the right answer, summed over rows."""
    return -np.log(np.where(y == 1, l2, 1 - l2)).sum()


def backward(X, y, l1, l2, syn1):
    """Returns the steps for syn0, (3, hidden), and syn1, (hidden, 1): minus the gradients of the cross-entropy."""
    l2_delta = y - l2  # the post's (y - l2)*(l2*(1-l2)), for the squared error, vanishes where l2 is sure but wrong
    l1_delta = l2_delta @ syn1.T * (l1 * (1 - l1))
    return X.T @ l1_delta, l1.T @ l2_delta


def train(epochs=600, seed=1, hidden=8):
    """Returns the weights syn0, (3, hidden), and syn1, (hidden, 1), after gradient descent with learning rate 1.

    With the post's 4 hidden units some random starts get stuck; with 8, none of the 10,000 that `make bench` tries.
    """
    rng = np.random.default_rng(seed)
    syn0 = 2 * rng.random((3, hidden)) - 1
    syn1 = 2 * rng.random((hidden, 1)) - 1
    for epoch in range(epochs):
        l1, l2 = forward(X, syn0, syn1)
        if epoch % max(1, epochs // 10) == 0:  # about ten times
            print(f"Epoch {epoch}: loss {cross_entropy(y, l2):.4f}")
        syn0_step, syn1_step = backward(X, y, l1, l2, syn1)
        syn0 += syn0_step
        syn1 += syn1_step
    return syn0, syn1


def plot(output):
    """Returns a figure of the answers `output(points)`, from (n, 2) to (n, 1), on the unit square and around it."""
    import matplotlib.pyplot as plt  # here, since without --plot there is no need to wait for it

    side = np.linspace(-0.2, 1.2, 141)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(figsize=(5, 4), dpi=144, layout="constrained")
    surface = axes.contourf(side, side, output(points).reshape(141, 141), np.linspace(0, 1, 21), cmap="RdBu_r")
    for (a, b, _), answer in zip(X, y.flat, strict=True):
        axes.text(a, b, answer, ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"})
    axes.set(title="XOR, learned with NumPy", xlabel="first input", ylabel="second input", aspect="equal")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=()):
    parser = argparse.ArgumentParser(description="Learn XOR with NumPy alone.")
    parser.add_argument("--epochs", type=int, default=600, metavar="N", help="passes over the table (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the random weights (%(default)s)")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw the answers (%(const)s)")
    args = parser.parse_args(argv)

    syn0, syn1 = train(args.epochs, args.seed)
    _, l2 = forward(X, syn0, syn1)
    for (a, b, _), answer in zip(X, l2.flat, strict=True):
        print(f"{a} xor {b} = {answer:.4f}")

    if args.plot:
        try:
            plot(lambda points: forward(np.insert(points, 2, 1, axis=1), syn0, syn1)[1]).savefig(args.plot)
        except OSError as error:
            parser.error(error)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
