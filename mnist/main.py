# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""Handwritten digits: a convolutional network learns to read MNIST's.

The post's section "MNIST", which is empty there. The network is trained on 55,000 digits, watched
on 5,000 others after each epoch, tested once on 10,000 more, and kept for predict.py.

Convolutions of digits are LeCun et al.'s (1998), batch normalization is Ioffe and Szegedy's (2015),
Adam Kingma and Ba's (2015), the falling learning rate Loshchilov and Hutter's (2017).
"""

import argparse
import os
import sys
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def load_digits(path):
    """Returns x_train (n, 28, 28), y_train (n,), x_test and y_test of an .npz file.

    Raises argparse.ArgumentTypeError, which argparse prints, where they are not like MNIST's.
    """
    names = "x_train", "y_train", "x_test", "y_test"
    try:
        with np.load(path) as file:
            arrays = [file[name] for name in names]
    except Exception as error:  # broken files raise a dozen types
        problem = f"{path} is no .npz file with {', '.join(names)}: {error}"
        raise argparse.ArgumentTypeError(problem) from None
    for x, y in arrays[:2], arrays[2:]:
        if x.shape[1:] != (28, 28) or y.shape != x.shape[:1] or len(x) < 12:
            problem = f"images {x.shape} with labels {y.shape}, not (n, 28, 28) with (n,), n >= 12"
        elif not np.issubdtype(y.dtype, np.integer) or not np.isin(y, range(10)).all():
            problem = "labels other than integers from 0 to 9"
        elif not np.issubdtype(x.dtype, np.number) or not np.isfinite(x).all():
            problem = "pixels that are not numbers"
        else:
            continue
        raise argparse.ArgumentTypeError(f"{path} has {problem}")
    return arrays


def build_model():
    """Returns the untrained network: images (n, 28, 28) of 0-255 in, probabilities (n, 10) out."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Reshape((28, 28, 1)),  # one channel: gray
            layers.Rescaling(1 / 255),  # to numbers from 0 to 1
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant"),  # only in training
            layers.Conv2D(16, 5, name="first_convolution"),  # (24, 24, 16): 24 places for a 5 in 28
            # pooling usually stands after ReLU; the largest number is the same either way, but so
            # the next two have a quarter of the work
            layers.MaxPooling2D(),  # (12, 12, 16)
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
    """Fits the model to images x (n, 28, 28) and labels y (n,), except for the last twelfth.

    These digits are for validation. Returns the losses and accuracies of each epoch, as a dict.
    """
    held_out = len(x) // 12
    x_train, y_train = x[:-held_out], y[:-held_out]
    x_validation, y_validation = x[-held_out:], y[-held_out:]
    # the learning rate falls from 0.01 to 0: large steps find the way, small ones settle
    steps = 1 + epochs * len(x_train) // batch_size
    learning_rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
    model.compile(
        loss="sparse_categorical_crossentropy",  # the cross-entropy, for labels from 0 to 9
        optimizer=keras.optimizers.Adam(learning_rate),
        metrics=["accuracy"],
    )
    # Validation can look better than training: its digits are not shifted, and it comes after an
    # epoch, while the numbers of training are means over the epoch.
    history = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_validation, y_validation),
        verbose=verbose,
    )
    return history.history


def show_images(figure, rows, columns, images, titles, **colors):
    """Draws images on the figure, in a grid, each under its title, as many as it holds."""
    grid = figure.subplots(rows, columns)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, title in zip(grid.flat, images, titles):
        axes.imshow(image, **colors)
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

    middle.suptitle("filters of the first convolution: red adds, blue subtracts, white ignores")
    images = np.moveaxis(filters[:, :, 0], -1, 0)  # (16, 5, 5)
    largest = abs(filters).max()  # one scale for all
    show_images(middle, 2, 8, images, 16 * [""], cmap="RdBu_r", vmin=-largest, vmax=largest)

    misread = np.flatnonzero(answers != y)
    shown = misread[:50]
    bottom.suptitle(f"{len(shown)} of the {len(misread)} misread digits: label → answer")
    titles = [f"{y[i]} → {answers[i]}" for i in shown]
    show_images(bottom, 5, 10, x[shown], titles, cmap="gray_r")
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(description="Train a network to read handwritten digits.")
    parser.add_argument(
        "--epochs", type=int, default=4, metavar="N", help="passes over the digits (%(default)s)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=128, metavar="N", help="digits a step (%(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of all that is random (%(default)s)"
    )
    data, model = str(HERE / "mnist.npz"), HERE / "model.keras"  # a str goes through load_digits
    parser.add_argument(
        "--data", type=load_digits, default=data, metavar="FILE.npz", help="the digits"
    )
    parser.add_argument(
        "--model", type=Path, default=model, metavar="FILE.keras", help="keeps the network"
    )
    parser.add_argument(
        "--plot", nargs="?", const="mnist.png", metavar="FILE", help="draws the result"
    )
    args = parser.parse_args(argv)
    if args.epochs < 0 or args.seed < 0 or args.batch_size < 1:
        parser.error("--epochs and --seed must not be less than 0, nor --batch-size less than 1")
    if args.model.suffix != ".keras" or not os.access(args.model.parent, os.W_OK):
        parser.error(f"{args.model} is not a .keras file in a folder that one can write to")
    if args.plot:
        try:
            plt.savefig(args.plot)  # an empty plot, to learn now whether it can be written
        except (OSError, ValueError) as error:
            parser.error(f"argument --plot: {error}")
    x_train, y_train, x_test, y_test = args.data

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
    command = f"python {HERE / 'predict.py'} --model {args.model} PICTURE"
    print(f"The network is kept. To read your own handwriting: {command}")
    if args.plot:
        filters = model.get_layer("first_convolution").kernel.numpy()
        plot(history, filters, x_test, y_test, answers).savefig(args.plot)


if __name__ == "__main__":
    main()
