"""The part `lines` of benchmark.py: what the lines of mnist/main.py are worth.

The network is trained as it is and as LINES change it, without the test digits.
"""

from contextlib import nullcontext
from functools import partial
from unittest import mock

import keras
import numpy as np
from helpers import ROOT, load
from keras import layers
from report import head, row, timed
from scipy import stats

mnist = load("mnist")
X, Y, _, _ = mnist.load_digits(ROOT / "mnist" / "mnist.npz")


def network_of(old):
    """Returns an untrained network with layers such as these."""
    new = [layer.from_config(layer.get_config()) for layer in old]
    return keras.Sequential([keras.Input((28, 28)), *new])


def without(*types):
    """Returns mnist's network without its layers of these types."""
    return network_of([part for part in mnist.build_model().layers if not isinstance(part, types)])


def pooling_last():
    network = mnist.build_model().layers
    for i in [i for i, layer in enumerate(network) if isinstance(layer, layers.MaxPooling2D)]:
        pooling, normalization, relu = network[i : i + 3]
        network[i : i + 3] = normalization, relu, pooling
    return network_of(network)


def without_last_convolution():
    *first, _, _, _, flatten, last = mnist.build_model().layers
    return network_of([*first, flatten, last])


def one_hidden_layer():
    reshape, rescaling, shifts, *_, last = mnist.build_model().layers
    hidden = layers.Flatten(), layers.Dense(128, "relu")
    return network_of([reshape, rescaling, shifts, *hidden, last])


CONSTANT = "with a learning rate of 0.01 all the time"
LINES = {  # for each row of the table a function that returns the network
    "as it is": without,
    "without the shifts": partial(without, layers.RandomTranslation),
    "without `Rescaling`": partial(without, layers.Rescaling),
    "without batch normalization": partial(without, layers.BatchNormalization),
    "without `Rescaling` and batch normalization": partial(
        without, layers.Rescaling, layers.BatchNormalization
    ),
    "without ReLU": partial(without, layers.ReLU),
    "pooling after normalization and ReLU": pooling_last,
    "without the last convolution": without_last_convolution,
    "one hidden `Dense(128)` instead of convolutions": one_hidden_layer,
    CONSTANT: without,
}


def constant_rate(learning_rate, steps):
    """Stands in for CosineDecay."""
    return learning_rate


def train_line(name, x, y, **options):
    """Trains the network of a row as mnist does, and returns it."""
    model = LINES[name]()
    schedules = keras.optimizers.schedules
    constant = mock.patch.object(schedules, "CosineDecay", constant_rate)
    with constant if name == CONSTANT else nullcontext():
        mnist.train(model, x, y, verbose=0, **options)
    return model


def accuracies(name, part):
    """Trains on all training digits but a sixth of them, of parts 0 to 5.

    Returns the accuracies on the sixth, in %: on its digits as they are, and moved by two pixels.
    """
    held_out = np.arange(len(X)) * 6 // len(X) == part
    keras.utils.clear_session()
    keras.utils.set_random_seed(part)
    model = train_line(name, X[~held_out], Y[~held_out])
    found = []
    for move in (0, 0), (2, 0), (-2, 0), (0, 2), (0, -2):
        moved = np.roll(X[held_out], move, axis=(1, 2))
        _, accuracy = model.evaluate(moved, Y[held_out], batch_size=1000, verbose=0)
        found.append(100 * accuracy)
    return found[0], np.mean(found[1:])


def times():
    """Returns the seconds that 50 steps take for each row: the least of five times."""
    x, y = X[:6400], Y[:6400]
    models = {name: train_line(name, x, y, epochs=1) for name in LINES}  # also compiled by that
    seconds = {name: [] for name in LINES}
    for _ in range(5):  # in turn; what else runs on the machine can only add to a time
        for name, model in models.items():
            taken, _ = timed(model.fit, x, y, batch_size=128, verbose=0)
            seconds[name].append(taken)
    return {name: min(taken) for name, taken in seconds.items()}


def measure():
    """Trains each row four times.

    The differences are means over pairs: two networks that are tested on the same digits.
    """
    seconds = times()
    results = {name: [accuracies(name, part) for part in range(4)] for name in LINES}
    head("mnist/main.py", "accuracy, %", "difference", "moved by 2 pixels, %", "time")
    as_it_is, _ = np.transpose(results["as it is"])
    for name in LINES:
        still, moved = np.transpose(results[name])
        difference = still - as_it_is
        row(
            name,
            f"{still.mean():.2f} ± {stats.sem(still):.2f}",
            f"{difference.mean():+.2f} ± {stats.sem(difference):.2f}",
            f"{moved.mean():.1f}",
            f"{seconds[name] / seconds['as it is']:.2f}",
        )
