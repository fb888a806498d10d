"""xor-keras, held against XOR itself."""

import os

import numpy as np
import pytest
from conftest import (
    XOR,
    assert_red_where_one,
    cross_entropies,
    load,
    losses,
    needs_jax,
    run,
    truth_table,
)

xor = load("xor-keras")


def printed(capsys, *arguments):
    xor.main(arguments)
    return capsys.readouterr().out


def test_prints_summary_progress_and_truth_table_and_plots_each_corner_in_its_color(
    capsys, tmp_path
):
    out = printed(capsys, "--plot", str(tmp_path / "xor.png"))
    assert "Total params: 65 " in out
    assert ", accuracy 1.00\n" in out
    assert list(losses(out)) == list(range(0, 61, 6))
    assert truth_table(out) == pytest.approx(XOR, abs=0.05)
    assert_red_where_one(tmp_path / "xor.png")


@needs_jax
def test_runs_on_jax():
    status, out, _ = run("xor-keras", env={**os.environ, "KERAS_BACKEND": "jax"})
    assert status == 0
    assert truth_table(out) == pytest.approx(XOR, abs=0.05)


def test_no_epochs_show_the_untrained_network(capsys):
    out = printed(capsys, "--epochs", "0", "--seed", "0")
    xor.keras.utils.set_random_seed(0)
    outputs = xor.build_model().predict(xor.training_data, verbose=0)
    assert list(truth_table(out).values()) == pytest.approx(outputs[:, 0], abs=1e-4)
    assert losses(out) == pytest.approx({0: cross_entropies(out).mean()}, abs=3e-4)


def test_same_seed_same_output(capsys):
    first, second, other = (printed(capsys, "--epochs", "12", "--seed", seed) for seed in "778")
    assert first.split("Epoch")[1:] == second.split("Epoch")[1:] != other.split("Epoch")[1:]


def test_loss_after_an_epoch_is_that_which_a_shorter_run_ends_with(capsys):
    shorter, longer = (losses(printed(capsys, "--epochs", epochs)) for epochs in ("6", "12"))
    assert longer[6] == pytest.approx(shorter[6], abs=1e-3)


def test_learns_from_three_starts():
    for seed in range(1, 4):
        xor.keras.utils.set_random_seed(seed)
        model = xor.build_model()
        xor.train(model)
        outputs = model.predict(xor.training_data, verbose=0)
        assert np.abs(outputs - [[0], [1], [1], [0]]).max() <= 0.05, f"seed {seed}"
