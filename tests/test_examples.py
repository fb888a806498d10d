"""What the examples have in common: they run as programs, and their options."""

import pytest
from helpers import EXAMPLES, load, run

MAINS = {name: load(name).main for name in EXAMPLES if name != "gpu-test"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_loading_an_example_trains_and_prints_nothing(example, capsys):
    load(example)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("example", "last_line"),
    [
        ("gpu-test", "Keras will train on the CPU"),
        ("xor-numpy", "1 xor 1 = 0."),
        ("xor-keras", "1 xor 1 = 0."),
        ("mnist", "To read your own handwriting: "),
    ],
)
def test_runs_as_a_program_in_its_folder(example, last_line, few, tmp_path):
    options = [] if example == "gpu-test" else ["--epochs", 2]
    options += ["--data", few, "--model", tmp_path / "model.keras"] if example == "mnist" else []
    status, out, err = run(example, *options)
    assert status == 0, err
    assert last_line in out.splitlines()[-1]


WRONG = [
    (["xor-numpy", "xor-keras", "mnist"], "--epochs", "-1", "must not be less than 0"),
    (["xor-numpy", "xor-keras", "mnist"], "--seed", "-1", "must not be less than 0"),
    (["xor-numpy"], "--hidden", "-1", "must not be less than 0"),
    (["xor-numpy", "xor-keras", "mnist"], "--plot", "missing/plot.png", "in a folder that exists"),
    (["xor-numpy", "xor-keras", "mnist"], "--plot", "plot.doc", "must be a .png or .svg file"),
    (["mnist"], "--batch-size", "0", "nor --batch-size less than 1"),
    (["mnist"], "--model", "missing/model.keras", "in a writable folder"),
    (["mnist"], "--model", f"{__file__}/model.keras", "in a writable folder"),
    (["mnist"], "--model", "model.h5", "must be a .keras file"),
]


@pytest.mark.parametrize(
    ("example", "option", "value", "message"),
    [(example, *wrong) for examples, *wrong in WRONG for example in examples],
)
def test_refused_in_a_line_before_the_training(
    example, option, value, message, refused, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model = ["--model", "model.keras"] if example == "mnist" else []
    assert message in refused(MAINS[example], *model, option, value)


@pytest.mark.parametrize("example", MAINS)
def test_plot_without_a_name_is_named_after_the_example(
    example, few, tmp_path, monkeypatch, printed
):
    monkeypatch.chdir(tmp_path)
    digits = ["--data", few, "--model", "model.keras"] if example == "mnist" else []
    printed(MAINS[example], "--epochs", 1, *digits, "--plot")
    assert [path.name for path in tmp_path.glob("*.png")] == [f"{example}.png"]
