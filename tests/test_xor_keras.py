"""xor-keras, held against XOR itself."""

import re

import numpy as np
import pytest
from conftest import TABLE, assert_red_where_one, finish, load, start, without_times

xor = load("xor-keras")


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """Two runs at once with the same seed, each with a picture: status, standard output and error."""
    folder = tmp_path_factory.mktemp("xor")
    runs = [start("xor-keras", "--plot", folder / f"{number}.png") for number in range(2)]
    return folder, [finish(process) for process in runs]


def test_prints_progress_and_then_the_truth_table(two_runs):
    _, [(status, out, err), _] = two_runs
    table = TABLE.findall(out)
    accuracies = [float(accuracy) for accuracy in re.findall(r"binary_accuracy: (\S+)", out)]
    assert (status, err) == (0, "")
    assert [(a, b) for a, b, _ in table] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert all(abs(float(answer) - (a != b)) < 0.05 for a, b, answer in table)
    assert 3 <= len(accuracies) <= 20
    assert accuracies[-1] == 1


def test_same_seed_same_output(two_runs):
    _, runs = two_runs
    first, second = (without_times(out) for _, out, _ in runs)
    assert first == second


def test_plot_shows_each_corner_in_its_color(two_runs):
    folder, _ = two_runs
    assert_red_where_one(folder / "0.png")


def test_learns_from_every_start():
    for seed in range(1, 21):
        answers = xor.train(seed=seed, verbose=0)(xor.training_data)
        assert np.abs(answers - [[0], [1], [1], [0]]).max() <= 0.05, f"seed {seed}"


def test_is_the_network_of_the_post():
    model = xor.build_model()
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]
    assert [layer.units for layer in model.layers] == [16, 1]
