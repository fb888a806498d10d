"""The part `mnist` of benchmark.py: mnist and Keras's own examples, on the test digits.

Each train_… trains once, and returns the seconds, the test loss and the test accuracy.
"""

import keras
import numpy as np
from helpers import ROOT, load
from keras import layers
from report import check, head, row, timed

mnist = load("mnist")
X, Y, X_TEST, Y_TEST = mnist.load_digits(ROOT / "mnist" / "mnist.npz")


def train_mnist(seed, epochs):
    keras.utils.clear_session()  # forgets earlier networks
    keras.utils.set_random_seed(seed)
    model = mnist.build_model()
    seconds, _ = timed(mnist.train, model, X, Y, epochs, verbose=0)
    return seconds, *model.evaluate(X_TEST, Y_TEST, verbose=0)


def build_2018():
    """Returns the network of Keras's examples/mnist_cnn.py of 2018, untrained."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def build_2020():
    """Returns the network of keras.io's mnist_convnet, of 2020, untrained."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def prepared(images, labels):
    """Returns digits as both examples prepare them."""
    return images[..., np.newaxis].astype("float32") / 255, keras.utils.to_categorical(labels)


def train_2018(epochs):
    adadelta = keras.optimizers.Adadelta(1.0)  # its learning rate in 2018
    test_digits = prepared(X_TEST, Y_TEST)
    return train_example(build_2018, adadelta, epochs, validation_data=test_digits)


def train_2020(epochs):
    return train_example(build_2020, "adam", epochs, validation_split=0.1)


def train_example(build, optimizer, epochs, **validation):
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    model = build()
    model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    x, y = prepared(X, Y)
    options = {"batch_size": 128, "verbose": 0, **validation}
    model.fit(x[:128], y[:128], **options)  # compiles it, which would count twelve times
    seconds, _ = timed(model.fit, x, y, epochs=epochs, **options)
    return seconds, *model.evaluate(*prepared(X_TEST, Y_TEST), verbose=0)


def row_of(name, results):
    """Prints a row: how trainings did. Returns their times, test losses and test accuracies."""
    seconds, losses, accuracies = np.transpose(results)
    numbers = f"{accuracies.mean():.2%}", f"{losses.mean():.4f}", str(len(results))
    row(name, f"{np.median(seconds):.0f} s", *numbers)
    return seconds, losses, accuracies


def measure():
    """Of the twelve epochs of 2018 one is timed, and the accuracy is that of its docstring."""
    ours, of_2018 = [], []
    for seed in range(1, 6):  # in turn, since the machine may be faster at one time than at another
        ours.append(train_mnist(seed, epochs=4))
        seconds, *_ = train_2018(epochs=1)
        of_2018.append(12 * seconds)
    head("program", "training", "test accuracy", "test loss", "trainings")
    row("Keras's network of 2018, 12 epochs", f"{np.median(of_2018):.0f} s", "99.25%", "", "")
    _, [loss_today], _ = row_of("keras.io's network of today, 15 epochs", [train_2020(epochs=15)])
    _, _, quick = row_of("`mnist --epochs 1`", [train_mnist(seed, 1) for seed in range(1, 6)])
    seconds, losses, accuracies = row_of("`mnist`, 4 epochs", ours)
    least, most, times = accuracies.min(), losses.max(), np.median(of_2018 / seconds)
    check(accuracies.mean() >= 0.994, "mnist: mean accuracy at least 99.40%")
    check(least >= 0.993, f"mnist: least accuracy {least:.2%}, at least 99.30%")
    check(most < 0.03, f"mnist: largest test loss {most:.4f}, less than 0.03")
    check(most < loss_today, f"mnist: largest test loss {most:.4f}, less than keras.io's network's")
    check(quick.mean() >= 0.991, "mnist --epochs 1: mean accuracy at least 99.10%")
    check(times >= 10, f"mnist: trained {times:.1f} times as fast as in 2018, at least 10 times")


def measure_on_jax():
    head("program", "training", "test accuracy", "test loss", "trainings")
    row_of("`mnist --epochs 1` on JAX", [train_mnist(seed=1, epochs=1)])
