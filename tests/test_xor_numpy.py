"""xor-numpy, held against XOR itself and against TensorFlow's gradients."""

import re

import numpy as np
import pytest
from conftest import TABLE, assert_red_where_one, load

xor = load("xor-numpy")


def printed(capsys, *arguments):
    xor.main(arguments)
    return capsys.readouterr().out


def test_prints_falling_losses_and_then_the_truth_table(capsys):
    out = printed(capsys)
    losses = [float(loss) for loss in re.findall(r"^Epoch \d+: loss (\S+)$", out, re.MULTILINE)]
    table = TABLE.findall(out)
    assert len(losses) == 10
    assert losses == sorted(losses, reverse=True)
    assert [(a, b) for a, b, _ in table] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert all(abs(float(answer) - (a != b)) < 0.01 for a, b, answer in table)
    assert out.endswith(f"1 xor 1 = {table[-1][2]}\n")


def test_no_epochs_show_the_untrained_network(capsys):
    out = printed(capsys, "--epochs", "0", "--seed", "0")
    syn0, syn1 = xor.train(epochs=0, seed=0)
    answers = 1 / (1 + np.exp(-1 / (1 + np.exp(-xor.X @ syn0)) @ syn1))
    assert [float(answer) for *_, answer in TABLE.findall(out)] == pytest.approx(answers[:, 0], abs=1e-4)
    assert "Epoch" not in out


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
    steps = xor.backward(xor.X, xor.y, l1, l2, syn1)
    for step, gradient in zip(steps, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(step, -gradient, rtol=1e-9)


def test_learns_from_every_start():
    for seed in range(1, 201):
        answers = xor.forward(xor.X, *xor.train(seed=seed))[1]
        assert np.abs(answers - [[0], [1], [1], [0]]).max() <= 0.01, f"seed {seed}"


def test_plot_shows_each_corner_in_its_color(tmp_path):
    xor.main(["--plot", str(tmp_path / "xor.png")])
    assert_red_where_one(tmp_path / "xor.png")
