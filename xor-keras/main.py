# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""XOR once more, in Keras, which brings the layers, the gradients and the loop of xor-numpy.

The post's section "XOR, With Keras". Comments show the lines of xor-numpy that Keras's stand for.
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Dense
from keras.models import Sequential

# the four different states of the XOR gate: X, but Keras's layers have biases without its 1s
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")

# the four expected results in the same order: y
target_data = np.array([[0], [1], [1], [0]], "float32")


def build_model():
    """Returns the untrained network: inputs (n, 2) in, the probability (n, 1) that XOR is 1 out."""
    model = Sequential()
    model.add(keras.Input(shape=(2,)))
    # l1 = sigmoid(X @ syn0), but with 16 units and tanh: the same curve, stretched to -1 to 1. The
    # post's relu, max(x, 0), is flat below 0, and a unit that is there for all inputs stays there.
    model.add(Dense(16, activation="tanh"))
    # l2 = sigmoid(l1 @ syn1)
    model.add(Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy",  # cross_entropy(y, l2)
        # syn0 -= learning_rate * syn0_gradient, but Adam takes a mean of each weight's last
        # gradients and divides it by their size: small or large, all make steps of about 0.1
        optimizer=keras.optimizers.Adam(learning_rate=0.1),
        metrics=["binary_accuracy"],  # the share of answers that are right when rounded to 0 or 1
    )
    return model


def train(model, epochs=60):
    """Fits the model to the four rows; they make one batch, so an epoch is one step."""
    # for epoch in range(epochs): forward(), cross_entropy(), backward() and the step
    model.fit(training_data, target_data, epochs=epochs, verbose=2)


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
    axes.set(title="XOR, learned with Keras", xlabel="first input", ylabel="second input")
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    figure.colorbar(surface, label="output of the network", ticks=[0, 0.5, 1])
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(description="Learn XOR with Keras.")
    parser.add_argument("--epochs", type=int, default=60, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--plot", nargs="?", const="xor-keras.png", metavar="FILE", help="draw the outputs"
    )
    args = parser.parse_args(argv)
    if args.epochs < 0 or args.seed < 0:
        parser.error("--epochs and --seed must not be less than 0")
    if args.plot:
        try:
            plt.savefig(args.plot)  # an empty plot, to learn now whether it can be written
        except (OSError, ValueError) as error:
            parser.error(f"argument --plot: {error}")

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    train(model, args.epochs)
    outputs = model.predict(training_data, verbose=0)
    for (a, b), output in zip(training_data, outputs.flat):
        print(f"{a:.0f} xor {b:.0f} = {output:.4f}")
    if args.plot:
        plot(model).savefig(args.plot)


if __name__ == "__main__":
    main()
