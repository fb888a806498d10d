"""Measures the examples against the programs that the post's readers ran before, and prints a table in Markdown.

`make bench` runs it. Ratios of times are medians of pairs run side by side. Exits with status 1 if a bound is missed.
"""

import math
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import numpy as np
from conftest import ROOT, load

TARGETS = np.array([[0], [1], [1], [0]])


def post_numpy(seed):
    """The post's NumPy program; returns its worst error after 60,000 iterations."""
    rng = np.random.RandomState(seed)
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = TARGETS
    syn0 = 2 * rng.random_sample((3, 4)) - 1
    syn1 = 2 * rng.random_sample((4, 1)) - 1
    for _ in range(60000):
        l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
        syn1 += l1.T.dot(l2_delta)
        syn0 += X.T.dot(l1_delta)
    return np.abs(l2 - y).max()


def post_keras(seed):
    """The post's Keras program, in today's Keras; returns its worst error after 500 epochs."""
    import keras
    from keras.layers import Dense

    keras.utils.set_random_seed(seed)
    training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    target_data = np.array([[0], [1], [1], [0]], "float32")
    model = keras.Sequential([keras.Input((2,)), Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile(loss="mean_squared_error", optimizer="adam", metrics=["binary_accuracy"])
    model.fit(training_data, target_data, epochs=500, verbose=2)
    return np.abs(model.predict(training_data) - target_data).max()


def post_mnist(batches):
    """Returns the time in seconds of one epoch of the convnet of the tutorials of 2018, its start-up apart."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adadelta(1.0)
    model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"], jit_compile=False)
    model.fit(batches.take(1), shuffle=False, verbose=0)
    return timed(model.fit, batches, shuffle=False, verbose=0)[0]


def timed(function, *arguments, **options):
    """Returns the time in seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def silent(function, *arguments, **options):
    """Calls a function with its standard output thrown away."""
    with open(os.devnull, "w") as sys.stdout:
        try:
            return function(*arguments, **options)
        finally:
            sys.stdout = sys.__stdout__


def ratio(ours, theirs, pairs):
    """Returns how long `ours` takes as a part of `theirs`, both called in turn: the median over so many pairs."""
    return statistics.median(timed(ours)[0] / timed(theirs)[0] for _ in range(pairs))


def program(*command):
    """Returns a function that runs Python with these arguments as a process."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    return lambda: subprocess.run([sys.executable, *command], cwd=ROOT / "tests", **quiet)


def part(value):
    return f"1/{1 / value:.0f}"


def numpy_error(seed):
    xor = load("xor-numpy")
    weights = silent(xor.train, seed=seed)
    return np.abs(xor.forward(xor.X, *weights)[1] - TARGETS).max()


def keras_error(seed):
    xor = load("xor-keras")
    return np.abs(xor.train(seed=seed, verbose=0).predict(xor.training_data, verbose=0) - TARGETS).max()


def row(name, value, form, least=-math.inf, most=math.inf):
    """Prints a row of the table; returns whether the value keeps to its bounds."""
    bound = f"at least {form(least)}" if least > -math.inf else f"at most {form(most)}" if most < math.inf else ""
    print(f"| {name} | {form(value)} | {bound} |", flush=True)
    return least <= value <= most


def bench_programs():
    def main(example):
        return program(str(ROOT / example / "main.py"))

    numpy, keras, tensorflow = (program("-c", f"import {package}") for package in ("numpy", "keras", "tensorflow"))
    old = program("-c", "import benchmark; benchmark.post_keras(1)")
    yield row("xor-numpy: program ÷ `import numpy`", ratio(main("xor-numpy"), numpy, 15), "{:.2f}".format, most=1.5)
    yield row("xor-keras: program ÷ `import keras`", ratio(main("xor-keras"), keras, 5), "{:.2f}".format, most=1.25)
    yield row("the post's Keras program ÷ `import keras`", ratio(old, keras, 3), "{:.2f}".format)
    devices = ratio(main("gpu-test"), tensorflow, 5)
    yield row("gpu-test: program ÷ `import tensorflow`", devices, "{:.2f}".format, most=1.25)


def bench_xor():
    train = load("xor-numpy").train
    yield row(
        "xor-numpy: training ÷ the post's", ratio(lambda: silent(train), lambda: post_numpy(1), 9), part, most=1 / 50
    )
    # TensorFlow keeps what it has traced, so each process trains 25 networks and then makes room for another.
    with ProcessPoolExecutor(max_tasks_per_child=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        error = max(pool.map(numpy_error, range(1, 10001), chunksize=500))
        yield row("xor-numpy: largest error of 10,000 starts", error, "{:.4f}".format, most=0.01)
        error = statistics.median(pool.map(post_numpy, range(1, 21), chunksize=5))
        yield row("the post's NumPy program: largest error, median of 20 starts", error, "{:.4f}".format)
        error = max(pool.map(keras_error, range(1, 1001), chunksize=25))
        yield row("xor-keras: largest error of 1,000 starts", error, "{:.4f}".format, most=0.05)
        error = statistics.median(pool.map(silent, [post_keras] * 4, range(1, 5)))
        yield row("the post's Keras program: largest error, median of 4 starts", error, "{:.4f}".format)


def bench_mnist():
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as the example does, so that both have it
    mnist = load("mnist")
    x_train, y_train, x_test, y_test = mnist.load_digits(mnist.HERE / "mnist.npz")
    batches = mnist.shuffled_batches(x_train, y_train, 128)

    def train(seed, epochs):
        seconds, model = timed(mnist.train, x_train, y_train, epochs, seed=seed, verbose=0)
        probabilities = model.predict(x_test[..., np.newaxis], batch_size=1000, verbose=0)
        return seconds, mnist.evaluate(probabilities, y_test)[1]

    old, new, accuracies = [], [], []
    for seed in range(1, 6):
        old.append(12 * post_mnist(batches))
        seconds, accuracy = train(seed, 4)
        new.append(seconds)
        accuracies.append(accuracy)
    yield row("mnist: test accuracy, mean of 5 seeds", statistics.mean(accuracies), "{:.2%}".format, least=0.9950)
    yield row("mnist: test accuracy, least of 5 seeds", min(accuracies), "{:.2%}".format, least=0.9940)
    yield row("mnist: training", statistics.median(new), "{:.0f} s".format)
    yield row("the convnet of 2018: training, 12 times one epoch", statistics.median(old), "{:.0f} s".format)
    shares = [a / b for a, b in zip(new, old, strict=True)]
    yield row("mnist: training ÷ the convnet's of 2018", statistics.median(shares), part, most=1 / 12)
    times, accuracies = zip(*(train(seed, 1) for seed in range(1, 6)), strict=True)
    yield row(
        "mnist --epochs 1: test accuracy, mean of 5 seeds", statistics.mean(accuracies), "{:.2%}".format, least=0.9920
    )
    yield row("mnist --epochs 1: training", statistics.median(times), "{:.0f} s".format)


def main():
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    print("| what | measured | bound |\n| --- | ---: | ---: |", flush=True)
    kept = [*bench_programs(), *bench_xor(), *bench_mnist()]
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
