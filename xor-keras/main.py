# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "tensorflow==2.21.0"]
# ///
"""XOR once more: the same kind of network, in Keras.

The post's section "XOR, With Keras". To learn in 60 epochs instead of 500 it has tanh instead of
relu, binary_crossentropy instead of mean_squared_error, and Adam's learning rate is 0.1, not 0.001.
"""

import argparse

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Dense
from keras.models import Sequential

# the four different states of the XOR gate
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")

# the four expected results in the same order
target_data = np.array([[0], [1], [1], [0]], "float32")


def build_model():
    """Returns the untrained network: inputs (n, 2) in, the probability (n, 1) of XOR = 1 out."""
    model = Sequential()
    model.add(keras.Input(shape=(2,)))
    model.add(Dense(16, activation="tanh"))  # with a bias each; ReLU units can get stuck at 0
    model.add(Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy",  # as in xor-numpy, but the mean of the rows
        # Gradient descent with momentum, in which each weight has a step size of its own.
        optimizer=keras.optimizers.Adam(learning_rate=0.1),
        metrics=["binary_accuracy"],
    )
    return model


def train(model, epochs=60):
    """Fits the model to the four rows, which fit into one batch: each epoch is one step."""
    history = model.fit(training_data, target_data, epochs=epochs, verbose=0).history
    losses = history.get("loss", [])  # each before its epoch's step; none after 0 epochs
    for epoch in range(0, len(losses), 6):
        print(f"Epoch {epoch}: loss {losses[epoch]:.4f}")


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
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw outputs")
    args = parser.parse_args(argv)

    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.summary()
    train(model, args.epochs)
    loss, accuracy = model.evaluate(training_data, target_data, verbose=0)
    print(f"Epoch {args.epochs}: loss {loss:.4f}, accuracy {accuracy:.2f}")
    outputs = model.predict(training_data, verbose=0)
    for (a, b), output in zip(training_data, outputs.flat):
        print(f"{a:.0f} xor {b:.0f} = {output:.4f}")
    if args.plot:
        plot(model).savefig(args.plot)


if __name__ == "__main__":
    main()
