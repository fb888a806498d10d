"""The part `xor` of benchmark.py: the post's XOR programs and ours, from many random starts.

Each train_… trains once, and returns the seconds and the four outputs.
"""

import time
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from unittest.mock import patch

import keras
import numpy as np
from helpers import load
from keras import layers
from report import check, head, row, timed

xor_numpy, xor_keras = load("xor-numpy"), load("xor-keras")


def train_post_numpy(seed):
    """Trains as the post does with NumPy, in its own lines, but for xrange."""
    np.random.seed(seed)
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0, 1, 1, 0]]).T
    start = time.perf_counter()
    syn0 = 2 * np.random.random((3, 4)) - 1
    syn1 = 2 * np.random.random((4, 1)) - 1
    for _ in range(60000):
        l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 += l1.T.dot(l2_delta)
        syn0 += X.T.dot(l1_delta)
    return time.perf_counter() - start, l2


def train_xor_numpy(seed, hidden=8):
    seconds, (syn0, syn1) = timed(xor_numpy.train, seed=seed, hidden=hidden)
    _, l2 = xor_numpy.forward(xor_numpy.X, syn0, syn1)
    return seconds, l2


def train_post_keras(seed):
    """Trains as the post does with Keras, in its own lines, but for the input."""
    keras.utils.set_random_seed(seed)
    training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    target_data = np.array([[0], [1], [1], [0]], "float32")
    model = keras.Sequential()
    model.add(keras.Input((2,)))
    model.add(layers.Dense(16, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(loss="mean_squared_error", optimizer="adam", metrics=["binary_accuracy"])
    seconds, _ = timed(model.fit, training_data, target_data, epochs=500, verbose=2)
    return seconds, model.predict(training_data, verbose=0)


def train_xor_keras(seed):
    keras.utils.set_random_seed(seed)
    model = xor_keras.build_model()
    seconds, _ = timed(xor_keras.train, model)
    return seconds, model.predict(xor_keras.training_data, verbose=0)


def row_of(name, train, starts):
    """Prints a row: how a program does from so many starts. Returns the largest error."""
    with redirect_stdout(StringIO()):  # its progress goes nowhere
        results = [train(seed) for seed in range(1, starts + 1)]
    seconds, outputs = zip(*results)
    errors = abs(np.array(outputs) - [[0], [1], [1], [0]]).max(axis=(1, 2))
    rounded, near = (f"{(errors < limit).sum():,} of {starts:,}" for limit in (0.5, 0.05))
    row(name, f"{np.median(seconds):.2f} s", rounded, near, f"{errors.max():.4f}")
    return errors.max()


def post_backward(X, y, l1, l2, syn1):
    """Stands in for xor_numpy.backward: the post's l2_delta has the slope of the sigmoid in it."""
    l2_delta = (l2 - y) * xor_numpy.sigmoid_slope(l2) / len(y)
    l1_delta = (l2_delta @ syn1.T) * xor_numpy.sigmoid_slope(l1)
    return X.T @ l1_delta, l1.T @ l2_delta


def epochs_to_learn(syn0, syn1, backward, learning_rate):
    """Returns after how many epochs, 50,000 at most, each output is off by at most 0.05."""
    X, y = xor_numpy.X, xor_numpy.y
    syn0, syn1 = syn0.copy(), syn1.copy()
    for epoch in range(50000):
        l1, l2 = xor_numpy.forward(X, syn0, syn1)
        if abs(l2 - y).max() <= 0.05:
            return epoch
        syn0_gradient, syn1_gradient = backward(X, y, l1, l2, syn1)
        syn0 -= learning_rate * syn0_gradient
        syn1 -= learning_rate * syn1_gradient
    return 50000


def measure_deltas():
    """Trains with our l2_delta and the post's, from 20 starts: random ones, and sure and wrong."""
    with redirect_stdout(StringIO()):
        at_random = [xor_numpy.train(epochs=0, seed=seed) for seed in range(1, 21)]
        with patch.object(xor_numpy, "y", 1 - xor_numpy.y):
            sure_and_wrong = [xor_numpy.train(seed=seed) for seed in range(1, 21)]
    head("`l2_delta`", "learning rate", "from a random start", "after learning the opposite")
    for name, backward, rate in (
        ("ours", xor_numpy.backward, 4),
        ("the post's", post_backward, 4),
        ("the post's", post_backward, 64),
    ):
        cells = []
        for starts in at_random, sure_and_wrong:
            epochs = [epochs_to_learn(*weights, backward, rate) for weights in starts]
            cells.append(f"{np.median(epochs):,.0f} epochs")
        row(name, str(rate), *cells)


def measure():
    head("program", "training", "right when rounded", "off by at most 0.05", "largest error")
    row_of("the post's XOR with NumPy, 60,000 iterations", train_post_numpy, 20)
    of_numpy = row_of("`xor-numpy`, 600 epochs", train_xor_numpy, 10000)
    for hidden in 4, 3, 2:  # the post has 4
        row_of(
            f"the same with {hidden} hidden units", partial(train_xor_numpy, hidden=hidden), 1000
        )
    row_of("the post's XOR with Keras, 500 epochs", train_post_keras, 10)
    of_keras = row_of("`xor-keras`, 60 epochs", train_xor_keras, 100)
    measure_deltas()
    check(of_numpy <= 0.01, "xor-numpy: largest error of 10,000 starts at most 0.01")
    check(of_keras <= 0.05, "xor-keras: largest error of 100 starts at most 0.05")


def measure_on_jax():
    head("program", "training", "right when rounded", "off by at most 0.05", "largest error")
    row_of("`xor-keras` on JAX", train_xor_keras, 20)
