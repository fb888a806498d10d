"""Makes the pictures of the READMEs, but for the page's: `make plots`."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from helpers import ROOT, load

xor = load("xor-numpy")
xor.main(["--epochs", "0", "--plot", str(ROOT / "xor-numpy" / "before.png")])
xor.main(["--plot", str(ROOT / "xor-numpy" / "after.png")])

mnist, predict = load("mnist"), load("mnist", "predict")
HERE = ROOT / "mnist"
mnist.main(["--plot", str(HERE / "training.png")])
model = keras.saving.load_model(HERE / "model.keras")
*_, x, y = mnist.load_digits(HERE / "mnist.npz")
answers = model.predict(x).argmax(axis=1)


def show(name, rows, columns, digits, titles):
    """Draws test digits, given by their numbers, in a grid."""
    figure = plt.figure(figsize=(columns * 0.7, rows * 0.8), dpi=160, layout="constrained")
    mnist.show_images(figure, rows, columns, x[digits], titles, cmap="gray_r")
    figure.savefig(HERE / name)


two_of_each = [np.flatnonzero(y == digit)[i] for i in range(2) for digit in range(10)]
show("digits.png", 2, 10, two_of_each, 20 * [""])
misread = np.flatnonzero(answers != y)[:10]
show("misread.png", 2, 5, misread, [f"{y[i]} → {answers[i]}" for i in misread])

pictures = "154_876_932-15.jpg", "742_681_593-11.jpg"
paths = [ROOT / "tests" / "handwriting" / picture for picture in pictures]
readings = [predict.read(model, predict.load_picture(path)) for path in paths]
predict.plot(readings).savefig(HERE / "steps.png", dpi=160)
