"""Handwritten digits: a convolutional network learns to read MNIST's.

The post's section "MNIST", which is empty there. The network is trained on 55,000 digits, checked
on 5,000 others after each epoch, tested once on 10,000 more, and saved for predict.py. All that
matters is in build_model and train. The rest draws, reads the options and checks the digits.
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///

import argparse
import math
import os
import sys
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def build_model():
    """Returns the untrained network: (n, 28, 28) images of 0-255 -> (n, 10) probabilities.

    Beside each layer stands the shape that it gives a digit: height, width, numbers at each place.
    (Convolutions for digits: LeCun et al. 1989; batch normalization: Ioffe and Szegedy 2015.)
    """
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Reshape((28, 28, 1)),  # (28, 28, 1): gray is one number at each place
            layers.Rescaling(1 / 255),  # from 0-255 to 0-1
            # only in training: moves each digit by up to a pixel; the margin becomes 0, as paper is
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant"),
            # first round: 16 filters of 5 * 5 weights, each laid on 24 * 24 places (28 - 5 + 1)
            layers.Conv2D(16, 5, name="first_convolution"),  # (24, 24, 16)
            # keeps the largest of each 2 * 2; could come after ReLU as well, but this is less work
            layers.MaxPooling2D(),  # (12, 12, 16)
            # brings each filter's numbers, over a batch, to mean 0 and standard deviation 1
            layers.BatchNormalization(),
            # max(x, 0): without such a bend, several layers of sums could do no more than one
            layers.ReLU(),
            # second round: patterns of patterns, so each filter has 3 * 3 * 16 weights
            layers.Conv2D(48, 3),  # (10, 10, 48)
            layers.MaxPooling2D(),  # (5, 5, 48)
            layers.BatchNormalization(),
            layers.ReLU(),
            # third round, without pooling: 3 * 3 places are few enough
            layers.Conv2D(64, 3),  # (3, 3, 64)
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),  # (576,)
            # ten probabilities: softmax makes ten sums positive, and makes them add up to 1
            layers.Dense(10, activation="softmax"),
        ]
    )


def train(model, x, y, epochs=4, batch_size=128, verbose=2):
    """Fits the model to images x (n, 28, 28) and labels y (n,).

    The last twelfth of them is held out for validation. Returns the losses and accuracies of each
    epoch, as a dict of lists. (Adam: Kingma and Ba 2015; the falling learning rate: Loshchilov and
    Hutter 2017.)
    """
    held_out = len(x) // 12  # 5,000 of MNIST's 60,000
    x_train, y_train = x[:-held_out], y[:-held_out]
    x_validation, y_validation = x[-held_out:], y[-held_out:]
    # the learning rate falls as a cosine does, from 0.01 to 0.005 after half of the steps and to 0
    # after all of them: large steps find the way, small ones settle
    steps = max(1, epochs * math.ceil(len(x_train) / batch_size))  # 1 even if there are no epochs
    learning_rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
    model.compile(
        loss="sparse_categorical_crossentropy",  # sparse: a label is 3, not 0 0 0 1 0 0 0 0 0 0
        optimizer=keras.optimizers.Adam(learning_rate),
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_validation, y_validation),
        verbose=verbose,
    )
    return history.history


# That was the network. What follows runs it, draws, reads the options and checks the digits.


def main(argv=None):
    args = parse_arguments(argv)
    try:
        x_train, y_train, x_test, y_test = load_digits(args.data)
    except Exception as error:  # broken files raise a dozen types
        sys.exit(f"{args.data}: {error}")
    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    verbose = 1 if sys.stdout.isatty() else 2  # Keras's bar on a terminal, else a line an epoch
    history = train(model, x_train, y_train, args.epochs, args.batch_size, verbose)
    model.save(args.model)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    answers = model.predict(x_test, verbose=0).argmax(axis=1)  # the most probable digit of the ten
    misread = (answers != y_test).sum()
    print(f"Test loss: {loss:.4f}")
    print(f"Test accuracy: {accuracy:.4f} ({misread} of {len(y_test):,} misread)")
    command = f'python "{HERE / "predict.py"}" --model "{args.model}" PICTURE'
    print(f"The network is saved. To read your own handwriting: {command}")
    if args.plot:
        filters = model.get_layer("first_convolution").kernel.numpy()
        plot(history, filters, x_test, y_test, answers).savefig(args.plot)


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

    middle.suptitle("filters of the first convolution: red adds, blue subtracts, white ignores")
    images = np.moveaxis(filters[:, :, 0], -1, 0)  # (5, 5, 16) -> (16, 5, 5)
    largest = abs(filters).max()
    colors = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}  # the same scale for all
    show_images(middle, 2, 8, images, len(images) * [""], **colors)

    misread = np.flatnonzero(answers != y)
    shown = misread[:50]
    bottom.suptitle(f"{len(shown)} of the {len(misread)} misread digits: label → answer")
    titles = [f"{y[i]} → {answers[i]}" for i in shown]
    show_images(bottom, 5, 10, x[shown], titles, cmap="gray_r")
    return figure


def show_images(figure, rows, columns, images, titles, **colors):
    """Draws images on the figure, in a grid, each under its title, as many as it holds."""
    grid = figure.subplots(rows, columns)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, title in zip(grid.flat, images, titles):
        axes.imshow(image, **colors)
        axes.set_title(title)


def parse_arguments(argv):
    """Returns the options. One that cannot be right ends the program with a line that says so."""
    parser = argparse.ArgumentParser(
        description="Train a network to read handwritten digits.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=int, default=4, help="passes over the digits")
    parser.add_argument("--batch-size", type=int, default=128, help="digits per step")
    parser.add_argument("--seed", type=int, default=1, help="for the random numbers")
    parser.add_argument("--data", default=HERE / "mnist.npz", help="the digits, an .npz file")
    parser.add_argument("--model", type=Path, default=HERE / "model.keras", help="saved network")
    parser.add_argument("--plot", type=Path, nargs="?", const="mnist.png", help="draw the result")
    args = parser.parse_args(argv)
    if args.epochs < 0 or args.seed < 0 or args.batch_size < 1:
        parser.error("--epochs and --seed must not be less than 0, nor --batch-size less than 1")
    folder = args.model.parent
    if args.model.suffix != ".keras" or not folder.is_dir() or not os.access(folder, os.W_OK):
        parser.error(f"--model {args.model} must be a .keras file in a writable folder")
    if args.plot and (args.plot.suffix not in (".png", ".svg") or not args.plot.parent.is_dir()):
        parser.error(f"--plot {args.plot} must be a .png or .svg file in a folder that exists")
    return args


def load_digits(path):
    """Returns x_train (n, 28, 28), y_train (n,), x_test and y_test of an .npz file."""
    with np.load(path) as file:
        x_train, y_train = file["x_train"], file["y_train"]
        x_test, y_test = file["x_test"], file["y_test"]
    check_digits(x_train, y_train)
    check_digits(x_test, y_test)
    return x_train, y_train, x_test, y_test


def check_digits(x, y):
    """Raises ValueError if images x and labels y are unlike MNIST's."""
    if x.shape[1:] != (28, 28) or y.shape != x.shape[:1] or len(x) < 12:  # a twelfth is held out
        shapes = f"images {x.shape} with labels {y.shape}"
        raise ValueError(f"{shapes}, not (n, 28, 28) with (n,), n >= 12")
    if not np.issubdtype(y.dtype, np.integer) or not np.isin(y, range(10)).all():
        raise ValueError("labels other than integers from 0 to 9")
    if not np.issubdtype(x.dtype, np.number) or not np.isfinite(x).all():
        raise ValueError("pixels that are not numbers")


if __name__ == "__main__":
    main()
