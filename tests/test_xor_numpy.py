"""xor-numpy, held against XOR itself and against TensorFlow's gradients."""

import re

import numpy as np
import pytest
from conftest import TABLE, assert_red_where_one, load, run

xor = load("xor-numpy")


def test_prints_falling_errors_and_then_the_truth_table():
    status, out, err = run("xor-numpy")
    errors = [float(error) for error in re.findall(r"^Epoch \d+: error (\S+)$", out, re.MULTILINE)]
    table = TABLE.findall(out)
    assert (status, err, len(errors)) == (0, "", 10)
    assert errors == sorted(errors, reverse=True)
    assert [(a, b) for a, b, _ in table] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert all(abs(float(answer) - (a != b)) < 0.01 for a, b, answer in table)
    assert out.endswith(f"1 xor 1 = {table[-1][2]}\n")


def test_same_seed_same_output():
    first, second, other = (run("xor-numpy", "--epochs", 20, "--seed", seed) for seed in (7, 7, 8))
    assert first == second != other


@pytest.mark.parametrize("seed", range(5))
def test_gradients_are_those_of_tensorflow(seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    weights = [tf.Variable(rng.normal(size=shape)) for shape in ((3, 8), (8, 1))]
    with tf.GradientTape() as tape:
        logits = tf.sigmoid(xor.X @ weights[0]) @ weights[1]
        loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(xor.y.astype(float), logits))
    syn0, syn1 = (variable.numpy() for variable in weights)
    steps = xor.backward(*xor.forward(xor.X, syn0, syn1), syn1)
    for step, gradient in zip(steps, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(step, -gradient, rtol=1e-9)


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_learns_from_every_start(start):
    for seed in range(start + 1, start + 51):
        answers = xor.forward(xor.X, *xor.train(seed=seed))[1]
        assert np.abs(answers - [[0], [1], [1], [0]]).max() <= 0.01, f"seed {seed}"


def test_plot_shows_each_corner_in_its_color(tmp_path):
    assert run("xor-numpy", "--plot", tmp_path / "xor.png")[::2] == (0, "")
    assert_red_where_one(tmp_path / "xor.png")
