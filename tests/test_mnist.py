"""mnist, held against MNIST's published checksums, 98 % after one epoch, and its kept network."""

import hashlib
import os
import re
import signal
import struct
import subprocess
import sys

import benchmark
import numpy as np
import pytest
from conftest import ROOT, load, needs_jax, run, start

mnist = load("mnist")
keras = mnist.keras
DATA = ROOT / "mnist" / "mnist.npz"
KILLED_WHILE_SAVING = """
import os, sys, zipfile; sys.path.insert(0, "."); import main
zipfile.ZipFile.close = lambda *_: os._exit(9)  # which tidies nothing up, like kill -9
main.save(main.build_model(), main.Path(sys.argv[1]))
"""


def test_digits_have_the_published_checksums():
    published = (
        "6bbc9ace898e44ae57da46a324031adb",  # training images
        "a25bea736e30d166cdddb491f175f624",  # training labels
        "2646ac647ad5339dbf082846283269ea",  # test images
        "27ae3e4e09519cfbb04c329615203637",  # test labels
    )
    for digits, md5 in zip(mnist.load_digits(DATA), published, strict=True):
        # The original files begin with a header that tells their shape.
        header = struct.pack(f">{1 + digits.ndim}I", 0x800 + digits.ndim, *digits.shape)
        assert hashlib.md5(header + digits.tobytes()).hexdigest() == md5


def results(out):
    """Returns the loss, the accuracy and the number of misread digits in mnist's last two lines."""
    loss, accuracy = out.splitlines()[-2:]
    _, _, share, misread, *_ = accuracy.split()
    return float(loss.removeprefix("Test loss: ")), float(share), int(misread[1:])


def without_times(out):
    """Returns Keras's progress without what differs between two runs with the same seed."""
    return re.sub(r"\d+[mu]?s(/step)?", "", out)


def test_one_epoch_reaches_98_percent(trained):
    assert trained.status == 0
    assert "UserWarning" not in trained.err
    assert "Model: " in trained.out
    assert "430/430 - " in trained.out
    assert results(trained.out)[1] >= 0.98
    assert [path.name for path in trained.folder.iterdir()] == ["model.keras"]


def test_printed_loss_and_accuracy_are_those_of_the_kept_network(trained):
    *_, x, y = mnist.load_digits(DATA)
    model = keras.saving.load_model(trained.folder / "model.keras")
    probabilities = model.predict(x, batch_size=1000, verbose=0)
    loss = -np.log(probabilities[np.arange(len(y)), y]).mean()
    right = probabilities.argmax(axis=1) == y
    assert results(trained.out) == pytest.approx((loss, right.mean(), (~right).sum()), abs=1e-4)


def test_plot_shows_the_training_the_filters_and_every_mistake_up_to_fifty():
    def shown(figure):
        """Returns the only number in each image."""
        images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
        return [number for image in images for number in np.unique(image)]

    history = {"loss": [1], "val_loss": [2], "accuracy": [0.7], "val_accuracy": [0.8]}
    filters = np.tile(np.arange(16), (5, 5, 1, 1))
    x, y = np.tile(np.arange(300)[:, None, None], (28, 28)), np.full(300, 3)
    for wrong in 0, 7, 250:
        answers = np.where(np.arange(300) < 300 - wrong, 3, 5)  # the last ones are wrong
        top, middle, bottom = mnist.plot(history, filters, x, y, answers).subfigs
        curves = {
            (axes.get_ylabel(), line.get_label()): line.get_ydata()[0]
            for axes in top.axes
            for line in axes.lines
        }
        assert curves == {
            ("loss", "training"): 1,
            ("loss", "validation"): 2,
            ("accuracy", "training"): 0.7,
            ("accuracy", "validation"): 0.8,
        }
        assert shown(middle) == [*range(16)]
        assert shown(bottom) == [*range(300 - wrong, 300)][:50]
        assert {axes.get_title() for axes in bottom.axes if axes.images} <= {"3 → 5"}
        assert f"{wrong} misread digits" in bottom.get_suptitle()


@pytest.mark.parametrize("row", benchmark.LINES)
def test_benchmark_finds_the_lines_that_it_changes(row):
    assert benchmark.edited(row).build_model().output_shape == (None, 10)


def test_same_seed_same_output(few, tmp_path, capsys):
    outputs, weights = [], []
    for seed in "778":
        model = tmp_path / f"{len(outputs)}.keras"
        mnist.main(["--data", str(few), "--epochs", "2", "--seed", seed, "--model", str(model)])
        outputs.append(without_times(capsys.readouterr().out).split("Epoch")[1:])
        weights.append(keras.saving.load_model(model).get_weights())
    assert len(outputs[0]) == 2
    assert outputs[0] == outputs[1] != outputs[2]
    assert all(map(np.array_equal, weights[0], weights[1]))


@needs_jax
def test_runs_on_jax(few, tmp_path):
    arguments = ["--data", few, "--epochs", 1, "--model", tmp_path / "model.keras"]
    status, out, _ = run("mnist", *arguments, env={**os.environ, "KERAS_BACKEND": "jax"})
    assert status == 0
    assert "Test accuracy: " in out


def test_no_epochs_show_the_untrained_network(few, tmp_path, capsys):
    arguments = ["--epochs", "0", "--seed", "0", "--plot", str(tmp_path / "plot.png")]
    mnist.main(["--data", str(few), "--model", str(tmp_path / "model.keras"), *arguments])
    out = capsys.readouterr().out
    assert "Epoch" not in out
    assert results(out)[1] < 0.5
    assert (tmp_path / "plot.png").is_file()


@pytest.mark.filterwarnings("ignore:Limiting epochs")
def test_learning_rate_falls_over_all_epochs(few):
    x, y, *_ = mnist.load_digits(few)
    model = mnist.build_model()
    keras.config.set_max_epochs(1)
    try:
        mnist.train(model, x, y, epochs=2, batch_size=64, verbose=0)
    finally:
        keras.config.set_max_epochs(None)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)  # 0.01 to 0, halfway


def test_validation_digits_are_not_trained_on(few):
    x, y, *_ = mnist.load_digits(few)
    validation = y[-50:]  # a twelfth of 600
    kept = []
    for last in validation, 9 - validation:  # the right labels and wrong ones
        keras.utils.set_random_seed(1)
        model = mnist.build_model()
        history = mnist.train(model, x, np.concatenate([y[:-50], last]), epochs=1, verbose=0)
        kept.append((history, model.get_weights()))
    (first, weights), (second, others) = kept
    assert first["loss"] == second["loss"]
    assert first["val_loss"] != second["val_loss"]
    assert all(map(np.array_equal, weights, others))


def test_test_digits_play_no_part_in_training(few, tmp_path, capsys):
    with np.load(few) as arrays:
        test = {"x_test": 255 - arrays["x_test"], "y_test": 9 - arrays["y_test"]}
        np.savez(tmp_path / "other.npz", **{**arrays, **test})
    outputs = []
    for data in few, tmp_path / "other.npz":
        mnist.main(["--data", str(data), "--model", str(tmp_path / "model.keras")])
        progress, _ = without_times(capsys.readouterr().out).split("Test loss")
        outputs.append(progress.split("Epoch")[1:])
    assert len(outputs[0]) == 4
    assert outputs[0] == outputs[1]


def test_kill_while_saving_leaves_the_earlier_model(tmp_path):
    model = tmp_path / "model.keras"
    model.write_bytes(b"earlier")
    command = [sys.executable, "-c", KILLED_WHILE_SAVING, model]
    assert subprocess.run(command, cwd=ROOT / "mnist").returncode == 9
    assert model.read_bytes() == b"earlier"


def test_full_disk_leaves_the_earlier_model(tmp_path, monkeypatch):
    (tmp_path / "model.keras").write_bytes(b"earlier")
    model = mnist.build_model()

    def save(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save", save)
    with pytest.raises(OSError, match="No space left"):
        mnist.save(model, tmp_path / "model.keras")
    assert (tmp_path / "model.keras").read_bytes() == b"earlier"


def test_ctrl_c_while_training(few, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"earlier")
    # A shell's job in the background ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = "--data", few, "--model", tmp_path / "model.keras", "--epochs", 1000
    process = start("mnist", *options, start_new_session=True)
    # In the first epoch TensorFlow compiles the training, and may die of it.
    for line in process.stdout:
        if line.startswith("Epoch 3/"):
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of its processes
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted; the network is not kept"
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]
