"""Measures what a reader gets for the time, against what else there is, and prints a table for the README.

`make bench` runs all of it; `python tests/benchmark.py xor mnist handwriting programs` the parts that are named. The
XOR programs, and what the bounds compare, are timed in turn, on an idle machine. After the table come the bounds;
status 1 if one is missed.
"""

import os
import platform
import runpy
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as mnist/main.py sets it, so that all have it

POST_NUMPY = """
import numpy as np
X = np.array([ [0,0,1],[0,1,1],[1,0,1],[1,1,1] ])
y = np.array([[0,1,1,0]]).T
syn0 = 2*np.random.random((3,4)) - 1
syn1 = 2*np.random.random((4,1)) - 1
for j in range(60000):
    l1 = 1/(1+np.exp(-(np.dot(X,syn0))))
    l2 = 1/(1+np.exp(-(np.dot(l1,syn1))))
    l2_delta = (y - l2)*(l2*(1-l2))
    l1_delta = l2_delta.dot(syn1.T) * (l1 * (1-l1))
    syn1 += l1.T.dot(l2_delta)
    syn0 += X.T.dot(l1_delta)
"""
POST_KERAS = """
import numpy as np
from keras import Input
from keras.models import Sequential
from keras.layers import Dense
training_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
target_data = np.array([[0], [1], [1], [0]], "float32")
model = Sequential()
model.add(Input((2,)))
model.add(Dense(16, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='mean_squared_error', optimizer='adam', metrics=['binary_accuracy'])
model.fit(training_data, target_data, epochs=500, verbose=2)
print("prediction: {}".format(model.predict(training_data).round()))
"""


def row(program, seconds, result):
    print(f"| {program} | {seconds} | {result} |", flush=True)


def at_most(limit, name, value, form):
    """Returns whether a bound is kept, and the line that tells it."""
    return value <= limit, f"{name}: {value:{form}} (at most {limit:{form}})"


def at_least(limit, name, value, form):
    return value >= limit, f"{name}: {value:{form}} (at least {limit:{form}})"


def timed(function, *arguments, **options):
    """Returns the time in seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def program(*arguments, backend="tensorflow"):
    """Runs Python with these arguments, as a process."""
    os.environ["KERAS_BACKEND"] = backend
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def in_turn(runs, *functions):
    """Calls the functions one after the other, so many times; returns the times (functions, runs) in seconds."""
    return np.array([[timed(function)[0] for function in functions] for _ in range(runs)]).T


def silence():
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def fresh(function, tasks, each=1, at_once=1, backend="tensorflow"):
    """Returns what a function returns for the tasks, in new processes for `each` of them; at_once=None: one a core."""
    os.environ["KERAS_BACKEND"] = backend
    options = {"mp_context": get_context("spawn"), "initializer": silence, "max_tasks_per_child": 1}
    with ProcessPoolExecutor(at_once, **options) as pool:
        return list(pool.map(function, tasks, chunksize=each))


@cache
def load(path):
    """Returns what a program defines, to be used like a module."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / path)))


def programs(pairs=(15, 9, 5)):
    """Compares each program with the import of its library."""
    bounds = []
    examples = ("xor-numpy", "numpy", 1.5), ("xor-keras", "keras", 1.25), ("gpu-test", "tensorflow", 1.25)
    for (example, package, limit), runs in zip(examples, pairs, strict=True):
        ours, theirs = partial(program, ROOT / example / "main.py"), partial(program, "-c", f"import {package}")
        ours, theirs = in_turn(runs, ours, theirs)
        bounds.append(at_most(limit, f"{example} ÷ import {package}", np.median(ours / theirs), ".2f"))
    return bounds


def numpy_error(seed):
    """Returns the largest error of the four answers after one start; so do the next three functions."""
    xor = load("xor-numpy/main.py")
    return np.abs(xor.forward(xor.X, *xor.train(seed=seed))[1] - xor.y).max()


def post_numpy_error(seed):
    np.random.seed(seed)
    exec(POST_NUMPY, post := {})
    return np.abs(post["l2"] - post["y"]).max()


def keras_error(seed):
    xor = load("xor-keras/main.py")
    xor.keras.utils.set_random_seed(seed)
    xor.train(model := xor.build_model(), verbose=0)
    return np.abs(model.predict(xor.training_data, verbose=0) - xor.target_data).max()


def post_keras_error(seed):
    load("xor-keras/main.py").keras.utils.set_random_seed(seed)
    exec(POST_KERAS, post := {})
    return np.abs(post["model"].predict(post["training_data"]) - post["target_data"]).max()


def xor(runs=(5, 3), starts=20, numpy_starts=10000, keras_starts=1000):
    """Compares the XOR programs with the post's, and tries ours with many starts."""

    def compare(name, seconds, errors):
        errors = np.array(errors[:starts])
        right = f"{(errors <= 0.05).sum()} of {starts} starts right; largest error {errors.max():.4f}"
        row(name, f"{np.median(seconds):.2f} s", right)

    first, ours = range(1, starts + 1), ROOT / "xor-numpy" / "main.py"
    post, new = in_turn(runs[0], partial(program, "-c", POST_NUMPY), partial(program, ours))
    compare("the post's XOR with NumPy, 60,000 iterations", post, fresh(post_numpy_error, first, 5, None))
    numpy_errors = fresh(numpy_error, range(1, numpy_starts + 1), 500, None)
    compare("`xor-numpy`, 600 iterations", new, numpy_errors)

    ours = ROOT / "xor-keras" / "main.py"
    commands = partial(program, "-c", POST_KERAS), partial(program, ours), partial(program, ours, backend="jax")
    post, new, jax = in_turn(runs[1], *commands)
    compare("the post's XOR with Keras, 500 epochs", post, fresh(post_keras_error, first, 5, None))
    # TensorFlow keeps what it has traced, so each process trains 25 networks and then makes room for another.
    keras_errors = fresh(keras_error, range(1, keras_starts + 1), 25, None)
    compare("`xor-keras`, 80 steps", new, keras_errors)
    compare("`xor-keras` on JAX", jax, fresh(keras_error, first, 25, None, "jax"))
    return [
        at_most(0.01, f"xor-numpy: largest error of {numpy_starts:,} starts", max(numpy_errors), ".4f"),
        at_most(0.05, f"xor-keras: largest error of {keras_starts:,} starts", max(keras_errors), ".4f"),
    ]


def train(convnet, epochs, digits, seed):
    """Trains "ours", Keras's mnist_cnn.py of "2018" or mnist_convnet.py of "today"; returns seconds and accuracy."""
    example = load("mnist/main.py")
    keras, layers = example.keras, example.layers
    x, y, x_test, y_test = example.load_digits(example.HERE / "mnist.npz")
    x, y = x[:digits], y[:digits]
    keras.utils.set_random_seed(seed)
    if convnet == "ours":
        model = example.build_model()
        seconds, _ = timed(example.train, model, x, y, epochs, verbose=0)
    else:
        x, x_test = (images[..., np.newaxis].astype("float32") / 255 for images in (x, x_test))
        y, one_hot = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(y_test, 10)
        conv, pool = partial(layers.Conv2D, kernel_size=3, activation="relu"), layers.MaxPooling2D
        if convnet == "2018":
            hidden = [conv(32), conv(64), pool(), layers.Dropout(0.25), layers.Flatten()]
            hidden += [layers.Dense(128, activation="relu"), layers.Dropout(0.5)]
            optimizer = keras.optimizers.Adadelta(1.0)  # its learning rate in 2018
            validation = {"validation_data": (x_test, one_hot)}
        else:
            hidden = [conv(32), pool(), conv(64), pool(), layers.Flatten(), layers.Dropout(0.5)]
            optimizer, validation = "adam", {"validation_split": 0.1}
        model = keras.Sequential([keras.Input((28, 28, 1)), *hidden, layers.Dense(10, activation="softmax")])
        model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        if epochs == 1:  # of twelve, of which only the first waits for TensorFlow to start
            model.fit(x[:128], y[:128], validation_data=(x_test[:128], one_hot[:128]), verbose=0)
        seconds, _ = timed(model.fit, x, y, batch_size=128, epochs=epochs, verbose=0, **validation)
    return seconds, (model.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1) == y_test).mean()


def mnist(pairs=5, digits=60000):
    """Compares mnist with the convnets of Keras's own examples."""

    def trained(convnet, epochs, seeds=(1,), **options):
        return fresh(partial(train, convnet, epochs, digits), seeds, **options)

    def compare(name, results):
        seconds, accuracies = np.array(results).T
        many = f", mean of {len(results)} seeds" if len(results) > 1 else ""
        row(name, f"{np.median(seconds):.0f} s", f"{accuracies.mean():.2%}{many}")
        return seconds, accuracies

    seeds = range(1, pairs + 1)
    compare("Keras's convnet of 2018, 12 epochs", trained("2018", 12))
    compare("keras.io's convnet of today, 15 epochs", trained("today", 15))
    _, quick = compare("`mnist --epochs 1`", trained("ours", 1, seeds))
    in_pairs = [trained("2018", 1, [seed]) + trained("ours", 4, [seed]) for seed in seeds]
    seconds, accuracies = compare("`mnist`, 4 epochs", [ours for _, ours in in_pairs])
    compare("`mnist --epochs 1` on JAX", trained("ours", 1, backend="jax"))
    shares = [12 * epoch / ours for ((epoch, _), _), ours in zip(in_pairs, seconds, strict=True)]
    return [
        at_least(0.9950, "mnist: accuracy, mean of the seeds", accuracies.mean(), ".2%"),
        at_least(0.9940, "mnist: accuracy, least of the seeds", accuracies.min(), ".2%"),
        at_least(0.9920, "mnist --epochs 1: accuracy, mean of the seeds", quick.mean(), ".2%"),
        at_least(12, "12 times an epoch of the convnet of 2018 ÷ mnist", np.median(shares), ".1f"),
    ]


def pictures_read(each, large, numbers, empty, digits, seed):
    """Trains mnist's network; returns for each picture its kind, whether read right, refused, no doubt, and seconds."""
    from pictures import EMPTY, KINDS, read, saved
    from pictures import row as photographed

    example, predict, rng = load("mnist/main.py"), load("mnist/predict.py"), np.random.default_rng(seed)
    x, y, _, _ = example.load_digits(example.HERE / "mnist.npz")
    example.keras.utils.set_random_seed(seed)
    example.train(model := example.build_model(), x[:digits], y[:digits], verbose=0)

    def pictures():
        for kind, make in KINDS.items():
            for i in range(large if kind == "ten megapixels" else each):
                yield kind, str(i % 10), make(rng, i % 10)
        for _ in range(numbers):
            number = "".join(map(str, rng.integers(10, size=rng.integers(2, 7))))
            yield "number", number, photographed(rng, number)
        for make in EMPTY.values():
            for _ in range(empty):
                yield "empty", None, make(rng)

    results = []
    for kind, right, picture in pictures():
        seconds, (answer, sure) = timed(read, predict, model, saved(picture))
        results.append((kind, answer == right, answer is None, sure, seconds))
    return results


def handwriting(each=40, large=20, numbers=400, empty=8, digits=60000):
    """Has predict.py read pictures of digits as people make them, and pictures without a digit; prints no row."""
    (results,) = fresh(partial(pictures_read, each, large, numbers, empty, digits), [1])
    kind, right, refused, sure, seconds = map(np.array, zip(*results, strict=True))
    single = (kind != "number") & (kind != "empty")
    least, name = min((right[kind == name].mean(), name) for name in set(kind[single]))
    return [
        at_least(0.96, "single digits read right", right[single].mean(), ".1%"),
        at_least(0.85, f"those of the least kind, {name}", least, ".1%"),
        at_most(0.005, "single digits refused", refused[single].mean(), ".1%"),
        at_least(0.92, "numbers read right", right[kind == "number"].mean(), ".1%"),
        at_least(0.98, "answers without a question mark that are right", right[sure].mean(), ".1%"),
        at_least(1, "pictures without a digit refused", right[kind == "empty"].mean(), ".1%"),
        at_most(0.2, "seconds a picture", seconds.mean(), ".2f"),
    ]


def main():
    parts = {part.__name__: part for part in (xor, mnist, handwriting, programs)}
    versions = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "jax"))
    print(f"Python {platform.python_version()}, {versions}, {platform.platform()}, {os.cpu_count()} cores\n")
    print("| program | time | result |\n| --- | ---: | --- |", flush=True)
    bounds = [bound for name in sys.argv[1:] or parts for bound in parts[name]()]
    print()
    for kept, line in bounds:
        print(line, "ok" if kept else "MISSED")
    sys.exit(not all(kept for kept, _ in bounds))


if __name__ == "__main__":
    main()
