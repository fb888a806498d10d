"""xor-keras, checked against XOR itself."""

import os
import re

import numpy as np
import pytest
from helpers import (
    XOR,
    cross_entropy,
    labels,
    load,
    needs_jax,
    reds,
    run,
    truth_table,
)

xor = load("xor-keras")


def test_prints_summary_progress_and_truth_table_and_plots_the_trained_network(printed, tmp_path):
    out = printed(xor.main, "--plot", tmp_path / "xor.png")
    assert "Total params: 65 " in out
    assert re.findall(r"^Epoch (\d+)/60$", out, re.MULTILINE) == [str(i) for i in range(1, 61)]
    assert "binary_accuracy: 1.0000" in out
    assert truth_table(out) == pytest.approx(XOR, abs=0.05)
    assert [red > 50 for red in reds(tmp_path / "xor.png")] == [True, False, False, True]


@needs_jax
def test_runs_on_jax():
    status, out, _ = run("xor-keras", env={**os.environ, "KERAS_BACKEND": "jax"})
    assert status == 0
    assert truth_table(out) == pytest.approx(XOR, abs=0.05)


def test_no_epochs_show_the_untrained_network_whose_loss_is_the_mean_cross_entropy(printed):
    untrained = printed(xor.main, "--epochs", 0, "--seed", 0)
    trained = printed(xor.main, "--epochs", 1, "--seed", 0)
    assert "Epoch" not in untrained
    loss = float(re.search(r" loss: ([\d.]+)", trained)[1])  # Keras's, before the first step
    assert loss == pytest.approx(cross_entropy(untrained), abs=1e-3)


def test_same_seed_same_output(printed):
    def losses(seed):
        return re.findall(r" loss: (\S+)", printed(xor.main, "--epochs", 12, "--seed", seed))

    assert losses(7) == losses(7) != losses(8)


def test_learns_from_other_starts():
    for seed in 2, 3:
        xor.keras.utils.set_random_seed(seed)
        model = xor.build_model()
        xor.train(model)
        outputs = model.predict(xor.training_data, verbose=0)
        assert np.abs(outputs - [[0], [1], [1], [0]]).max() <= 0.05, f"seed {seed}"


def test_plot_has_each_input_on_its_axis(tmp_path):
    """A network that repeats its first input is red at the right, and blue at the left."""
    model = xor.build_model()
    hidden, output = np.zeros((2, 16)), np.zeros((16, 1))
    hidden[0, 0], output[0, 0] = 20, 20
    model.set_weights([hidden, np.full(16, -10), output, np.zeros(1)])
    figure = xor.plot(model)
    inputs = "first input, a", "second input, b"
    assert labels(figure) == (*inputs, "output of the network", XOR)
    figure.savefig(tmp_path / "xor.png")
    assert [red > 50 for red in reds(tmp_path / "xor.png")] == [False, True, False, True]
