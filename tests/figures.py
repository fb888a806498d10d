"""Makes the READMEs' pictures but mnist/page.png, for `make plots`, over those that are there.

Needs nothing but the programs and tests/handwriting. Trains mnist's network anew, in a minute:
that network replaces mnist/model.keras.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from helpers import ROOT, load
from scipy.signal import correlate2d
from skimage.color import label2rgb

MNIST = ROOT / "mnist"
PHOTO = ROOT / "tests" / "handwriting" / "742_681_593-11.jpg"


def plot_xor():
    """Draws xor-numpy/before.png, after.png, and training.png: the answers after each epoch."""
    xor, folder = load("xor-numpy"), ROOT / "xor-numpy"
    xor.main(["--epochs", "0", "--plot", str(folder / "before.png")])
    xor.main(["--plot", str(folder / "after.png")])
    answers = [xor.forward(xor.X, *xor.train(epochs))[1].ravel() for epochs in range(121)]
    figure, axes = plt.subplots(figsize=(5, 2.5), dpi=160, layout="constrained")
    axes.plot(answers, label=[f"{a} xor {b}" for a, b, _ in xor.X])
    axes.set(xlabel="epochs", ylabel="answer", ylim=(0, 1))
    axes.legend()
    figure.savefig(folder / "training.png")


def plot_digits(mnist, name, columns, digits, titles):
    """Draws two rows of images from MNIST under their titles."""
    figure = plt.figure(figsize=(columns * 0.7, 1.6), dpi=160, layout="constrained")
    mnist.show_images(figure, 2, columns, digits, titles, cmap="gray_r")
    figure.savefig(MNIST / name)


def plot_convolution(image, kernels):
    """Draws mnist/convolution.png: a digit, a filter of kernels (5, 5, 1, 16), and its sums."""
    left, right = kernels[:, :2, 0].sum(axis=(0, 1)), kernels[:, 3:, 0].sum(axis=(0, 1))
    kernel = kernels[:, :, 0, abs(left - right).argmax()]  # the one that most finds edges
    sums = correlate2d(image, kernel, mode="valid")
    figure, panels = plt.subplots(1, 3, figsize=(6, 2.3), dpi=160, layout="constrained")
    panels[0].imshow(image, cmap="gray_r")
    for axes, numbers in (panels[1], kernel), (panels[2], sums):
        largest = abs(numbers).max()
        axes.imshow(numbers, cmap="RdBu_r", vmin=-largest, vmax=largest)
    for axes, title in zip(panels, ("a digit, 28 by 28", "a filter, 5 by 5", "its sums, 24 by 24")):
        axes.set(xticks=[], yticks=[], title=title)
    figure.savefig(MNIST / "convolution.png")


def plot_mnist():
    """Draws what is in mnist but page.png."""
    mnist, predict = load("mnist"), load("mnist", "predict")
    mnist.main(["--plot", str(MNIST / "training.png")])

    *_, x, y = mnist.load_digits(MNIST / "mnist.npz")
    two_of_each = [np.flatnonzero(y == digit)[i] for i in range(2) for digit in range(10)]
    plot_digits(mnist, "digits.png", 10, x[two_of_each], 20 * [""])

    model = keras.saving.load_model(MNIST / "model.keras")
    plot_convolution(x[0], model.get_layer("first_convolution").kernel.numpy())
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
