"""mnist, checked against MNIST's published checksums, 98 % after one epoch, its kept network."""

import hashlib
import os
import re
import struct

import numpy as np
import pytest
from helpers import ROOT, load, needs_jax, run

mnist = load("mnist")
keras = mnist.keras
DATA = ROOT / "mnist" / "mnist.npz"


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
    """Returns the loss, the accuracy and the number of misread digits that mnist printed."""
    numbers = r"Test loss: (\S+)\nTest accuracy: (\S+) \((\d+) of [\d,]+ misread\)\n"
    return [float(number) for number in re.search(numbers, out).groups()]


def progress(out):
    """Returns the losses and accuracies of a training, epoch by epoch, as Keras printed them."""
    return re.findall(r"(accuracy: \S+ - loss: \S+ - val_accuracy: \S+ - val_loss: \S+)", out)


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


def test_plot_gets_the_trained_filters_and_the_answers_for_the_test_digits(
    few, tmp_path, monkeypatch, printed
):
    got = []

    def plot(*arguments):
        got.extend(arguments)
        return mnist.plt.figure()

    monkeypatch.setattr(mnist, "plot", plot)
    options = "--data", few, "--model", tmp_path / "model.keras", "--plot", tmp_path / "plot.png"
    out = printed(mnist.main, "--epochs", 2, *options)
    history, filters, x, y, answers = got
    _, _, x_test, y_test = mnist.load_digits(few)
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert re.findall(r"val_loss: (\S+)", out) == [f"{loss:.4f}" for loss in history["val_loss"]]
    assert np.array_equal(filters, model.get_layer("first_convolution").kernel)
    assert np.array_equal(x, x_test)
    assert np.array_equal(y, y_test)
    assert np.array_equal(answers, model.predict(x_test, verbose=0).argmax(axis=1))


@pytest.mark.parametrize(
    ("wrong", "title"), [(0, "0 of the 0"), (7, "7 of the 7"), (250, "50 of the 250")]
)
def test_plot_shows_the_training_the_filters_and_the_first_fifty_mistakes(wrong, title):
    history = {"loss": [1], "val_loss": [2], "accuracy": [0.7], "val_accuracy": [0.8]}
    filters = np.tile(np.arange(16) - 12, (5, 5, 1, 1))
    x, y = np.tile(np.arange(300)[:, None, None], (28, 28)), np.full(300, 3)
    answers = np.where(np.arange(300) < 300 - wrong, 3, 5)  # the last ones are wrong
    top, middle, bottom = mnist.plot(history, filters, x, y, answers).subfigs

    def shown(figure):
        """Returns the only number in each image."""
        return [
            n for axes in figure.axes for image in axes.images for n in np.unique(image.get_array())
        ]

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
    assert shown(middle) == [*range(-12, 4)]
    colors = {image.cmap.name: image.get_clim() for axes in middle.axes for image in axes.images}
    assert colors == {"RdBu_r": (-12, 12)}  # white is 0 in all of them
    assert shown(bottom) == [*range(300 - wrong, 300)][:50]
    assert {axes.get_title() for axes in bottom.axes if axes.images} <= {"3 → 5"}
    assert bottom.get_suptitle().startswith(f"{title} misread digits")


def test_same_seed_same_output_and_network(few, tmp_path, printed):
    outputs, weights = [], []
    for seed in 7, 7, 8:
        model = tmp_path / f"{len(outputs)}.keras"
        out = printed(mnist.main, "--data", few, "--epochs", 2, "--seed", seed, "--model", model)
        outputs.append(progress(out))
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


def test_no_epochs_show_the_untrained_network(few, tmp_path, printed):
    options = "--data", few, "--model", tmp_path / "model.keras", "--plot", tmp_path / "plot.png"
    out = printed(mnist.main, "--epochs", 0, "--seed", 0, *options)
    assert "Epoch" not in out
    assert results(out)[1] < 0.5
    assert (tmp_path / "plot.png").is_file()


def test_batch_size_is_the_number_of_digits_a_step(few, tmp_path, printed):
    options = "--data", few, "--model", tmp_path / "model.keras", "--epochs", 1
    out = printed(mnist.main, *options, "--batch-size", 50)
    assert "\n11/11 - " in out  # 600 digits, of which a twelfth is held out


@pytest.mark.filterwarnings("ignore:Limiting epochs")
@pytest.mark.parametrize(("epochs", "rate"), [(1, 0.005), (2, 0)])
def test_learning_rate_falls_to_zero_at_the_last_of_two_epochs(few, epochs, rate):
    """Also where the last batch is small, as here: 550 digits make batches of 500 and 50."""
    x, y, *_ = mnist.load_digits(few)
    model = mnist.build_model()
    keras.config.set_max_epochs(epochs)  # after these, training stops
    try:
        mnist.train(model, x, y, epochs=2, batch_size=500, verbose=0)
    finally:
        keras.config.set_max_epochs(None)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)


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


def test_test_digits_play_no_part_in_training(few, tmp_path, printed):
    with np.load(few) as arrays:
        test = {"x_test": 255 - arrays["x_test"], "y_test": 9 - arrays["y_test"]}
        np.savez(tmp_path / "other.npz", **{**arrays, **test})
    options = "--epochs", 2, "--model", tmp_path / "model.keras"
    first, second = (
        printed(mnist.main, "--data", data, *options) for data in (few, tmp_path / "other.npz")
    )
    assert len(progress(first)) == 2
    assert progress(first) == progress(second)
    assert results(first) != results(second)


IMAGES, LABELS = np.zeros((600, 28, 28)), np.zeros(600, int)
CHANGES = {  # what a reader's own file may have instead, and what is said of it
    "color images": ({"x_train": np.zeros((600, 28, 28, 3))}, "images (600, 28, 28, 3)"),
    "a column of labels": ({"y_train": LABELS[:, None]}, "labels (600, 1)"),
    "a label too few": ({"y_test": LABELS[1:]}, "labels (599,)"),
    "eleven digits": ({"x_train": IMAGES[:11], "y_train": LABELS[:11]}, "images (11, 28, 28)"),
    "letters": ({"y_train": np.full(600, "a")}, "labels other than integers from 0 to 9"),
    "label 10": ({"y_test": LABELS + 10}, "labels other than integers from 0 to 9"),
    "label 0.5": ({"y_train": LABELS + 0.5}, "labels other than integers from 0 to 9"),
    "NaN": ({"x_train": IMAGES * np.nan}, "pixels that are not numbers"),
    "text": ({"x_test": np.full((600, 28, 28), "a")}, "pixels that are not numbers"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_data_unlike_mnist_s_is_refused_before_the_training(
    name, few, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    changes, message = CHANGES[name]
    with np.load(few) as arrays:
        np.savez("other.npz", **{**arrays, **changes})
    with pytest.raises(SystemExit, match=rf"^other\.npz: .*{re.escape(message)}"):
        mnist.main(["--data", "other.npz", "--model", "model.keras"])
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["other.npz"]


@pytest.mark.parametrize("content", [None, b"", DATA.read_bytes()[:100_000]])
def test_file_that_is_missing_or_broken_is_refused(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(SystemExit, match=r"^digits\.npz: ."):
        mnist.main(["--data", "digits.npz", "--model", "model.keras"])
