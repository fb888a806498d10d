"""XOR, learned by a network of two layers whose backpropagation is written out by hand.

The post's section "XOR, With NumPy", based on "A Neural Network in 11 lines of Python"
(https://iamtrask.github.io/2015/07/12/basic-python-network/). The names are the post's: l1 and l2
are what the two layers put out, syn0 and syn1 ("synapses") the weights that lead to them.
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["matplotlib==3.11.2", "numpy==2.4.6"]
# ///

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

# the four inputs of XOR, and a third number that is always 1, so that its weight is simply added:
# such a weight is called a bias
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])  # (4, 3)

# the right answers in the same order
y = np.array([[0], [1], [1], [0]])  # (4, 1)


def sigmoid(x):
    """Squeezes any number into the range from 0 to 1."""
    return 1 / (1 + np.exp(-x))


def sigmoid_slope(s):
    """Returns how steep the sigmoid is where its output is s."""
    return s * (1 - s)


def forward(X, syn0, syn1):
    """Returns the outputs of the hidden layer, (n, hidden), and of the network, (n, 1).

    The shapes beside the lines are those of XOR's four rows and 8 hidden units.
    """
    l1 = sigmoid(X @ syn0)  # (4, 3) @ (3, 8) -> (4, 8)
    l2 = sigmoid(l1 @ syn1)  # (4, 8) @ (8, 1) -> (4, 1): how probable a 1 is
    return l1, l2


def cross_entropy(y, l2):
    """Returns the loss: minus the log of the probability of the right answer, averaged over rows.

    Sure and right (1.0) costs 0, a coin toss (0.5) costs 0.69, sure and wrong (0.01) costs 4.6.
    """
    right = np.where(y == 1, l2, 1 - l2)  # l2 is the probability of 1, so 1 - l2 is that of 0
    return -np.log(right).mean()


def backward(X, y, l1, l2, syn1):
    """Returns the gradients of the loss: for syn0, (3, hidden), and for syn1, (hidden, 1).

    A gradient says, for each weight, how much the loss grows with it: its slope. A delta says, for
    each unit, how much the loss grows with its sum: its error.
    """
    # how much the loss grows with l2, times how much l2 grows with its sum (the chain rule):
    # where y is 1, the loss is -log(l2):      (-1 / l2)      * (l2 * (1 - l2))  =  l2 - 1
    # where y is 0, the loss is -log(1 - l2):  (1 / (1 - l2)) * (l2 * (1 - l2))  =  l2 - 0
    # which is l2 - y in both cases
    l2_delta = (l2 - y) / len(y)  # (4, 1); a quarter, as the loss is the mean of four
    # syn1 hands that back: error of the answer * weight between * slope of the unit's own sigmoid
    l1_delta = (l2_delta @ syn1.T) * sigmoid_slope(l1)  # (4, 1) @ (1, 8) -> (4, 8)
    # slope of a weight: what goes in * error, and with .T, @ adds that up over the four rows
    syn0_gradient = X.T @ l1_delta  # (3, 4) @ (4, 8) -> (3, 8)
    syn1_gradient = l1.T @ l2_delta  # (8, 4) @ (4, 1) -> (8, 1)
    return syn0_gradient, syn1_gradient


def train(epochs=600, seed=1, hidden=8, learning_rate=4):
    """Returns the weights syn0, (3, hidden), and syn1, (hidden, 1), after gradient descent.

    With the post's 4 hidden units, some random starts don't learn XOR in 600 epochs. With 8, all of
    10,000 do (tests/README.md). The post adds up the slopes of the four rows, but the gradients
    here are their means, so the learning rate is 4 instead of the post's 1.
    """
    # random, since hidden units that start equal would get equal gradients and stay equal
    rng = np.random.default_rng(seed)
    syn0 = rng.uniform(-1, 1, (3, hidden))
    syn1 = rng.uniform(-1, 1, (hidden, 1))
    for epoch in range(epochs):
        # forward: what does the network say?
        l1, l2 = forward(X, syn0, syn1)
        # loss: how wrong is that? (Only to be printed: backward does without.)
        loss = cross_entropy(y, l2)
        # backward: how does the loss change with each weight?
        syn0_gradient, syn1_gradient = backward(X, y, l1, l2, syn1)
        # step: downhill
        syn0 -= learning_rate * syn0_gradient
        syn1 -= learning_rate * syn1_gradient
        if epoch % 60 == 0:
            print(f"Epoch {epoch}: loss {loss:.4f}")
    return syn0, syn1


# That was the network. What follows draws its answers and reads the options.


def plot(syn0, syn1):
    """Returns a figure of the network's output on the unit square and around it."""
    side = np.linspace(-0.2, 1.2, 141)
    first, second = np.meshgrid(side, side)
    points = np.column_stack([first.ravel(), second.ravel(), np.ones(first.size)])
    _, l2 = forward(points, syn0, syn1)
    figure, axes = plt.subplots(figsize=(5, 4), dpi=144, layout="constrained")
    levels = np.linspace(0, 1, 21)
    surface = axes.contourf(first, second, l2.reshape(first.shape), levels, cmap="RdBu_r")
    circle = {"boxstyle": "circle", "facecolor": "white"}
    for (a, b, _), target in zip(X, y.flat):
        axes.text(a, b, target, ha="center", va="center", bbox=circle)
    axes.set(title="XOR with NumPy", xlabel="first input, a", ylabel="second input, b")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Learn XOR with NumPy.", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=600, help="passes over the four rows")
    parser.add_argument("--seed", type=int, default=1, help="for the random weights")
    parser.add_argument("--hidden", type=int, default=8, help="hidden units")
    parser.add_argument("--learning-rate", type=float, default=4, help="how long the steps are")
    parser.add_argument("--plot", type=Path, nargs="?", const="xor-numpy.png", help="draw outputs")
    args = parser.parse_args(argv)
    if min(args.epochs, args.seed, args.hidden) < 0:
        parser.error("--epochs, --seed and --hidden must not be less than 0")
    if args.plot and (args.plot.suffix not in (".png", ".svg") or not args.plot.parent.is_dir()):
        parser.error(f"--plot {args.plot} must be a .png or .svg file in a folder that exists")

    syn0, syn1 = train(args.epochs, args.seed, args.hidden, args.learning_rate)
    _, l2 = forward(X, syn0, syn1)
    print(f"Epoch {args.epochs}: loss {cross_entropy(y, l2):.4f}")
    for (a, b, _), output in zip(X, l2.flat):
        print(f"{a} xor {b} = {output:.4f}")
    if args.plot:
        plot(syn0, syn1).savefig(args.plot)


if __name__ == "__main__":
    main()
