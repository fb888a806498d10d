"""xor-numpy, checked against XOR itself and against TensorFlow's gradients."""

import re

import numpy as np
import pytest
from helpers import (
    XOR,
    cross_entropy,
    labels,
    load,
    reds,
    run,
    truth_table,
)

xor = load("xor-numpy")


def losses(out):
    """Returns the printed losses by their epochs."""
    found = re.findall(r"Epoch (\d+): loss ([\d.]+)", out)
    return {int(epoch): float(loss) for epoch, loss in found}


def test_prints_falling_losses_and_then_the_truth_table():
    status, out, err = run("xor-numpy")
    fall = losses(out)
    assert (status, err) == (0, "")
    assert list(fall) == list(range(0, 601, 60))
    assert list(fall.values()) == sorted(fall.values(), reverse=True)
    assert truth_table(out) == pytest.approx(XOR, abs=0.01)


@pytest.mark.parametrize("epochs", [0, 1, 600])
def test_last_loss_is_that_of_the_printed_outputs(epochs, printed):
    out = printed(xor.main, "--epochs", epochs)
    assert losses(out)[epochs] == pytest.approx(cross_entropy(out), abs=1e-4)


def test_no_epochs_show_the_untrained_network(printed):
    untrained, longer = (losses(printed(xor.main, "--epochs", epochs)) for epochs in (0, 60))
    assert untrained == {0: longer[0]}


def test_same_seed_same_output(printed):
    first, second, other = (printed(xor.main, "--epochs", 20, "--seed", seed) for seed in (7, 7, 8))
    assert first == second != other


def test_hidden_units_and_learning_rate_are_those_of_the_training(printed):
    out = printed(xor.main, "--epochs", 60, "--hidden", 3, "--learning-rate", 0.5)
    _, outputs = xor.forward(xor.X, *xor.train(epochs=60, hidden=3, learning_rate=0.5))
    assert list(truth_table(out).values()) == pytest.approx(outputs.ravel(), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradients_are_those_of_tensorflow(seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    weights = [tf.Variable(rng.normal(size=shape)) for shape in ((3, 8), (8, 1))]
    with tf.GradientTape() as tape:
        logits = tf.sigmoid(xor.X @ weights[0]) @ weights[1]
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(xor.y.astype(float), logits))
    syn0, syn1 = (variable.numpy() for variable in weights)
    l1, l2 = xor.forward(xor.X, syn0, syn1)
    assert xor.cross_entropy(xor.y, l2) == pytest.approx(loss.numpy(), rel=1e-9)
    ours = xor.backward(xor.X, xor.y, l1, l2, syn1)
    for gradient, tensorflow_s in zip(ours, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(gradient, tensorflow_s, rtol=1e-9)


def test_learns_from_twenty_starts():
    for seed in range(1, 21):
        _, outputs = xor.forward(xor.X, *xor.train(seed=seed))
        assert np.abs(outputs - [[0], [1], [1], [0]]).max() <= 0.01, f"seed {seed}"


def test_plot_of_main_shows_the_trained_network(tmp_path):
    path = tmp_path / "xor.png"
    xor.main(["--plot", str(path)])
    assert [red > 50 for red in reds(path)] == [True, False, False, True]
    assert [red < -50 for red in reds(path)] == [False, True, True, False]


def test_plot_has_each_input_on_its_axis(tmp_path):
    """A network that repeats its first input is red at the right, and blue at the left."""
    syn0, syn1 = np.array([[20, 0], [0, 0], [-10, 0]]), np.array([[20], [-20]])
    figure = xor.plot(syn0, syn1)
    inputs = "first input, a", "second input, b"
    assert labels(figure) == (*inputs, "output of the network", XOR)
    figure.savefig(tmp_path / "xor.png")
    assert [red > 50 for red in reds(tmp_path / "xor.png")] == [False, True, False, True]
