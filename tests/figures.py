"""Makes the READMEs' pictures but mnist/page.png, for `make plots`, over those that are there.

Needs nothing but the programs and tests/handwriting. Trains mnist's network anew, in a minute, as
a reader does, and leaves the reader's own as it is.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from helpers import ROOT, load
from scipy.signal import correlate2d
from skimage.color import label2rgb

MNIST = ROOT / "mnist"
BOX, PAPER = {"boxstyle": "round", "facecolor": "white"}, {"color": "white", "pad": 1}
PHOTO = ROOT / "tests" / "handwriting" / "742_681_593-11.jpg"


def plot_xor():
    """Draws the pictures in xor-numpy."""
    xor, folder = load("xor-numpy"), ROOT / "xor-numpy"
    # the README's A and B, and a unit that is always 1, whose weight is the last unit's -10
    by_hand = np.array([[20, 20, 0], [20, 20, 0], [-10, -30, 20]]), np.array([[20], [-20], [-10]])
    figure = xor.plot(*by_hand)
    figure.axes[0].set_title("XOR by hand")
    for name, place in {"A": 0.25, "B": 0.75}.items():  # on the lines where they are one half
        figure.axes[0].text(place, place, name, ha="center", va="center", bbox=PAPER)
    for a, b, _ in xor.X:
        values = f"A is {a | b}, B is {a & b}"
        figure.axes[0].text(a, b - 0.14, values, ha="center", color="white")
    figure.savefig(folder / "by_hand.png")
    xor.main(["--epochs", "0", "--plot", str(folder / "before.png")])
    xor.main(["--plot", str(folder / "after.png")])
    plot_network(xor).savefig(folder / "network.png")
    plot_backward(xor).savefig(folder / "backward.png")
    answers = [xor.forward(xor.X, *xor.train(epochs))[1].ravel() for epochs in range(121)]
    figure, axes = plt.subplots(figsize=(5, 2.5), dpi=160, layout="constrained")
    colors = "royalblue", "red", "darkred", "navy"  # red for 1, blue for 0, as in the others
    for line, (a, b, _), color in zip(np.transpose(answers), xor.X, colors):
        axes.plot(line, color=color, label=f"{a} xor {b}")
    axes.set(xlabel="epochs", ylabel="answer", ylim=(0, 1))
    axes.legend()
    figure.savefig(folder / "training.png")


def plot_network(xor):
    """Returns a figure of 0 xor 1 on its way through the untrained network, and of two sigmoids."""
    syn0, syn1 = xor.train(epochs=0)
    l1, l2 = (outputs[1] for outputs in xor.forward(xor.X, syn0, syn1))
    figure, (network, curve) = plt.subplots(
        1, 2, figsize=(6, 3), dpi=160, width_ratios=(3, 2), layout="constrained"
    )
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
    x = np.linspace(-5, 7)
    curve.plot(x, xor.sigmoid(x), color="0.5")
    for z, output in (xor.X[1] @ syn0[:, -1], l1[-1]), ((l1 @ syn1)[0], l2[0]):
        curve.plot(z, output, "o", color="C0")
        curve.text(z + 0.4, output - 0.08, f"{z:.3f} → {output:.3f}")
    curve.set(title="sigmoid", xlabel="sum", xticks=[-5, 0, 5], xlim=(-5, 7), ylim=(0, 1))
    return figure


def plot_backward(xor):
    """Returns a figure of the way back, along the blue lines of the other one."""
    syn0, syn1 = xor.train(epochs=0)
    l1, l2 = (outputs[1] for outputs in xor.forward(xor.X, syn0, syn1))
    unit, answer, weight = l1[-1], l2[0], syn1[-1, 0]
    error, slope = answer - 1, unit * (1 - unit)
    hidden = error * weight * slope
    figure, axes = plt.subplots(figsize=(4.6, 1.8), dpi=200, layout="constrained")
    for x, text in enumerate(("b = 1", f"{unit:.3f}", f"{answer:.3f}")):
        axes.text(x, 1, text, ha="center", va="center", bbox=BOX)
    for x, text in (0.5, syn0[1, -1]), (1.5, weight):
        axes.plot([x - 0.5, x + 0.5], [1, 1], color="C0", zorder=0)
        axes.text(x, 1, f"{text:.3f}", color="C0", ha="center", va="center", bbox=PAPER)
    for x, text in (0.5, f"1 · {hidden:.3f}"), (1.5, f"{unit:.3f} · {error:.3f}"):
        axes.text(x, 1.6, f"slope {text}", ha="center", va="center")
    for x, text in (1, hidden), (2, error):
        axes.text(x, 0, f"error {text:.3f}", color="C3", ha="center", va="center")
    axes.annotate("", (1.36, 0), (1.64, 0), arrowprops={"arrowstyle": "->", "color": "C3"})
    factors = f"· {weight:.3f} (weight)\n· {slope:.3f} (sigmoid's slope)"
    axes.text(1.5, 0.15, factors, color="C3", ha="center")
    axes.set(xlim=(-0.15, 2.35), ylim=(-0.3, 1.9))
    axes.axis("off")
    return figure


def plot_digits(mnist, name, columns, digits, titles):
    """Draws two rows of images from MNIST under their titles."""
    figure = plt.figure(figsize=(columns * 0.7, 1.6), dpi=160, layout="constrained")
    mnist.show_images(figure, 2, columns, digits, titles, cmap="gray_r")
    figure.savefig(MNIST / name)


def plot_convolution(image):
    """Draws mnist/convolution.png: a digit, and its sums with the README's filter."""
    sums = correlate2d(image.astype(float), [[-1, 0, 1]], mode="valid")
    figure, (left, right) = plt.subplots(1, 2, figsize=(5, 2.6), dpi=160, layout="constrained")
    left.imshow(image, cmap="gray_r")
    right.imshow(sums, cmap="RdBu_r", vmin=-255, vmax=255)
    left.set(xticks=[], yticks=[], title="a digit")
    right.set(xticks=[], yticks=[], title="its sums with -1 0 1")
    figure.savefig(MNIST / "convolution.png")


def plot_mnist():
    """Draws what is in mnist but page.png."""
    mnist, predict = load("mnist"), load("mnist", "predict")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        mnist.main(["--model", str(path), "--plot", str(MNIST / "training.png")])
        model = predict.load_model(path)

    *_, x, y = mnist.load_digits(MNIST / "mnist.npz")
    two_of_each = [np.flatnonzero(y == digit)[i] for i in range(2) for digit in range(10)]
    plot_digits(mnist, "digits.png", 10, x[two_of_each], 20 * [""])

    plot_convolution(x[0])

    answers = model.predict(x).argmax(axis=1)
    misread = np.flatnonzero(answers != y)[:10]
    titles = [f"{y[i]} → {answers[i]}" for i in misread]
    plot_digits(mnist, "misread.png", 5, x[misread], titles)

    reading = predict.read(model, predict.find_digits.load_picture(PHOTO))
    predict.plot([reading]).savefig(MNIST / "steps.png", dpi=160)
    plot_finding(predict.find_digits, reading)


def plot_finding(find_digits, reading):
    """Draws mnist/finding.png: the picture of a Reading after each step of find_digits.py."""
    page = reading.page
    lines = find_digits.find_lines(page.ink) | find_digits.find_lines(page.ink.T).T
    labels = find_digits.label_digits(page.ink & ~lines)
    panels = {
        "load_picture": (page.picture, "gray"),
        "measure_darkness": (find_digits.measure_darkness(page.picture), "gray_r"),
        "Otsu's threshold": (page.ink, "gray_r"),
        "find_lines": (lines, "gray_r"),
        "label_digits": (label2rgb(labels, bg_label=0, bg_color="white"), None),
        "redraw": (reading.seen(), "gray"),
    }
    figure, grid = plt.subplots(2, 3, figsize=(6, 4.2), dpi=160, layout="constrained")
    for axes, (title, (image, colors)) in zip(grid.flat, panels.items()):
        axes.imshow(image, cmap=colors)
        axes.set(xticks=[], yticks=[], title=title)
    figure.savefig(MNIST / "finding.png")


def main():
    plot_xor()
    plot_mnist()


if __name__ == "__main__":
    main()
