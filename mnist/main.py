# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""Handwritten digits: a convolutional network learns to read MNIST's.

The post's section "MNIST", which is empty there. The network has three convolutions (LeCun et al.
1998) with batch normalization (Ioffe and Szegedy 2015). Adam (Kingma and Ba 2015) trains it on
digits shifted by up to a pixel, at a learning rate that falls along a cosine (Loshchilov and Hutter
2017). predict.py reads your own handwriting with it.
"""

import argparse
import math
import sys
from pathlib import Path
from zipfile import BadZipFile

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def load_digits(path):
    """Returns x_train (n, 28, 28), y_train (n,), x_test and y_test of an .npz file."""
    with np.load(path) as arrays:
        return arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"]


def build_model():
    """Returns the untrained network: images (n, 28, 28) of 0-255 in, probabilities (n, 10) out."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Reshape((28, 28, 1)),  # one channel: gray
            layers.Rescaling(1 / 255),
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant"),  # only in training
            layers.Conv2D(16, 5),  # (24, 24, 16), since a square of 5 has 28 - 5 + 1 places
            layers.MaxPooling2D(),  # (12, 12, 16): before the next two, to spare them work
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(48, 3),  # (10, 10, 48)
            layers.MaxPooling2D(),  # (5, 5, 48)
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(64, 3),  # (3, 3, 64)
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),  # (576,)
            layers.Dense(10, activation="softmax"),  # ten probabilities
        ]
    )


def train(model, x, y, epochs=4, batch_size=128, verbose=2):
    """Fits the model to images x (n, 28, 28) and labels y (n,); the last twelfth is for validation.

    Returns the losses and accuracies of each epoch.
    """
    validation_split = 1 / 12
    steps = epochs * math.ceil(len(x) * (1 - validation_split) / batch_size)
    # The learning rate falls from 0.01 to 0: large steps find the way, small ones settle.
    learning_rate = keras.optimizers.schedules.CosineDecay(0.01, max(1, steps))
    model.compile(
        loss="sparse_categorical_crossentropy",  # the cross-entropy, for labels from 0 to 9
        # Adam divides its steps by the size of the last gradients: of about 1 / (1 - beta_2).
        optimizer=keras.optimizers.Adam(learning_rate, beta_2=0.95),
        metrics=["accuracy"],
    )
    # Validation can look better than training: its digits are not shifted, and it comes after an
    # epoch, over which the loss and the accuracy of training are averages.
    return model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=validation_split,
        verbose=verbose,
    ).history


def save(model, path):
    """Keeps the trained network in the file `path`, a pathlib.Path, whole or not at all."""
    unfinished = path.with_suffix(".unfinished.keras")
    model.save(unfinished)
    unfinished.replace(path)


def show_images(figure, rows, columns, images, titles):
    """Draws gray images on the figure, in a grid, each under its title, as many as it holds."""
    grid = figure.subplots(rows, columns)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, title in zip(grid.flat, images, titles):
        axes.imshow(image, cmap="gray_r")
        axes.set_title(title)


def plot(history, filters, x, y, answers):
    """Returns a figure of how the network learned, what it looks for, and what it misread.

    history is what train() returns, filters the weights of the first convolution (5, 5, 1, 16), and
    answers (n,) what the network read in the images x (n, 28, 28), whose labels are y (n,).
    """
    figure = plt.figure(figsize=(8, 11), layout="constrained")
    top, middle, bottom = figure.subfigures(3, height_ratios=(3, 2, 6))

    for axes, name in zip(top.subplots(1, 2), ("loss", "accuracy")):
        for key, label in (name, "training"), (f"val_{name}", "validation"):
            values = history.get(key, [])  # nothing after 0 epochs
            axes.plot(range(1, 1 + len(values)), values, "o-", label=label)
        axes.set(xlabel="epoch", ylabel=name)
        axes.locator_params(axis="x", integer=True)
        axes.legend()

    middle.suptitle("filters of the first convolution: the darker, the larger the weight")
    show_images(middle, 2, 8, np.moveaxis(filters[:, :, 0], -1, 0), 16 * [""])  # (16, 5, 5)

    misread = np.flatnonzero(answers != y)
    bottom.suptitle(f"the {len(misread)} misread digits, up to 50: label → answer")
    show_images(bottom, 5, 10, x[misread], [f"{y[i]} → {answers[i]}" for i in misread])
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(description="Train a network to read handwritten digits.")
    parser.add_argument("--epochs", type=int, default=4, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--batch-size", type=int, default=128, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: %(default)s")
    parser.add_argument("--data", type=Path, default=HERE / "mnist.npz", metavar="FILE.npz")
    parser.add_argument("--model", type=Path, default=HERE / "model.keras", metavar="FILE.keras")
    parser.add_argument(
        "--plot", nargs="?", const="plot.png", metavar="FILE", help="draw the result"
    )
    args = parser.parse_args(argv)
    if args.model.suffix != ".keras" or not args.model.parent.is_dir():
        parser.error(f"{args.model} is not a .keras file in a folder that exists")
    try:
        x_train, y_train, x_test, y_test = load_digits(args.data)
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        form = "an .npz file with x_train, y_train, x_test and y_test"
        parser.error(f"{error}; {args.data} must be {form}")

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    try:
        verbose = 1 if sys.stdout.isatty() else 2  # Keras's bar on a terminal, else lines
        history = train(model, x_train, y_train, args.epochs, args.batch_size, verbose)
    except KeyboardInterrupt:
        parser.exit(130, "interrupted; the network is not kept\n")
    save(model, args.model)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    answers = model.predict(x_test, verbose=0).argmax(axis=1)  # of ten, the most probable digit
    mistakes = (answers != y_test).sum()
    print(f"Test loss: {loss:.4f}")
    print(f"Test accuracy: {accuracy:.4f} ({mistakes} of {len(y_test):,} misread)")
    if args.plot:
        filters = model.get_weights()[0]  # of the first convolution
        plot(history, filters, x_test, y_test, answers).savefig(args.plot)


if __name__ == "__main__":
    main()
