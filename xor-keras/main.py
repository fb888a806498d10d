# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""XOR once more: the same kind of network, in Keras.

The post's section "XOR, With Keras", with three changes that let it learn in 80 steps: tanh units, which cannot get
stuck at 0 as ReLU units can; the cross-entropy, as in xor-numpy; and a learning rate of 0.05 instead of 0.001.
"""

import argparse
import os
import sys

import numpy as np

# TensorFlow's start-up messages bypass Python's sys.stderr, so file descriptor 2 leads nowhere while it loads.
terminal = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras
    from keras.layers import Dense
    from keras.models import Sequential

    keras.distribution.list_devices()  # starts the backend, with the rest of its messages
finally:
    os.dup2(terminal, 2)

# the four different states of the XOR gate
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")

# the four expected results in the same order
target_data = np.array([[0], [1], [1], [0]], "float32")


def build_model():
    """Returns the untrained network, from inputs (n, 2) to the probability (n, 1) that their XOR is 1."""
    model = Sequential()
    model.add(keras.Input((2,)))
    model.add(Dense(16, activation="tanh"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy",
        optimizer=keras.optimizers.Adam(0.05),
        metrics=["binary_accuracy"],
    )
    return model


def train(model, epochs=4, verbose=2):
    """Fits the model to the table. With verbose=2 Keras prints a line for each epoch."""
    x = np.tile(training_data, (20, 1))  # 20 copies, since starting an epoch takes Keras far longer than a step
    y = np.tile(target_data, (20, 1))
    model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=verbose)  # in order: a batch is the table


def plot(output):
    """Returns a figure of the answers `output(points)`, from (n, 2) to (n, 1), on the unit square and around it."""
    import matplotlib.pyplot as plt  # here, since without --plot there is no need to wait for it

    side = np.linspace(-0.2, 1.2, 141)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(figsize=(5, 4), dpi=144, layout="constrained")
    surface = axes.contourf(side, side, output(points).reshape(141, 141), np.linspace(0, 1, 21), cmap="RdBu_r")
    for (a, b), answer in zip(training_data, target_data.flat, strict=True):
        axes.text(a, b, f"{answer:.0f}", ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"})
    axes.set(title="XOR, learned with Keras", xlabel="first input", ylabel="second input", aspect="equal")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=()):
    parser = argparse.ArgumentParser(description="Learn XOR with Keras.")
    parser.add_argument(
        "--epochs", type=int, default=4, metavar="N", help="epochs of 20 passes over the table (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the random weights (%(default)s)")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw the answers (%(const)s)")
    args = parser.parse_args(argv)

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    train(model, args.epochs)
    for (a, b), answer in zip(training_data, model.predict(training_data, verbose=0).flat, strict=True):
        print(f"{a:.0f} xor {b:.0f} = {answer:.4f}")

    if args.plot:
        try:
            plot(lambda points: model.predict(points, verbose=0)).savefig(args.plot)
        except OSError as error:
            parser.error(error)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
