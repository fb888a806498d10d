"""Measures what a reader gets for the time, against what else there is; prints the README's tables.

`make bench` runs all of it, on an idle machine; `python tests/benchmark.py xor mnist lines` the
parts that are named. After the tables come the bounds; status 1 if one is missed.
"""

import os
import platform
import re
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
MNIST = ROOT / "mnist" / "main.py"

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


def row(*cells):
    print("|", " | ".join(cells), "|", flush=True)


def head(first, *others):
    """Begins a table; its first column is text, the others are numbers."""
    print()
    row(first, *others)
    row("---", *["---:" for _ in others])


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


def program(*arguments):
    """Runs Python with these arguments, as a process."""
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def in_turn(runs, *functions):
    """Calls the functions in turn, `runs` times; returns seconds (functions, runs)."""
    return np.array([[timed(function)[0] for function in functions] for _ in range(runs)]).T


def silence():
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def fresh(function, tasks, each=1, at_once=1):
    """Returns what a function returns for the tasks, in a new process for `each` of them.

    at_once: how many processes run at a time; None means one a core.
    """
    options = {"mp_context": get_context("spawn"), "initializer": silence, "max_tasks_per_child": 1}
    with ProcessPoolExecutor(at_once, **options) as pool:
        return list(pool.map(function, tasks, chunksize=each))


@cache
def load(path):
    """Returns what a program defines, to be used like a module."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / path)))


def programs():
    """Compares each XOR program with the import of its library."""
    bounds = []
    for library, runs, limit in ("numpy", 15, 1.5), ("keras", 9, 2):
        run_ours = partial(program, ROOT / f"xor-{library}" / "main.py")
        ours, theirs = in_turn(runs, run_ours, partial(program, "-c", f"import {library}"))
        name = f"xor-{library} ÷ import {library}"
        bounds.append(at_most(limit, name, np.median(ours / theirs), ".2f"))
    return bounds


def numpy_error(seed):
    """Returns the largest error of the four outputs after one start, as the next three do."""
    xor = load("xor-numpy/main.py")
    _, l2 = xor.forward(xor.X, *xor.train(seed=seed))
    return np.abs(l2 - xor.y).max()


def post_numpy_error(seed):
    np.random.seed(seed)
    exec(POST_NUMPY, post := {})
    return np.abs(post["l2"] - post["y"]).max()


def keras_error(seed):
    xor = load("xor-keras/main.py")
    xor.keras.utils.set_random_seed(seed)
    xor.train(model := xor.build_model())
    return np.abs(model.predict(xor.training_data, verbose=0) - xor.target_data).max()


def post_keras_error(seed):
    load("xor-keras/main.py").keras.utils.set_random_seed(seed)
    exec(POST_KERAS, post := {})
    return np.abs(post["model"].predict(post["training_data"]) - post["target_data"]).max()


def xor_row(name, seconds, errors, starts=20):
    """Prints a program's time and how the first starts did, by the post's criterion and by ours."""
    errors = np.array(errors[:starts])
    rounded, near = (errors < 0.5).sum(), (errors <= 0.05).sum()
    row(
        name,
        f"{np.median(seconds):.2f} s",
        f"{rounded} of {starts}",
        f"{near} of {starts}",
        f"{errors.max():.4f}",
    )


def xor(runs=(5, 3), starts=20, numpy_starts=10000, keras_starts=1000):
    """Compares the XOR programs with the post's, and tries ours with many starts."""
    first = range(1, starts + 1)
    head("program", "time", "right when rounded", "off by at most 0.05", "largest error")
    run_ours = partial(program, ROOT / "xor-numpy" / "main.py")
    post, ours = in_turn(runs[0], partial(program, "-c", POST_NUMPY), run_ours)
    numpy_errors = fresh(numpy_error, range(1, numpy_starts + 1), 500, None)
    xor_row(
        "the post's XOR with NumPy, 60,000 iterations",
        post,
        fresh(post_numpy_error, first, 5, None),
    )
    xor_row("`xor-numpy`, 600 epochs", ours, numpy_errors)

    run_ours = partial(program, ROOT / "xor-keras" / "main.py")
    post, ours = in_turn(runs[1], partial(program, "-c", POST_KERAS), run_ours)
    # TensorFlow keeps what it has traced, so each process trains 25 networks and no more.
    keras_errors = fresh(keras_error, range(1, keras_starts + 1), 25, None)
    xor_row("the post's XOR with Keras, 500 epochs", post, fresh(post_keras_error, first, 5, None))
    xor_row("`xor-keras`, 60 epochs", ours, keras_errors)
    return [
        at_most(
            0.01, f"xor-numpy: largest error of {numpy_starts:,} starts", max(numpy_errors), ".4f"
        ),
        at_most(
            0.05, f"xor-keras: largest error of {keras_starts:,} starts", max(keras_errors), ".4f"
        ),
    ]


def train(convnet, epochs, digits, seed):
    """Trains "ours", Keras's mnist_cnn.py of "2018" or mnist_convnet.py of "today".

    Returns the seconds of the training, and the loss and the accuracy on the test digits.
    """
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
        y, y_test = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(y_test, 10)
        conv, pool = partial(layers.Conv2D, kernel_size=3, activation="relu"), layers.MaxPooling2D
        if convnet == "2018":
            hidden = [conv(32), conv(64), pool(), layers.Dropout(0.25), layers.Flatten()]
            hidden += [layers.Dense(128, activation="relu"), layers.Dropout(0.5)]
            optimizer = keras.optimizers.Adadelta(1.0)  # its learning rate in 2018
            validation = {"validation_data": (x_test, y_test)}
        else:
            hidden = [conv(32), pool(), conv(64), pool(), layers.Flatten(), layers.Dropout(0.5)]
            optimizer, validation = "adam", {"validation_split": 0.1}
        output = layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((28, 28, 1)), *hidden, output])
        model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        if epochs == 1:  # of twelve, of which only the first waits for TensorFlow to start
            model.fit(x[:128], y[:128], validation_data=(x_test[:128], y_test[:128]), verbose=0)
        seconds, _ = timed(model.fit, x, y, batch_size=128, epochs=epochs, verbose=0, **validation)
    return seconds, *model.evaluate(x_test, y_test, verbose=0)


def mnist_row(name, results):
    """Prints how trainings did; returns their times, test losses and test accuracies."""
    seconds, losses, accuracies = np.array(results).T
    row(name, f"{np.median(seconds):.0f} s", f"{accuracies.mean():.2%}", str(len(results)))
    return seconds, losses, accuracies


def mnist(pairs=5, digits=60000):
    """Compares mnist with the convnets of Keras's own examples."""

    def trained(convnet, epochs, *seeds):
        return fresh(partial(train, convnet, epochs, digits), seeds)

    seeds = range(1, pairs + 1)
    head("program", "time", "test accuracy", "trainings")
    mnist_row("Keras's network of 2018, 12 epochs", trained("2018", 12, 1))
    mnist_row("keras.io's network of today, 15 epochs", trained("today", 15, 1))
    *_, quick = mnist_row("`mnist --epochs 1`", trained("ours", 1, *seeds))
    in_pairs = [trained("2018", 1, seed) + trained("ours", 4, seed) for seed in seeds]
    seconds, losses, accuracies = mnist_row("`mnist`, 4 epochs", [ours for _, ours in in_pairs])
    shares = [12 * epoch / ours for ((epoch, *_), _), ours in zip(in_pairs, seconds, strict=True)]
    return [
        at_least(0.9945, "mnist: accuracy, mean of the seeds", accuracies.mean(), ".2%"),
        at_least(0.9935, "mnist: accuracy, least of the seeds", accuracies.min(), ".2%"),
        at_most(0.03, "mnist: test loss, largest of the seeds", losses.max(), ".4f"),
        at_least(0.9910, "mnist --epochs 1: accuracy, mean of the seeds", quick.mean(), ".2%"),
        at_least(10, "12 times an epoch of the network of 2018 ÷ mnist", np.median(shares), ".1f"),
    ]


def jax(starts=20):
    """Runs both Keras examples on JAX, for a row each in the tables above."""
    os.environ["KERAS_BACKEND"] = "jax"
    (seconds,) = in_turn(3, partial(program, ROOT / "xor-keras" / "main.py"))
    xor_row("`xor-keras` on JAX", seconds, fresh(keras_error, range(1, starts + 1), 25, None))
    mnist_row("`mnist --epochs 1` on JAX", fresh(partial(train, "ours", 1, 60000), [1]))
    return []


# What a reader may change in mnist/main.py: for each row of the table the texts to replace, as
# regular expressions, with what takes their places and how often they occur.
LINES = {
    "as it is": [],
    "without the shifts": [(r" +layers\.RandomTranslation.*\n", "", 1)],
    "without `Rescaling`": [(r" +layers\.Rescaling.*\n", "", 1)],
    "without batch normalization": [(r" +layers\.BatchNormalization\(\),\n", "", 3)],
    "without `Rescaling` and batch normalization": [
        (r" +layers\.Rescaling.*\n", "", 1),
        (r" +layers\.BatchNormalization\(\),\n", "", 3),
    ],
    "without ReLU": [(r" +layers\.ReLU\(\),\n", "", 3)],
    "ReLU before the pooling": [
        (r"(layers\.MaxPooling2D\(\)),.*\n(.*Batch.*\n.*ReLU\(\),\n)", r"\2\1,\n", 2),
    ],
    "without the last convolution": [(r" +layers\.Conv2D\(64.*\n.*Batch.*\n.*ReLU.*\n", "", 1)],
    "one hidden `Dense(128)` instead of convolutions": [
        (
            r"layers\.Conv2D\(16(.*\n)+.*Flatten\(\)",
            "layers.Flatten(), layers.Dense(128, 'relu')",
            1,
        )
    ],
    "without `beta_2=0.95`": [(r", beta_2=0\.95", "", 1)],
    "with a learning rate of 0.01 all the time": [
        (r"keras\.\S+CosineDecay\(0\.01, .*\)", "0.01", 1)
    ],
}


def edited(name):
    """Returns mnist/main.py, edited as LINES says, as a module."""
    source = MNIST.read_text()
    for pattern, replacement, times in LINES[name]:
        source, found = re.subn(pattern, replacement, source)
        assert found == times, f"{name}: {pattern} occurs {found} times in {MNIST.name}"
    names = {"__name__": "main", "__file__": str(MNIST)}
    exec(compile(source, name, "exec"), names)
    return SimpleNamespace(**names)


def training_digits(count):
    """Returns the first of MNIST's training digits, (count, 28, 28), and their labels, (count,)."""
    example = load("mnist/main.py")
    x, y, _, _ = example.load_digits(example.HERE / "mnist.npz")
    return x[:count], y[:count]


def train_edited(task, digits=60000):
    """Trains an edited mnist/main.py without a sixth of the training digits.

    Returns the accuracies on the sixth: on its digits as they are, and moved by two pixels.
    """
    name, part = task
    example = edited(name)
    x, y = training_digits(digits)
    held_out = np.arange(len(x)) * 6 // len(x) == part % 6
    example.keras.utils.set_random_seed(part)
    model = example.build_model()
    example.train(model, x[~held_out], y[~held_out], verbose=0)
    moves = (0, 0), (2, 0), (-2, 0), (0, 2), (0, -2)
    moved = [np.roll(x[held_out], move, axis=(1, 2)) for move in moves]
    evaluate = partial(model.evaluate, y=y[held_out], batch_size=1000, verbose=0)
    still, *others = [evaluate(images)[1] for images in moved]
    return 100 * still, 100 * np.mean(others)


def time_edited(rounds):
    """Trains all of LINES for 50 steps in turn; returns seconds (LINES, rounds)."""
    x, y = training_digits(6400)
    fits = []
    for name in LINES:
        example = edited(name)
        model = example.build_model()
        example.train(model, x, y, epochs=1, verbose=0)  # also compiles it
        fits.append(partial(model.fit, x, y, batch_size=128, verbose=0))
    return in_turn(rounds, *fits)


def with_error(values, sign=""):
    """Returns the mean of values and its standard error, as text."""
    return f"{values.mean():{sign}.2f} ± {values.std(ddof=1) / len(values) ** 0.5:.2f}"


def lines(trainings=6, digits=60000, rounds=10):
    """Trains mnist as it is and as LINES change it, without a look at the test digits."""
    tasks = [(name, part) for part in range(trainings) for name in LINES]
    results = np.array(fresh(partial(train_edited, digits=digits), tasks))
    results = results.reshape(trainings, len(LINES), 2)
    still, moved = results.transpose(2, 1, 0)  # each (LINES, trainings)
    (seconds,) = fresh(time_edited, [rounds])
    head("mnist/main.py", "accuracy, %", "difference", "moved by 2 pixels, %", "time")
    for i, name in enumerate(LINES):
        accuracy, difference = with_error(still[i]), with_error(still[i] - still[0], "+")
        share = seconds[i].min() / seconds[0].min()  # what else the machine does only adds to it
        row(name, accuracy, difference, f"{moved[i].mean():.1f}", f"{share:.2f}")
    return []


# without a digit; what is left of these is taken for one now and then
HARD = "shadow", "shadow of a hand", "line"


def pictures_read(each, large, numbers, sheets, empty, hard, digits, seed):
    """Trains mnist's network and has it read pictures.

    Returns for each its kind, whether it is read right, refused, and without doubt, and seconds.
    """
    import pictures

    example, predict = load("mnist/main.py"), load("mnist/predict.py")
    example.keras.utils.set_random_seed(seed)
    model = example.build_model()
    example.train(model, *training_digits(digits), verbose=0)
    rng = np.random.default_rng(seed)

    def made():
        for kind, make in pictures.KINDS.items():
            for i in range(large if kind == "ten megapixels" else each):
                yield kind, str(i % 10), make(rng, str(i % 10))
        for _ in range(numbers):
            number = pictures.random_number(rng)
            yield "number", number, pictures.row(rng, number)
        for _ in range(sheets):
            rows = pictures.random_sheet(rng)
            yield "sheet", rows, pictures.sheet(rng, rows)
        for kind, make in pictures.EMPTY.items():
            for _ in range(hard if kind in HARD else empty):
                yield f"no digit: {kind}", None, make(rng)

    results = []
    for kind, right, picture in made():
        seconds, (answer, sure) = timed(pictures.read, predict, model, pictures.saved(picture))
        results.append((kind, answer == right, answer is None, sure, seconds))
    return results


def handwriting(each=40, large=20, numbers=400, sheets=200, empty=10, hard=100, digits=60000):
    """Has predict.py read pictures of digits as people make them, and some without; no row."""
    task = partial(pictures_read, each, large, numbers, sheets, empty, hard, digits)
    (results,) = fresh(task, [1])
    kind, right, refused, sure, seconds = map(np.array, zip(*results, strict=True))
    no_digit = np.char.startswith(kind, "no digit")
    is_hard = np.isin(kind, [f"no digit: {name}" for name in HARD])
    single = (kind != "number") & (kind != "sheet") & ~no_digit
    least, name = min((right[kind == name].mean(), name) for name in set(kind[single]))
    return [
        at_least(0.96, "single digits read right", right[single].mean(), ".1%"),
        at_least(0.85, f"those of the least kind, {name}", least, ".1%"),
        at_most(0.005, "single digits refused", refused[single].mean(), ".1%"),
        at_least(0.92, "numbers read right", right[kind == "number"].mean(), ".1%"),
        at_least(0.8, "sheets of several rows read right", right[kind == "sheet"].mean(), ".1%"),
        at_least(0.98, "answers without a question mark that are right", right[sure].mean(), ".1%"),
        at_least(1, "pictures without a digit refused", right[no_digit & ~is_hard].mean(), ".1%"),
        at_least(0.98, "shadows and lone lines refused", right[is_hard].mean(), ".1%"),
        at_most(0.2, "seconds a picture", seconds.mean(), ".2f"),
    ]


def main():
    parts = {part.__name__: part for part in (xor, mnist, lines, handwriting, programs)}
    versions = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras"))
    print(f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores")
    bounds = [bound for name in sys.argv[1:] or parts for bound in (parts | {"jax": jax})[name]()]
    print()
    for kept, line in bounds:
        print(line, "ok" if kept else "MISSED")
    sys.exit(not all(kept for kept, _ in bounds))


if __name__ == "__main__":
    main()
