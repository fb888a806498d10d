"""xor-keras, held against XOR itself."""

import os
import re

import numpy as np
import pytest
from conftest import TABLE, assert_red_where_one, load, run, without_times

xor = load("xor-keras")


def printed(capsys, *arguments):
    xor.main(arguments)
    return capsys.readouterr().out


def assert_learned(out):
    table = TABLE.findall(out)
    assert [(a, b) for a, b, _ in table] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert all(abs(float(answer) - (a != b)) < 0.05 for a, b, answer in table)


def test_prints_summary_progress_and_then_the_truth_table():
    status, out, err = run("xor-keras")
    assert (status, err) == (0, "")
    assert "Total params: 65 " in out
    assert len(re.findall(r"^20/20 - .* - binary_accuracy: \S+ - loss: \S+$", out, re.MULTILINE)) == 4
    assert_learned(out)


def test_learns_on_jax():
    status, out, _ = run("xor-keras", env={**os.environ, "KERAS_BACKEND": "jax"})
    assert status == 0
    assert_learned(out)


def test_no_epochs_show_the_untrained_network(capsys):
    out = printed(capsys, "--epochs", "0", "--seed", "0")
    xor.keras.utils.set_random_seed(0)
    answers = xor.build_model().predict(xor.training_data, verbose=0)
    assert [float(answer) for *_, answer in TABLE.findall(out)] == pytest.approx(answers[:, 0], abs=1e-4)
    assert "Epoch" not in out


def test_same_seed_same_output(capsys):
    first, second, other = (without_times(printed(capsys, "--epochs", "2", "--seed", seed)) for seed in "778")
    assert first.split("Epoch")[1:] == second.split("Epoch")[1:] != other.split("Epoch")[1:]


def test_learns_from_every_start():
    for seed in range(1, 21):
        xor.keras.utils.set_random_seed(seed)
        model = xor.build_model()
        xor.train(model, verbose=0)
        assert np.abs(model(xor.training_data) - [[0], [1], [1], [0]]).max() <= 0.05, f"seed {seed}"


def test_plot_shows_each_corner_in_its_color(tmp_path):
    xor.main(["--plot", str(tmp_path / "xor.png")])
    assert_red_where_one(tmp_path / "xor.png")


def test_is_the_network_of_the_post():
    model = xor.build_model()
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]
    assert [layer.units for layer in model.layers] == [16, 1]
