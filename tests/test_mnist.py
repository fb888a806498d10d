"""mnist, held against MNIST's published checksums, 98 % after one epoch, and handwriting that is not MNIST's."""

import contextlib
import hashlib
import io
import os
import re
import struct
import subprocess
import sys
import termios

import numpy as np
import pytest
from conftest import ROOT, finish, load, run, start, without_times
from PIL import Image, ImageDraw, ImageFilter, ImageOps

mnist = load("mnist")
DATA = ROOT / "mnist" / "mnist.npz"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One epoch on all 60,000 digits: the folder with what it made, status, standard output and error."""
    folder = tmp_path_factory.mktemp("mnist")
    model, plot = folder / "model.keras", folder / "plot.png"
    return folder, *run("mnist", "--epochs", 1, "--model", model, "--plot", plot)


@pytest.fixture(scope="module")
def model(trained):
    return mnist.load_model(trained[0] / "model.keras")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """An .npz file with few of the digits, for runs that need no more."""
    path = tmp_path_factory.mktemp("few") / "few.npz"
    with np.load(DATA) as arrays:
        np.savez(path, **{name: values[:512] for name, values in arrays.items()})
    return path


@pytest.mark.parametrize(
    ("name", "md5"),
    [
        ("x_train", "6bbc9ace898e44ae57da46a324031adb"),
        ("y_train", "a25bea736e30d166cdddb491f175f624"),
        ("x_test", "2646ac647ad5339dbf082846283269ea"),
        ("y_test", "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_digits_have_the_published_checksums(name, md5):
    digits = dict(zip(("x_train", "y_train", "x_test", "y_test"), mnist.load_digits(DATA), strict=True))[name]
    header = struct.pack(f">{1 + digits.ndim}I", 0x800 + digits.ndim, *digits.shape)  # of the original IDX files
    assert hashlib.md5(header + digits.tobytes()).hexdigest() == md5


def test_one_epoch_reaches_98_percent(trained):
    folder, status, out, err = trained
    assert (status, err) == (0, "")
    assert re.search(r"^60000 digits .* 10000 ", out)
    loss, accuracy = re.search(r"\nTest loss: (0\.\d{4})\nTest accuracy: (0\.\d{4})\n$", out).groups()
    assert float(loss) < 0.15
    assert float(accuracy) >= 0.98
    assert {path.name for path in folder.iterdir()} == {"model.keras", "plot.png"}


def test_printed_loss_and_accuracy_are_those_of_keras(trained, model):
    import keras

    *_, x_test, y_test = mnist.load_digits(DATA)
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    loss, accuracy = model.evaluate(x_test[..., np.newaxis], y_test, batch_size=1000, verbose=0)
    assert f"Test loss: {loss:.4f}\nTest accuracy: {accuracy:.4f}\n" in trained[2]
    assert isinstance(model, keras.Sequential)


def test_loss_of_a_sure_mistake_is_that_of_keras():
    import keras

    sure, labels = np.eye(10, dtype="float32")[[3, 4]], np.array([3, 5])
    loss, accuracy = mnist.evaluate(sure, labels)
    assert accuracy == 0.5
    assert loss == pytest.approx(keras.losses.sparse_categorical_crossentropy(labels, sure).numpy().mean())


def test_plot_is_a_page_with_all_mistakes(trained):
    wrong = 10000 - round(10000 * float(re.search(r"accuracy: (0\.\d{4})\n$", trained[2])[1]))
    with Image.open(trained[0] / "plot.png") as image:
        width, height = image.size
    assert width == 800
    assert height > 300 + 80 * wrong // 10 * 0.9


def test_same_seed_same_output(few, tmp_path):
    models = [tmp_path / "1.keras", tmp_path / "2.keras"]
    runs = [start("mnist", "--data", few, "--epochs", 2, "--batch-size", 64, "--model", path) for path in models]
    outputs = [without_times(finish(process)[1]) for process in runs]
    assert "Test accuracy" in outputs[0]
    assert outputs[0] == outputs[1]
    first, second = (mnist.load_model(path).get_weights() for path in models)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_progress_is_a_bar_on_a_terminal_and_a_line_on_a_narrow_one(few, tmp_path):
    readers, processes = [], []
    for columns in (80, 40):
        reader, terminal = os.openpty()
        termios.tcsetwinsize(terminal, (24, columns))
        processes.append(start("mnist", "--data", few, "--model", tmp_path / "model.keras", stdout=terminal))
        os.close(terminal)
        readers.append(reader)
    outputs = [b"", b""]
    for number, reader in enumerate(readers):
        with contextlib.suppress(OSError):  # which ends a terminal on Linux
            while part := os.read(reader, 10000):
                outputs[number] += part
    assert [finish(process)[::2] for process in processes] == [(0, ""), (0, "")]
    assert b"\b" in outputs[0]
    assert b"4/4 - " in outputs[1]
    assert b"\b" not in outputs[1]


def test_trains_on_every_device(few):
    script = """
import sys, tensorflow as tf
sys.path.insert(0, "."); import main
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x, y, *_ = main.load_digits(sys.argv[1])
model = main.train(x, y, epochs=2, batch_size=64)
print(model.distribute_strategy.num_replicas_in_sync, model.history.history["loss"])
"""
    command = [sys.executable, "-c", script, few]
    out = subprocess.run(command, cwd=ROOT / "mnist", capture_output=True, text=True, check=True).stdout
    replicas, first, last = re.search(r"(\d) \[([\d.]+), ([\d.]+)\]\n$", out).groups()
    assert replicas == "2"
    assert float(last) < float(first)


def test_test_digits_play_no_part_in_training():
    x = np.zeros((256, 28, 28), np.uint8)
    y = np.arange(256, dtype=np.uint8) % 10
    model = mnist.train(x, y, epochs=1, verbose=0)
    assert set(model.history.history) == {"loss", "accuracy"}


# Handwriting: ten digits in each of eight handwriting fonts, and ten drawn by strokes, all on "photographed" paper.


def drawn(digit, width):
    """Returns a digit drawn with a pen: an image in mode L, black ink on white, 240 by 300 pixels."""
    image = Image.new("L", (240, 300), 255)
    draw = ImageDraw.Draw(image)
    arcs = {
        0: [(50, 40, 180, 260, 0, 360)],
        2: [(60, 40, 180, 150, 180, 30)],
        3: [(60, 40, 175, 145, 200, 90), (50, 143, 185, 260, 270, 160)],
        5: [(55, 120, 185, 260, 250, 160)],
        6: [(60, 140, 180, 260, 0, 360), (60, 30, 300, 380, 180, 245)],
        8: [(70, 40, 170, 140, 0, 360), (60, 138, 180, 260, 0, 360)],
        9: [(60, 40, 180, 160, 0, 360)],
    }
    lines = {
        1: [(130, 40, 115, 260)],
        2: [(172, 122, 60, 255), (60, 255, 190, 255)],
        4: [(90, 40, 60, 160), (60, 160, 185, 155), (150, 60, 145, 260)],
        5: [(75, 45, 72, 130), (75, 45, 175, 42)],
        7: [(55, 45, 180, 45), (180, 45, 105, 260)],
        9: [(180, 100, 165, 260)],
    }
    for *box, first, last in arcs.get(digit, []):
        draw.arc(box, first, last, fill=0, width=width)
    for line in lines.get(digit, []):
        draw.line(line, fill=0, width=width)
    return image


def photographed(ink, rng, dark=False):
    """Returns a photograph of ink (mode L, black on white) on textured, unevenly lit paper, or of chalk on a board."""
    canvas = Image.new("L", (480, 400), 255)
    ink = ink.rotate(rng.uniform(-8, 8), fillcolor=255)
    canvas.paste(ink, tuple(rng.integers(0, (480 - ink.width, 400 - ink.height))))
    covered = 1 - np.asarray(canvas.filter(ImageFilter.GaussianBlur(1)), float)[..., np.newaxis] / 255
    paper, pen = ((50, 60, 55), (230, 230, 220)) if dark else ((235, 228, 210), (40, 45, 110))
    light = 1 - 0.4 * np.linspace(0, 1, 480)[:, np.newaxis] * rng.uniform(0.5, 1)
    photo = (covered * pen + (1 - covered) * paper) * light + rng.normal(0, 4, (400, 480, 1))
    return Image.fromarray(photo.clip(0, 255).astype("uint8"))


def handwriting(kind, fonts):
    """Yields digits and images of them: of fonts in handwriting.png (eight OFL fonts of Google's) or drawn here."""
    if kind == "fonts":
        with Image.open(ROOT / "tests" / "handwriting.png") as sheet:
            sheet = sheet.convert("L")
        for row in fonts:
            for digit in range(10):
                cell = sheet.crop((64 * digit, 64 * row, 64 * digit + 64, 64 * row + 64))
                yield digit, cell.resize((200, 200)).filter(ImageFilter.GaussianBlur(1))
    else:
        for width in (4, 12, 24, 40):
            for digit in range(10):
                yield digit, drawn(digit, width)


@pytest.mark.parametrize("kind", ["fonts", "strokes"])
@pytest.mark.parametrize("ground", ["plain", "paper", "board"])
def test_reads_handwriting_that_is_not_mnist_s(model, kind, ground):
    rng = np.random.default_rng(1)
    fonts = {"plain": range(8), "paper": range(0, 8, 2), "board": range(1, 8, 2)}[ground]
    digits, images = zip(*handwriting(kind, fonts), strict=True)
    if ground != "plain":
        images = [photographed(image, rng, dark=ground == "board") for image in images]
    prepared = np.stack([mnist.prepare(image) for image in images])
    answers = model.predict(prepared[..., np.newaxis], verbose=0).argmax(axis=1)
    assert (answers == digits).mean() >= 0.95, [(d, a) for d, a in zip(digits, answers, strict=True) if d != a]


def test_reads_mnist_s_own_digits_in_any_dress(model):
    *_, x, y = mnist.load_digits(DATA)
    for dress in (lambda i: i, ImageOps.invert, lambda i: i.resize((280, 280))):
        prepared = np.stack([mnist.prepare(dress(Image.fromarray(digit))) for digit in x[:100]])
        answers = model.predict(prepared[..., np.newaxis], verbose=0).argmax(axis=1)
        assert (answers == y[:100]).mean() >= 0.95


def test_reads_digits_in_a_frame_and_among_specks(model):
    rng = np.random.default_rng(1)
    prepared = []
    for digit in range(10):
        prepared.append(mnist.prepare(ImageOps.expand(ImageOps.expand(drawn(digit, 14), 4, 0), 9, 255)))
        specks = np.where(rng.random((300, 240)) < 0.02, 255 * (rng.random((300, 240)) < 0.5), drawn(digit, 14))
        prepared.append(mnist.prepare(Image.fromarray(specks.astype("uint8"))))
    answers = model.predict(np.stack(prepared)[..., np.newaxis], verbose=0).argmax(axis=1)
    assert (answers == np.repeat(np.arange(10), 2)).mean() >= 0.95


def squares(side):
    """Returns a picture of 25 black squares on white."""
    cell = np.pad(np.zeros((side, side), "uint8"), 25, constant_values=255)
    return Image.fromarray(np.tile(cell, (5, 5)))


def formats():
    """Yields names and files of one and the same drawn 7, in all the formats that must work."""
    seven = drawn(7, 14)
    clear = Image.merge("LA", (Image.new("L", seven.size), ImageOps.invert(seven)))
    light = Image.merge("LA", (Image.new("L", seven.size, 255), ImageOps.invert(seven)))
    deep = Image.fromarray(np.asarray(seven).astype("uint16") * 200 + 1000)
    for name, image, options in (
        ("gray.png", seven, {}),
        ("color.jpg", ImageOps.colorize(seven, "navy", "beige"), {}),
        ("black.bmp", ImageOps.invert(seven), {}),
        ("lossy.webp", seven.convert("RGB"), {}),
        ("moving.gif", seven, {"save_all": True, "append_images": [drawn(3, 14)]}),
        ("palette.png", ImageOps.colorize(seven, "green", "white").quantize(8), {}),
        ("palette.gif", seven.quantize(4), {}),
        ("deep.png", deep, {}),
        ("one-bit.png", seven.convert("1"), {}),
        ("clear.png", clear, {}),
        ("light.png", light, {}),
        ("clear.webp", clear.convert("RGBA"), {}),
    ):
        file = io.BytesIO()
        image.save(file, Image.registered_extensions()[f".{name.split('.')[1]}"], **options)
        yield name, file.getvalue()


def test_picture_is_turned_as_its_camera_says():
    lying = drawn(7, 14).rotate(90, expand=True)
    lying.getexif()[0x112] = 6  # to be turned by 90 degrees before it is shown
    assert np.array_equal(mnist.prepare(lying), mnist.prepare(drawn(7, 14)))


def test_predict_reads_every_format_and_plots(trained, tmp_path):
    names, contents = zip(*formats(), strict=True)
    folder = tmp_path / "größe 7"
    folder.mkdir()
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
    options = ["--model", trained[0] / "model.keras", "--plot", folder / "seen.png"]
    status, out, err = run("mnist", "--predict", *(folder / name for name in names), *options)
    assert (status, err) == (0, "")
    answers = [re.fullmatch(r"(.+): (\d) \((\d+\.\d)%\)", line).groups() for line in out.splitlines()]
    assert [(path, digit) for path, digit, _ in answers] == [(str(folder / name), "7") for name in names]
    with Image.open(folder / "seen.png") as page:
        assert page.height > 200 * len(names)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (1, 1)),
        Image.new("RGB", (300, 300), "white"),
        Image.new("RGBA", (300, 300)),
        Image.linear_gradient("L"),
        Image.radial_gradient("L"),
        ImageOps.expand(Image.new("L", (5, 5)), 100, 255),
        squares(5),
        squares(20),
        photographed(Image.new("L", (9, 9), 255), np.random.default_rng(1)),
        photographed(Image.new("L", (9, 9), 255), np.random.default_rng(2), dark=True),
        Image.effect_noise((300, 300), 60),
    ],
    ids=["1x1", "white", "clear", "gradient", "shadow", "dot", "specks", "blots", "paper", "board", "noise"],
)
def test_picture_without_a_digit_is_refused(image):
    with pytest.raises(ValueError, match="no digit"):
        mnist.prepare(image)
