"""xor-numpy, held against XOR itself and against TensorFlow's gradients."""

import numpy as np
import pytest
from conftest import XOR, assert_red_where_one, cross_entropies, load, losses, run, truth_table

xor = load("xor-numpy")


def printed(capsys, *arguments):
    xor.main(arguments)
    return capsys.readouterr().out


def test_prints_falling_losses_and_then_the_truth_table():
    status, out, err = run("xor-numpy")
    fall = losses(out)
    assert (status, err) == (0, "")
    assert list(fall) == list(range(0, 601, 60))
    assert list(fall.values()) == sorted(fall.values(), reverse=True)
    assert truth_table(out) == pytest.approx(XOR, abs=0.01)


@pytest.mark.parametrize("epochs", [0, 600])
def test_last_loss_is_that_of_the_printed_outputs(epochs, capsys):
    out = printed(capsys, "--epochs", str(epochs))
    assert losses(out)[epochs] == pytest.approx(cross_entropies(out).sum(), abs=3e-4)


def test_no_epochs_show_the_untrained_network(capsys):
    out = printed(capsys, "--epochs", "0", "--seed", "0")
    longer = printed(capsys, "--epochs", "60", "--seed", "0")
    assert losses(out) == {0: losses(longer)[0]}


def test_same_seed_same_output(capsys):
    first, second, other = (printed(capsys, "--epochs", "20", "--seed", seed) for seed in "778")
    assert first == second != other


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradients_are_those_of_tensorflow(seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    weights = [tf.Variable(rng.normal(size=shape)) for shape in ((3, 8), (8, 1))]
    with tf.GradientTape() as tape:
        logits = tf.sigmoid(xor.X @ weights[0]) @ weights[1]
        loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(xor.y.astype(float), logits))
    syn0, syn1 = (variable.numpy() for variable in weights)
    l1, l2 = xor.forward(xor.X, syn0, syn1)
    assert xor.cross_entropy(xor.y, l2) == pytest.approx(loss.numpy(), rel=1e-9)
    ours = xor.backward(xor.X, xor.y, l1, l2, syn1)
    for gradient, tensorflow_s in zip(ours, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(gradient, tensorflow_s, rtol=1e-9)


def largest_error(**options):
    """Returns the largest error of the four outputs after a training with these options."""
    _, outputs = xor.forward(xor.X, *xor.train(**options))
    return np.abs(outputs - [[0], [1], [1], [0]]).max()


def test_learns_from_200_starts():
    for seed in range(1, 201):
        assert largest_error(seed=seed) <= 0.01, f"seed {seed}"


def test_with_three_hidden_units_one_of_two_starts_gets_stuck():
    """As the README says."""
    errors = [largest_error(seed=seed, hidden=3) for seed in (1, 2)]
    assert min(errors) < 0.05
    assert max(errors) > 0.4


def test_plot_shows_each_corner_in_its_color(tmp_path):
    xor.main(["--plot", str(tmp_path / "xor.png")])
    assert_red_where_one(tmp_path / "xor.png")
