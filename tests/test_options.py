"""What the options of the examples have in common, and what is said of a wrong one."""

import pytest
from conftest import EXAMPLES, load

MAINS = {name: load(name).main for name in EXAMPLES if name != "gpu-test"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_loading_an_example_trains_and_prints_nothing(example, capsys):
    load(example)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("example", MAINS)
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--epochs", "-1", "must not be less than 0"),
        ("--seed", "-1", "must not be less than 0"),
        ("--plot", "missing/plot.png", "No such file or directory"),
        ("--plot", "plot.doc", "Format 'doc' is not supported"),
    ],
)
def test_refused_before_the_training(example, option, value, message, refused):
    assert message in refused(MAINS[example], option, value)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--batch-size", "0"), ("--model", "missing/model.keras"), ("--model", "model.h5")],
)
def test_refused_by_mnist_before_the_training(option, value, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "less than 1" in (line := refused(MAINS["mnist"], option, value)) or value in line


@pytest.mark.parametrize("example", MAINS)
def test_plot_without_a_name_is_named_after_the_example(
    example, few, tmp_path, monkeypatch, printed
):
    monkeypatch.chdir(tmp_path)
    digits = ["--data", few, "--model", "model.keras"] if example == "mnist" else []
    printed(MAINS[example], "--epochs", 1, *digits, "--plot")
    assert (tmp_path / f"{example}.png").stat().st_size > 10_000  # not the empty one
