"""Makes the pictures in xor-numpy, for `make plots`, over those that are there."""

from unittest.mock import patch

import matplotlib.pyplot as plt
import numpy as np
from helpers import ROOT, load

FOLDER = ROOT / "xor-numpy"
BOX, PAPER = {"boxstyle": "round", "facecolor": "white"}, {"color": "white", "pad": 1}
CIRCLE = {"boxstyle": "circle", "facecolor": "white"}


def plot_corners(xor):
    """Draws corners.png: the right answers."""
    figure, axes = plt.subplots(figsize=(2.2, 2.2), dpi=200, layout="constrained")
    for (a, b, _), target in zip(xor.X, xor.y.flat):
        axes.text(a, b, target, ha="center", va="center", bbox=CIRCLE)
    axes.set(xlabel="a", ylabel="b", xticks=[0, 1], yticks=[0, 1])
    axes.set(xlim=(-0.2, 1.2), ylim=(-0.2, 1.2), aspect="equal")
    figure.savefig(FOLDER / "corners.png")


def plot_units(xor, name, title, answer, lines):
    """Draws what xor-numpy's plot shows, for another function than its network.

    answer: takes points (n, 3) as xor.X has them. lines: where a is b on each unit's line.
    """
    with patch.object(xor, "forward", lambda points, *_: (None, answer(points))):
        figure = xor.plot(None, None)
    axes = figure.axes[0]
    axes.set_title(title)
    for unit, place in lines.items():
        axes.text(place, place, unit, ha="center", va="center", bbox=PAPER)
    figure.savefig(FOLDER / f"{name}.png")


def plot_by_hand(xor):
    """Draws one_unit.png and by_hand.png: the answers of units with the README's weights."""

    def either(points):
        return xor.sigmoid(points @ [20, 20, -10])

    def both(points):
        return xor.sigmoid(points @ [20, 20, -30])

    def answer(points):
        return xor.sigmoid(20 * either(points) - 20 * both(points) - 10)

    plot_units(xor, "one_unit", "one unit", either, {"OR": 0.25})
    plot_units(xor, "by_hand", "three units", answer, {"OR": 0.25, "AND": 0.75})


def plot_training(xor):
    """Draws training.png: the four answers after each epoch."""
    answers = [xor.forward(xor.X, *xor.train(epochs))[1].ravel() for epochs in range(121)]
    figure, axes = plt.subplots(figsize=(4, 2.5), dpi=200, layout="constrained")
    colors = "navy", "red", "orange", "deepskyblue"  # warm for 1, blue for 0
    for line, (a, b, _), color in zip(np.transpose(answers), xor.X, colors):
        axes.plot(line, color=color, label=f"{a} xor {b}")
    axes.set(xlabel="epochs", ylabel="answer", ylim=(0, 1))
    axes.legend()
    figure.savefig(FOLDER / "training.png")


# the next three show 0 xor 1 on its way through the untrained network: l1 (8,) and l2 (1,)


def plot_network(syn0, syn1, l1, l2):
    """Draws network.png: the way forward."""
    figure, network = plt.subplots(figsize=(3.6, 3), dpi=200, layout="constrained")
    inputs, units, answer = [6.5, 4, 1.5], np.arange(7, -1, -1), 3.5  # how high each one stands
    for unit in units:
        color = "C0" if unit == 0 else "0.85"  # the last unit is at the bottom
        network.plot([[0, 0, 0], [0.84, 0.84, 0.84]], [inputs, [unit, unit, unit]], color=color)
        network.plot([1.16, 2], [unit, answer], color=color)
    weights = [f"{weight:.3f}" for weight in (*syn0[:, -1], *syn1[-1])]
    for x, y, text in zip([0.36, 0.36, 0.36, 1.6], [3.7, 2.3, 0.86, 1.85], weights):
        network.text(x, y, text, color="C0", ha="center", va="center", bbox=PAPER)
    texts = ["a = 0", "b = 1", "1", *(f"{output:.3f}" for output in (*l1, *l2))]
    for x, y, text in zip([0] * 3 + [1] * 8 + [2], [*inputs, *units, answer], texts):
        network.text(x, y, text, ha="center", va="center", bbox=BOX)
    for x, name in enumerate(("X", "syn0", "l1", "syn1", "l2")):
        network.text(x / 2, 8, name, ha="center", family="monospace")
    network.set(ylim=(-0.5, 8.5))
    network.axis("off")
    figure.savefig(FOLDER / "network.png")


def plot_sigmoid(xor, syn0, syn1, l1, l2):
    """Draws sigmoid.png: what the sigmoid makes of the last hidden unit's sum, and the answer's."""
    figure, curve = plt.subplots(figsize=(3, 2.5), dpi=200, layout="constrained")
    x = np.linspace(-5, 7)
    curve.plot(x, xor.sigmoid(x), color="0.5")
    for z, output in (xor.X[1] @ syn0[:, -1], l1[-1]), ((l1 @ syn1)[0], l2[0]):
        curve.plot(z, output, "o", color="C0")
        curve.text(z + 0.4, output - 0.08, f"{z:.3f} → {output:.3f}")
    curve.set(
        title="sigmoid", xlabel="sum", ylabel="output", xticks=[-5, 0, 5], xlim=(-5, 7), ylim=(0, 1)
    )
    figure.savefig(FOLDER / "sigmoid.png")


def plot_backward(xor, syn0, syn1, l1, l2):
    """Draws backward.png: the way back along the blue lines of network.png."""
    unit, answer, weight = l1[-1], l2[0], syn1[-1, 0]
    error, slope = answer - 1, xor.sigmoid_slope(unit)
    hidden = error * weight * slope
    figure, axes = plt.subplots(figsize=(4.6, 1.5), dpi=200, layout="constrained")
    for x, text in enumerate(("b = 1", f"{unit:.3f}", f"{answer:.3f}")):
        axes.text(x, 1, text, ha="center", va="center", bbox=BOX)
    for x, text in (0.5, syn0[1, -1]), (1.5, weight):
        axes.plot([x - 0.5, x + 0.5], [1, 1], color="C0", zorder=0)
        axes.text(x, 1, f"{text:.3f}", color="C0", ha="center", va="center", bbox=PAPER)
    for x, text in (0.5, f"1 · {hidden:.3f}"), (1.5, f"{unit:.3f} · ({error:.3f})"):
        axes.text(x, 1.25, f"slope: {text}", ha="center")
    for x, text in (1, hidden), (2, error):
        axes.text(x, 0.35, f"error\n{text:.3f}", color="C3", ha="center", va="center")
    axes.annotate("", (1.2, 0.35), (1.8, 0.35), arrowprops={"arrowstyle": "->", "color": "C3"})
    product = f"{error:.3f} · ({weight:.3f}) · {slope:.3f} = {hidden:.3f}"
    axes.text(1.5, 0, product, color="C3", ha="center", va="center")
    axes.set(xlim=(-0.15, 2.25), ylim=(-0.15, 1.55))
    axes.axis("off")
    figure.savefig(FOLDER / "backward.png")


def plot_valley(xor, syn0, syn1):
    """Draws valley.png: the loss after the first step, for learning rates from 0 to 5."""
    syn0_gradient, syn1_gradient = xor.backward(xor.X, xor.y, *xor.forward(xor.X, syn0, syn1), syn1)

    def loss(rate):
        _, l2 = xor.forward(xor.X, syn0 - rate * syn0_gradient, syn1 - rate * syn1_gradient)
        return xor.cross_entropy(xor.y, l2)

    figure, axes = plt.subplots(figsize=(4, 2.5), dpi=200, layout="constrained")
    rates = np.linspace(0, 5)
    axes.plot(rates, [loss(rate) for rate in rates], color="0.5")
    for rate in 0, 2, 4:
        axes.plot(rate, loss(rate), "o", color="C0")
        axes.text(rate, loss(rate) + 0.0006, f"{loss(rate):.4f}", ha="center", bbox=PAPER)
    axes.set(xlabel="learning rate", ylabel="loss after one step", xlim=(-0.5, 5))
    figure.savefig(FOLDER / "valley.png")


def main():
    xor = load("xor-numpy")
    for name, epochs in ("before", 0), ("after", 600):
        figure = xor.plot(*xor.train(epochs))
        figure.axes[0].set_title(f"{name} the training")
        figure.savefig(FOLDER / f"{name}.png")
    plot_corners(xor)
    plot_by_hand(xor)
    syn0, syn1 = xor.train(epochs=0)
    plot_valley(xor, syn0, syn1)
    l1, l2 = (outputs[1] for outputs in xor.forward(xor.X, syn0, syn1))  # of 0 xor 1
    plot_network(syn0, syn1, l1, l2)
    plot_sigmoid(xor, syn0, syn1, l1, l2)
    plot_backward(xor, syn0, syn1, l1, l2)
    plot_training(xor)


if __name__ == "__main__":
    main()
