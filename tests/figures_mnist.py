"""Makes the pictures in mnist but page.png, for `make plots`, over those that are there.

Needs nothing but the programs and tests/handwriting. Trains a network, in a minute, as a reader
does, and leaves the reader's own as it is.
"""

import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from helpers import ROOT, load
from scipy.signal import correlate2d
from skimage.color import label2rgb

FOLDER = ROOT / "mnist"
PHOTO = ROOT / "tests" / "handwriting" / "742_681_593-11.jpg"


def plot_digits(mnist, name, columns, digits, titles):
    """Draws two rows of images from MNIST under their titles."""
    figure = plt.figure(figsize=(columns * 0.7, 1.6), dpi=240, layout="constrained")
    mnist.show_images(figure, 2, columns, digits, titles, cmap="gray_r")
    figure.savefig(FOLDER / name)


def plot_convolution(image):
    """Draws mnist/convolution.png: a filter at one place of a digit, and its sums at all places."""
    weights = np.tile([-1, 0, 1], (3, 1))
    sums = correlate2d(image.astype(int), weights, mode="valid")
    top, left = 22, 10  # of the place
    pixels = image[top : top + 3, left : left + 3]
    figure, grid = plt.subplots(2, 2, figsize=(5, 5), dpi=160, layout="constrained")
    (digit, patch), (kernel, result) = grid
    digit.imshow(image, cmap="gray_r")
    digit.add_patch(plt.Rectangle((left - 0.5, top - 0.5), 3, 3, fill=False, color="C1", lw=2))
    patch.imshow(pixels, cmap="gray_r", vmin=0, vmax=255)
    for axes, numbers in (patch, pixels), (kernel, weights):
        for (y, x), number in np.ndenumerate(numbers):
            color = "white" if number > 127 else "black"
            axes.text(x, y, number, ha="center", va="center", size=13, color=color)
    kernel.imshow(weights, cmap="RdBu_r", vmin=-3, vmax=3)
    result.imshow(sums, cmap="RdBu_r", vmin=-765, vmax=765)
    result.add_patch(plt.Rectangle((left - 0.5, top - 0.5), 1, 1, fill=False, color="C1", lw=2))
    sum_here = f"a filter: the sum is {sums[top, left]}"
    titles = "a digit", "pixels in the square", sum_here, "sums at all places"
    for axes, title in zip(grid.flat, titles):
        axes.set(xticks=[], yticks=[], title=title)
    figure.savefig(FOLDER / "convolution.png")


def plot_layers(model, image):
    """Draws mnist/layers.png: a digit on its way (README.md says what the first filter finds)."""
    first = model.get_layer("first_convolution")
    relus = [layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)]
    way = keras.Model(model.inputs, [layer.output for layer in (first, *relus, model.layers[-1])])
    *stages, [probabilities] = way.predict(image[np.newaxis])
    # of each convolution, the filter that varies most after its ReLU
    strongest = [outputs.std(axis=(0, 1, 2)).argmax() for outputs in stages[1:]]
    figure, grid = plt.subplots(2, 3, figsize=(5, 3.7), dpi=160, layout="constrained")
    digit, *maps, bars = grid.flat
    digit.imshow(image, cmap="gray_r")
    digit.set_title("a digit\n(28, 28)")
    titles = "first Conv2D", "first ReLU", "second ReLU", "third ReLU"
    for axes, [outputs], i, title in zip(maps, stages, strongest[:1] + strongest, titles):
        largest = abs(outputs[:, :, i]).max()
        axes.imshow(outputs[:, :, i], cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set_title(f"{title}\n{outputs.shape}")
    for axes in (digit, *maps):
        axes.set(xticks=[], yticks=[])
    bars.bar(range(10), probabilities)
    bars.set(title="softmax\n(10,)", xticks=range(10), yticks=[0, 1])
    figure.savefig(FOLDER / "layers.png")


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
        "redraw": (page.seen(), "gray"),
    }
    figure, grid = plt.subplots(2, 3, figsize=(6, 4.2), dpi=160, layout="constrained")
    for axes, (title, (image, colors)) in zip(grid.flat, panels.items()):
        axes.imshow(image, cmap=colors)
        axes.set(xticks=[], yticks=[], title=title)
    figure.savefig(FOLDER / "finding.png")


def main():
    mnist, predict = load("mnist"), load("mnist", "predict")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        mnist.main(["--model", str(path), "--plot", str(FOLDER / "training.png")])
        model = predict.load_model(path)

    *_, x, y = mnist.load_digits(FOLDER / "mnist.npz")
    two_of_each = [np.flatnonzero(y == digit)[i] for i in range(2) for digit in range(10)]
    plot_digits(mnist, "digits.png", 10, x[two_of_each], 20 * [""])
    plot_convolution(x[0])
    plot_layers(model, x[0])

    answers = model.predict(x).argmax(axis=1)
    misread = np.flatnonzero(answers != y)[:10]
    titles = [f"{y[i]} → {answers[i]}" for i in misread]
    plot_digits(mnist, "misread.png", 5, x[misread], titles)

    reading = predict.read(model, predict.find_digits.load_picture(PHOTO))
    predict.plot(reading).savefig(FOLDER / "steps.png", dpi=160)
    plot_finding(predict.find_digits, reading)


if __name__ == "__main__":
    main()
