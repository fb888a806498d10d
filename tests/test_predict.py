"""predict.py, held against pictures of many kinds whose digits are known, and broken files."""

import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pictures
import pytest
from conftest import ROOT, load, needs_jax
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

predict = load("mnist", "predict")
keras = predict.keras


@pytest.fixture(scope="module")
def model(trained):
    return predict.load_model(trained.folder / "model.keras")


def text_in(model, picture):
    """Returns what is read in a picture, or None."""
    return pictures.read(predict, model, pictures.saved(picture))[0]


def test_reads_digits_of_every_kind(model):
    rng = np.random.default_rng(1)
    shares = {}
    for i, (kind, make) in enumerate(pictures.KINDS.items()):
        digits = "7" if kind == "ten megapixels" else "0123456789"[i % 2 :: 2]
        shares[kind] = np.mean([text_in(model, make(rng, digit)) == digit for digit in digits])
    assert np.mean(list(shares.values())) >= 0.95, shares
    assert min(shares.values()) >= 0.7, shares


def test_reads_numbers(model):
    rng = np.random.default_rng(2)
    numbers = [pictures.random_number(rng) for _ in range(30)]
    right = [text_in(model, pictures.row(rng, number)) == number for number in numbers]
    assert np.mean(right) >= 0.85


def test_reads_rows(model):
    rng = np.random.default_rng(3)
    sheets = [pictures.random_sheet(rng) for _ in range(20)]
    right = [text_in(model, pictures.sheet(rng, numbers)) == numbers for numbers in sheets]
    assert np.mean(right) >= 0.7


@pytest.mark.parametrize("kind", pictures.EMPTY)
def test_refuses_pictures_without_a_digit(model, kind):
    rng = np.random.default_rng(4)
    assert [text_in(model, pictures.EMPTY[kind](rng)) for _ in range(3)] == [None] * 3


INK = pictures.painted(np.random.default_rng(5), "7")  # white on black
SEVEN = ImageOps.invert(INK)
FORMATS = {
    "gray.png": SEVEN,
    "colour.jpg": ImageOps.colorize(SEVEN, "navy", "beige"),
    "black.bmp": INK,
    "lossy.webp": SEVEN.convert("RGB"),
    "moving.gif": SEVEN,
    "palette.png": ImageOps.colorize(SEVEN, "green", "white").quantize(8),
    "16-bit.png": Image.fromarray(np.asarray(SEVEN).astype("uint16") * 200 + 1000),
    "1-bit.png": SEVEN.convert("1"),
    "float.tiff": SEVEN.convert("F"),
    "dark ink alone.png": Image.merge("LA", (Image.new("L", SEVEN.size), INK)),
    "light ink alone.png": Image.merge("LA", (Image.new("L", SEVEN.size, 255), INK)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_reads_every_format(model, name, tmp_path):
    moving = {"save_all": True, "append_images": [INK.rotate(90)]} if name == "moving.gif" else {}
    FORMATS[name].save(tmp_path / name, **moving)
    assert predict.read(model, predict.load_picture(tmp_path / name)).text() == "7"


def test_picture_is_turned_as_its_camera_says():
    upright = pictures.photo(np.random.default_rng(6), "7")
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.getexif()[0x112] = 6
    upright, lying = (predict.load_picture(pictures.saved(image)) for image in (upright, lying))
    assert np.array_equal(upright, lying)


def test_finds_whole_digits_in_rows_and_no_specks_and_lines(model):
    pen = ImageDraw.Draw(picture := Image.new("RGB", (640, 640), "white"))
    pen.line((110, 80, 165, 80), "black", 16)  # a 5, whose upper line stands apart
    pen.line((110, 105, 110, 180), "black", 16)
    pen.arc((80, 160, 200, 320), 230, 510, "black", 16)
    pen.line((370, 80, 330, 320), "black", 16)  # two 1s so slanted that one reaches over the other
    pen.line((420, 80, 365, 320), "black", 16)
    pen.line((100, 400, 80, 560), "black", 16)  # a row with a smaller 1, under the 5
    for x, y in (500, 300), (240, 450):
        pen.ellipse((x, y, x + 16, y + 16), "black")
    pen.line((40, 0, 44, 640), "black", 3)  # down the margin
    pen.line((0, 300, 640, 320), "black", 3)  # through the first row
    reading = predict.read(model, picture)
    first, second = ([digit.bbox for digit in row.digits] for row in reading.rows)
    expected = (72, 88, 321, 201), (80, 322, 321, 379), (80, 357, 321, 429)
    assert first == [pytest.approx(box, abs=6) for box in expected]
    assert second == [pytest.approx((400, 72, 560, 108), abs=6)]


def test_redrawn_digits_measure_what_mnist_s_do(model):
    for digit in "0123456789":
        photo = pictures.photo(np.random.default_rng(10 + int(digit)), digit)
        image = predict.read(model, predict.load_picture(pictures.saved(photo))).seen()
        rows, columns = np.nonzero(image > 64)
        assert image.shape == (28, 28)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        assert ndimage.center_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.5)


def test_a_doubtful_answer_has_a_question_mark():
    def reading(*rows):
        """Returns one whose digits have these probabilities, row by row, in order from 0."""
        answers = [np.diag(row) for row in rows]
        return str(predict.Reading(None, None, [predict.Row(None, None, p) for p in answers]))

    assert reading([1, 0.992]) == "01 (99.2%)"
    assert reading([1, 0.988]) == "01? (98.8%)"
    assert reading([0.5], [1, 1]) == "0 01? (50.0%)"


def test_answers_what_it_can_read_and_says_what_is_wrong_with_the_rest(
    trained, tmp_path, capsys, monkeypatch
):
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0 ftypheic")
    Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")
    sheet = Image.new("RGB", (300, 200), "white")
    sheet.save(tmp_path / "blank.png")
    for x in range(40, 280, 40):
        ImageDraw.Draw(sheet).ellipse((x, x // 2, x + 3, x // 2 + 3), "black")
    sheet.save(tmp_path / "specks.png")
    photo = (ROOT / "mnist" / "photo.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(photo[:9000])
    (tmp_path / "größe 7.jpg").write_bytes(photo)
    monkeypatch.chdir(tmp_path)
    messages = {
        "none.png": "No such file",
        "photo.heic": "cannot identify",
        "bomb.png": "exceeds limit",
        "blank.png": "nothing stands out",
        "specks.png": "only specks",
        "half.jpg": "truncated",
    }
    network = str(trained.folder / "model.keras")
    with pytest.raises(SystemExit) as stop:
        predict.main([*messages, "größe 7.jpg", "--model", network, "--plot"])
    out, err = capsys.readouterr()
    assert stop.value.code == 1
    assert out.startswith("größe 7.jpg: 2018 2026")
    for (name, message), line in zip(messages.items(), err.splitlines(), strict=True):
        assert line.startswith(f"{name}: ")
        assert message in line
    assert (tmp_path / "plot.png").is_file()


def test_plot_never_replaces_a_jpeg(trained, tmp_path, capsys):
    photo = shutil.copy(ROOT / "mnist" / "photo.jpg", tmp_path)
    network = str(trained.folder / "model.keras")
    with pytest.raises(SystemExit) as stop:
        predict.main(["--model", network, "--plot", photo, photo])
    assert stop.value.code == 2
    assert "put --plot after the pictures" in capsys.readouterr().err
    assert (tmp_path / "photo.jpg").read_bytes() == (ROOT / "mnist" / "photo.jpg").read_bytes()


def test_plot_has_a_box_for_every_digit_and_what_the_network_saw(model):
    picture = predict.load_picture(ROOT / "mnist" / "photo.jpg")
    figure = predict.plot([predict.read(model, picture)])
    assert len(figure.axes[0].patches) == 8
    assert [text.get_text() for text in figure.axes[0].texts] == list("20182026")
    tops = [box.get_y() for box in figure.axes[0].patches]
    assert max(tops[:4]) < min(tops[4:])
    assert figure.axes[2].images[0].get_array().shape == (2 * 28, 4 * 28)


def test_refuses_all_but_a_network_of_main_py(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.keras").touch()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save("xor.keras")
    bomb = keras.layers.Lambda(lambda x: print("exploded") or x, output_shape=(28, 28))
    keras.Sequential([keras.Input((28, 28)), bomb]).save("lambda.keras")
    (tmp_path / "truncated.keras").write_bytes((tmp_path / "xor.keras").read_bytes()[:5000])
    with zipfile.ZipFile("zip.keras", "w") as archive:
        archive.writestr("hello.txt", "no network here")
    capsys.readouterr()  # what building these has printed
    for name, message in {
        "missing.keras": "not found",
        "empty.keras": "not found",
        "truncated.keras": "not found",
        "zip.keras": "no item named 'config.json'",
        "lambda.keras": "Lambda",
        "xor.keras": "another network than main.py's",
    }.items():
        with pytest.raises(SystemExit) as stop:
            predict.main(["missing.png", "--model", name])
        out, err = capsys.readouterr()
        assert stop.value.code == 2
        assert message in err.splitlines()[-1]
        assert "exploded" not in out


@needs_jax
def test_reads_on_jax(trained, tmp_path):
    command = [sys.executable, ROOT / "mnist" / "predict.py", ROOT / "mnist" / "photo.jpg"]
    command += ["--model", trained.folder / "model.keras", "--plot", tmp_path / "seen.png"]
    options = {"env": {**os.environ, "KERAS_BACKEND": "jax"}, "capture_output": True}
    result = subprocess.run(command, text=True, **options)
    assert result.returncode == 0
    assert "photo.jpg: 2018 2026" in result.stdout
    assert (tmp_path / "seen.png").is_file()
