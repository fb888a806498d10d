# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["matplotlib==3.11.2", "numpy==2.4.6"]
# ///
"""XOR, learned by a network of two layers whose backpropagation is written out by hand.

The post's section "XOR, With NumPy", based on "A Neural Network in 11 lines of Python"
(https://iamtrask.github.io/2015/07/12/basic-python-network/). The names are the post's: l1 and l2
are what the two layers put out, syn0 and syn1 ("synapses") the weights that lead to them.
"""

import argparse

import numpy as np

# The four inputs of XOR and the right answers. The constant 1 of each input is for the biases of
# the hidden units: its weights are added whatever the other two are.
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])


def sigmoid(x):
    """Squeezes any number into the range from 0 to 1."""
    return 1 / (1 + np.exp(-x))


def forward(X, syn0, syn1):
    """Returns the hidden layer's outputs, (n, hidden), and the network's, (n, 1), for X, (n, 3)."""
    l1 = sigmoid(X @ syn0)
    l2 = sigmoid(l1 @ syn1)
    return l1, l2


def cross_entropy(y, l2):
    """Returns the loss: minus the log of the probability of the right answer, summed over rows.

    l2 is the probability that the answer is 1.
    """
    return -np.log(np.where(y == 1, l2, 1 - l2)).sum()


def backward(X, y, l1, l2, syn1):
    """Returns the gradients of the cross-entropy: of syn0, (3, hidden), and of syn1, (hidden, 1).

    It goes back from the loss by the chain rule. A delta is the slope of the loss with respect to
    the sum that goes into a sigmoid.
    """
    # The slope of the loss, -1 / l2 where y is 1 and 1 / (1 - l2) where it is 0, times that of the
    # sigmoid, l2 * (1 - l2): both cases come to l2 - y. (The post keeps the factor l2 * (1 - l2),
    # and adds steps of y - l2.)
    l2_delta = l2 - y
    # `@ syn1.T` passes the error back to the hidden units, to each by its weight; there it meets
    # the sigmoid's slope again.
    l1_delta = (l2_delta @ syn1.T) * l1 * (1 - l1)
    # A weight's gradient is its input times its delta, summed over the rows.
    return X.T @ l1_delta, l1.T @ l2_delta


def train(epochs=600, seed=1, hidden=8, learning_rate=1):
    """Returns the weights syn0, (3, hidden), and syn1, (hidden, 1), after gradient descent.

    With the post's 4 hidden units some random starts get stuck; with 8, none of the 10,000 that
    `make bench` tries.
    """
    # The weights start at random: hidden units that start equal would get equal gradients for ever.
    rng = np.random.default_rng(seed)
    syn0 = rng.uniform(-1, 1, (3, hidden))
    syn1 = rng.uniform(-1, 1, (hidden, 1))
    for epoch in range(epochs):
        l1, l2 = forward(X, syn0, syn1)
        if epoch % 60 == 0:
            print(f"Epoch {epoch}: loss {cross_entropy(y, l2):.4f}")
        syn0_gradient, syn1_gradient = backward(X, y, l1, l2, syn1)
        syn0 -= learning_rate * syn0_gradient
        syn1 -= learning_rate * syn1_gradient
    return syn0, syn1


def plot(syn0, syn1):
    """Returns a figure of the network's output on the unit square and around it."""
    import matplotlib.pyplot as plt  # here, since without --plot there is no need to wait for it

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
    axes.set(title="XOR, learned with NumPy", xlabel="first input", ylabel="second input")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(description="Learn XOR with NumPy alone.")
    parser.add_argument("--epochs", type=int, default=600, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: %(default)s")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw outputs")
    args = parser.parse_args(argv)

    syn0, syn1 = train(args.epochs, args.seed)
    _, l2 = forward(X, syn0, syn1)
    print(f"Epoch {args.epochs}: loss {cross_entropy(y, l2):.4f}")
    for (a, b, _), output in zip(X, l2.flat):
        print(f"{a} xor {b} = {output:.4f}")
    if args.plot:
        plot(syn0, syn1).savefig(args.plot)


if __name__ == "__main__":
    main()
