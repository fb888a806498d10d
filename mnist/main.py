# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""Handwritten digits: a convolutional network learns to read MNIST's.

The post's section "MNIST". The network has three convolutions (LeCun et al. 1998) with batch normalization (Ioffe and
Szegedy 2015). Adam (Kingma and Ba 2015) trains it on digits shifted by up to a pixel, at a learning rate that falls
along a cosine (Loshchilov and Hutter 2017). predict.py reads your own handwriting with it.
"""

import argparse
import os
import sys
from pathlib import Path
from zipfile import BadZipFile

import matplotlib.pyplot as plt
import numpy as np

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # faster convolutions, which TensorFlow leaves off on some CPUs

# TensorFlow's start-up messages bypass Python's sys.stderr, so file descriptor 2 leads nowhere while it loads.
terminal = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras
    import tensorflow as tf
    from keras import layers

    keras.distribution.list_devices()  # starts the backend, with the rest of its messages
finally:
    os.dup2(terminal, 2)

HERE = Path(globals().get("__file__", "")).parent  # a notebook has no __file__: there, its own folder


def load_digits(path):
    """Returns x_train (n, 28, 28), y_train (n,), x_test and y_test, all uint8, from an .npz file with these names."""
    with np.load(path) as arrays:
        return tuple(arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))


def one_hot(y):
    """Returns labels (n,) as the probabilities (n, 10) that they stand for, float32."""
    return np.eye(10, dtype="float32")[y]


def build_model():
    """Returns the untrained network, from images (n, 28, 28) of 0 to 255 to the probabilities (n, 10) of the digits."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant"),
            layers.Conv2D(16, 5),  # (24, 24, 16)
            layers.MaxPooling2D(),  # (12, 12, 16)
            layers.BatchNormalization(momentum=0.9),  # Keras's 0.99 looks too far back for so short a training
            layers.ReLU(),
            layers.Conv2D(48, 3),  # (10, 10, 48)
            layers.MaxPooling2D(),  # (5, 5, 48)
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(64, 3),  # (3, 3, 64)
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),  # (576,)
            layers.Dense(10, activation="softmax"),
        ]
    )


def train(model, x, y, epochs=4, batch_size=128, verbose=2):
    """Fits the model to images x (n, 28, 28) and labels y (n,); returns the losses and accuracies of each epoch.

    A twelfth of the images, the last ones, is not trained on: it is for validation after each epoch.
    """
    split = len(x) * 11 // 12
    y = one_hot(y)
    # fit(x, y) would do the same, but wait for TensorFlow's autotuner at the end of each epoch.
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices((x[:split], y[:split])).shuffle(split).batch(batch_size).prefetch(1)
    batches = batches.with_options(options)

    learning_rate = keras.optimizers.schedules.CosineDecay(0.01, max(1, epochs * len(batches)))
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),  # since a few labels are doubtful
        optimizer=keras.optimizers.Adam(learning_rate, beta_2=0.95),  # like the momentum: Keras has 0.999
        metrics=["accuracy"],
    )
    validation = x[split:], y[split:]
    return model.fit(batches, epochs=epochs, validation_data=validation, shuffle=False, verbose=verbose).history


def save(model, path):
    """Keeps the trained network in `path`, whole or not at all."""
    unfinished = path.with_suffix(".unfinished.keras")
    model.save(unfinished)
    unfinished.replace(path)


def plot(history, x, y, answers):
    """Returns a figure of the accuracy after each epoch, and of the images x (n, 28, 28) whose answer is not y."""
    wrong = np.flatnonzero(answers != y)
    rows = max(1, -(-min(len(wrong), 100) // 10))  # of ten digits each, for at most 100
    figure = plt.figure(figsize=(8, 3.5 + rows), layout="constrained")
    top, bottom = figure.subfigures(2, height_ratios=(3.5, rows))

    axes = top.subplots()
    for name, label in ("accuracy", "training digits, shifted"), ("val_accuracy", "validation digits"):
        accuracies = history.get(name, [])  # none after 0 epochs
        epochs = range(1, 1 + len(accuracies))
        axes.plot(epochs, accuracies, "o-", label=label)
    axes.set(xlabel="epoch", ylabel="accuracy", xticks=epochs)
    axes.legend()

    bottom.suptitle(f"{len(wrong)} of {len(y)} test digits misread: what each one is → what was read")
    grid = bottom.subplots(rows, 10)
    for axes in grid.flat:
        axes.axis("off")
    for axes, i in zip(grid.flat, wrong, strict=False):
        axes.imshow(x[i], cmap="gray_r")
        axes.set_title(f"{y[i]} → {answers[i]}")
    return figure


def main(argv=()):
    parser = argparse.ArgumentParser(description="Train a network to read MNIST's handwritten digits.")
    add = parser.add_argument
    add("--epochs", type=int, default=4, metavar="N", help="passes over the training digits (%(default)s)")
    add("--batch-size", type=int, default=128, metavar="N", help="digits in a step (%(default)s)")
    add("--seed", type=int, default=1, metavar="N", help="seed of all that is random (%(default)s)")
    add("--data", type=Path, default=HERE / "mnist.npz", metavar="FILE.npz", help="train on other images")
    add("--model", type=Path, default=HERE / "model.keras", metavar="FILE.keras", help="where to keep the network")
    add("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw training and mistakes (%(const)s)")
    args = parser.parse_args(argv)
    if args.model.suffix != ".keras" or not args.model.parent.is_dir():
        parser.error(f"{args.model} is not a .keras file in a folder that exists")
    try:
        x_train, y_train, x_test, y_test = load_digits(args.data)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        parser.error(f"{error}; {args.data} must be an .npz file with x_train, y_train, x_test and y_test")

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    try:
        bar_or_lines = 1 if sys.stdout.isatty() else 2
        history = train(model, x_train, y_train, args.epochs, args.batch_size, bar_or_lines)
    except KeyboardInterrupt:
        parser.exit(130, "interrupted; the network is not kept\n")
    save(model, args.model)
    loss, accuracy = model.evaluate(x_test, one_hot(y_test), batch_size=1000, verbose=0)
    print(f"Test loss: {loss:.4f}\nTest accuracy: {accuracy:.4f}")

    if args.plot:
        answers = model.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1)
        try:
            plot(history, x_test, y_test, answers).savefig(args.plot)
        except OSError as error:
            parser.error(error)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
