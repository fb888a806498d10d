"""XOR once more, in Keras, which brings the layers, the gradients and the loop.

The post's section "XOR, With Keras". Each comment that begins with "instead of:" says what the
line below it replaces in xor-numpy.
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///

import argparse
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Dense
from keras.models import Sequential

# the four different states of the XOR gate, without xor-numpy's column of 1s: Keras adds the biases
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")

# the four expected results in the same order
target_data = np.array([[0], [1], [1], [0]], "float32")


def build_model():
    """Returns the untrained network: (n, 2) inputs -> (n, 1) probabilities that the answer is 1."""
    model = Sequential()  # of layers, one after the other
    model.add(keras.Input(shape=(2,)))
    # instead of: l1 = sigmoid(X @ syn0)
    model.add(Dense(16, activation="tanh"))  # the post's relu, max(x, 0), is less exact here
    # instead of: l2 = sigmoid(l1 @ syn1)
    model.add(Dense(1, activation="sigmoid"))
    model.compile(
        # instead of: loss = cross_entropy(y, l2)
        loss="binary_crossentropy",
        # instead of: syn0 -= learning_rate * syn0_gradient
        optimizer=keras.optimizers.Adam(learning_rate=0.1),  # adapts each weight's steps
        # shown beside the loss: the share of answers that are right when rounded to 0 or 1
        metrics=["binary_accuracy"],
    )
    return model


def train(model, epochs=60):
    """Fits the model to the four rows, and prints a line for each epoch (verbose=2).

    Keras derives the gradients from the layers and the loss, so there is no backward to write. By
    default, it takes 32 rows in a step. Here there are only four, so an epoch is one step.
    """
    # instead of: the loop, forward, backward and step
    model.fit(training_data, target_data, epochs=epochs, verbose=2)


# That was the network. What follows draws its answers as in xor-numpy, and reads the options.


def plot(model):
    """Returns a figure of the network's output on the unit square and around it."""
    side = np.linspace(-0.2, 1.2, 141)
    first, second = np.meshgrid(side, side)
    outputs = model.predict(np.column_stack([first.ravel(), second.ravel()]), verbose=0)
    figure, axes = plt.subplots(figsize=(5, 4), dpi=144, layout="constrained")
    levels = np.linspace(0, 1, 21)
    surface = axes.contourf(first, second, outputs.reshape(first.shape), levels, cmap="RdBu_r")
    circle = {"boxstyle": "circle", "facecolor": "white"}
    for (a, b), target in zip(training_data, target_data.flat):
        axes.text(a, b, f"{target:.0f}", ha="center", va="center", bbox=circle)
    axes.set(title="XOR with Keras", xlabel="first input, a", ylabel="second input, b")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Learn XOR with Keras.", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=60, help="passes over the four rows")
    parser.add_argument("--seed", type=int, default=1, help="for the random weights")
    parser.add_argument("--plot", type=Path, nargs="?", const="xor-keras.png", help="draw outputs")
    args = parser.parse_args(argv)
    if args.epochs < 0 or args.seed < 0:
        parser.error("--epochs and --seed must not be less than 0")
    if args.plot and (args.plot.suffix not in (".png", ".svg") or not args.plot.parent.is_dir()):
        parser.error(f"--plot {args.plot} must be a .png or .svg file in a folder that exists")

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    # a table of the layers, with 16 * 3 = 48 weights for the first one and 17 for the second; None
    # stands for any number of cases
    model.summary()
    train(model, args.epochs)
    outputs = model.predict(training_data, verbose=0)
    for (a, b), output in zip(training_data, outputs.flat):
        print(f"{a:.0f} xor {b:.0f} = {output:.4f}")
    if args.plot:
        plot(model).savefig(args.plot)


if __name__ == "__main__":
    main()
