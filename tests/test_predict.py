"""predict.py and find_digits.py, checked against real and made handwriting, and broken files."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pictures
import pytest
from helpers import ROOT, load, needs_jax
from PIL import Image, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

predict = load("mnist", "predict")
find_digits, keras = predict.find_digits, predict.keras
TWO_ROWS = ROOT / "tests" / "handwriting" / "36_24-14.jpg"  # in a grid


@pytest.fixture(scope="module")
def network(trained):
    return str(trained.folder / "model.keras")


@pytest.fixture(scope="module")
def model(network):
    return predict.load_model(network)


def test_reads_real_handwriting_and_is_hardly_ever_sure_and_wrong(model):
    right, sure = pictures.judge(predict, model, pictures.real())
    assert len(right) == 27
    assert right.sum() >= 21
    assert sure.sum() >= 11
    assert (sure & ~right).sum() <= 1


def test_reads_made_pictures_of_every_kind(model):
    rng = np.random.default_rng(1)
    right = {}
    for kind, make in pictures.KINDS.items():
        samples = [pictures.sample(rng, make, str(digit)) for digit in range(10)]
        right[kind], _ = pictures.judge(predict, model, samples)
    assert np.mean(list(right.values())) >= 0.9, right
    assert min(share.mean() for share in right.values()) >= 0.6, right


@pytest.mark.parametrize(
    ("make", "random_text", "least"),
    [
        (pictures.row, pictures.random_number, 0.8),
        (pictures.cut_out_row, pictures.random_number, 0.8),
        (pictures.sheet, pictures.random_sheet, 0.65),
    ],
)
def test_reads_made_numbers_and_sheets(model, make, random_text, least):
    rng = np.random.default_rng(2)
    texts = [random_text(rng) for _ in range(20)]
    right, _ = pictures.judge(predict, model, [pictures.sample(rng, make, text) for text in texts])
    assert right.mean() >= least


@pytest.mark.parametrize("kind", pictures.EMPTY)
def test_refuses_pictures_without_a_digit(model, kind):
    rng = np.random.default_rng(4)
    for _ in range(3):
        with pytest.raises(find_digits.NothingToRead):
            predict.read(model, find_digits.load_picture(pictures.saved(pictures.EMPTY[kind](rng))))


INK = pictures.page(np.random.default_rng(5), "7")  # white on black
SEVEN = ImageOps.invert(INK)
FORMATS = {  # those that load_picture treats in a way of their own
    "16-bit.png": Image.fromarray(np.asarray(SEVEN).astype("uint16") * 200 + 1000),
    "float.tiff": SEVEN.convert("F"),
    "dark ink alone.png": Image.merge("LA", (Image.new("L", SEVEN.size), INK)),
    "light ink alone.png": Image.merge("LA", (Image.new("L", SEVEN.size, 255), INK)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_reads_numbers_of_more_than_8_bits_and_transparent_pictures(model, name, tmp_path):
    FORMATS[name].save(tmp_path / name)
    assert predict.read(model, find_digits.load_picture(tmp_path / name)).text() == "7"


def test_picture_is_turned_as_its_camera_says(tmp_path):
    lying = SEVEN.transpose(Image.Transpose.ROTATE_90)
    lying.getexif()[0x112] = 6
    lying.save(tmp_path / "lying.png", exif=lying.getexif())
    SEVEN.save(tmp_path / "upright.png")
    names = "lying.png", "upright.png"
    pixels = [np.asarray(find_digits.load_picture(tmp_path / name)) for name in names]
    assert np.array_equal(*pixels)


def sheet():
    """Returns a white sheet and a pen for it."""
    picture = Image.new("RGB", (640, 640), "white")
    return picture, ImageDraw.Draw(picture)


def test_finds_whole_digits_in_rows_and_no_specks_and_lines(model):
    picture, pen = sheet()
    pen.line((130, 100, 180, 80), "black", 16)  # a 5, whose upper line stands apart
    pen.line((110, 100, 110, 180), "black", 16)
    pen.arc((80, 160, 200, 320), 230, 510, "black", 16)
    pen.line((370, 80, 330, 320), "black", 16)  # two 1s so slanted that one reaches over the other
    pen.line((420, 80, 365, 320), "black", 16)
    pen.line((100, 400, 80, 560), "black", 16)  # a row with a smaller 1, under the 5
    for x, y in (500, 300), (240, 450):
        pen.ellipse((x, y, x + 16, y + 16), "black")
    pen.line((40, 0, 44, 640), "black", 3)  # down the margin
    pen.line((0, 300, 640, 320), "black", 3)  # through the first row
    reading = predict.read(model, find_digits.load_picture(pictures.saved(picture)))
    assert [row.tolist() for row in reading.page.rows] == [[0, 1, 2], [3]]
    boxes = reading.page.boxes
    scale = 500 / 640
    expected = (72, 88, 321, 201), (80, 322, 321, 379), (80, 357, 321, 429), (400, 72, 560, 108)
    assert boxes == [pytest.approx(np.multiply(box, scale), abs=6) for box in expected]


def draw_ones(pen, *heights):
    """Draws 1s side by side on a sheet, of these heights in pixels."""
    for i, height in enumerate(heights):
        pen.line((120 + 120 * i, 300, 120 + 120 * i, 300 + height), "black", 20)


def test_what_is_dropped_though_it_may_be_a_digit_makes_the_answer_doubtful(model):
    picture, pen = sheet()
    draw_ones(pen, 200, 200)
    assert str(predict.read(model, picture)).startswith("11 (")
    too_small = picture.copy()
    draw_ones(ImageDraw.Draw(too_small), 200, 200, 90)
    reading = predict.read(model, too_small)
    assert str(reading).startswith("11? (")
    assert reading.page.dropped[300:380, 350:370].any()
    pale = picture.copy()
    ImageDraw.Draw(pale).line((480, 300, 480, 500), (200, 200, 200), 20)
    assert "?" in str(predict.read(model, pale))


def test_a_1_that_looks_like_a_printed_line_makes_the_answer_doubtful(model):
    picture, pen = sheet()
    draw_ones(pen, 300)
    pen.line((400, 10, 400, 540), "black", 6)  # almost from the edge
    reading = predict.read(model, picture.resize((500, 500)))
    assert reading.text() == "1"
    assert "?" in str(reading)


LARGE = {  # strokes of a thin pen that fill the picture
    "1": [[(0.5, 0.1), (0.5, 0.9)]],
    "2": [[(0.2, 0.3), (0.35, 0.15), (0.65, 0.15), (0.78, 0.32), (0.2, 0.85), (0.85, 0.85)]],
    "4": [[(0.6, 0.1), (0.15, 0.6), (0.88, 0.6)], [(0.6, 0.1), (0.6, 0.9)]],
    "7": [[(0.15, 0.1), (0.85, 0.1), (0.45, 0.9)]],
}


@pytest.mark.parametrize("digit", LARGE)
def test_long_thin_strokes_of_a_digit_are_no_lines(model, digit):
    picture = Image.new("RGB", (500, 500), "white")
    for stroke in LARGE[digit]:
        points = [(500 * x, 500 * y) for x, y in stroke]
        ImageDraw.Draw(picture).line(points, "black", 6)
    reading = predict.read(model, picture)
    assert reading.text() == digit
    assert reading.is_sure()


def test_redraws_even_the_thinnest_digit():
    assert find_digits.redraw(np.ones((450, 1), bool)).max() == 255


def test_redrawn_digits_measure_what_mnist_s_do():
    middle = ndimage.center_of_mass(pictures.DIGITS.mean(axis=0))
    for digit in "0123456789":
        photo = pictures.photo(np.random.default_rng(10 + int(digit)), digit)
        [image] = find_digits.in_picture(find_digits.load_picture(pictures.saved(photo))).images
        rows, columns = np.nonzero(image > 64)
        assert image.shape == (28, 28)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        assert ndimage.center_of_mass(image) == pytest.approx(middle, abs=0.1)


def test_an_answer_below_98_percent_has_a_question_mark():
    def reading(*rows):
        """Returns what is printed for digits so probable, row by row, in order from 0."""
        ends = np.cumsum([len(row) for row in rows])
        page = SimpleNamespace(
            rows=np.split(np.arange(ends[-1]), ends[:-1]), may_lack_a_digit=False
        )
        probabilities = [np.eye(len(row), 10) * np.array([row]).T for row in rows]
        return str(predict.Reading(page, np.concatenate(probabilities)))

    assert reading([1, 0.982]) == "01 (98.2%)"
    assert reading([1, 0.978]) == "01? (97.8%)"
    assert reading([0.5], [1, 1]) == "0 01? (50.0%)"
    assert "?" in reading([1], [np.nan])


def test_plot_shows_the_picture_its_ink_and_what_the_network_saw():
    page = find_digits.in_picture(find_digits.load_picture(TWO_ROWS))
    probable = np.array([[1, 0.99, 0.97, 0.99]]).T  # the third one isn't
    reading = predict.Reading(page, probable * np.eye(10)[[3, 6, 2, 4]])
    figure = predict.plot(reading)
    picture, ink, seen = figure.axes
    assert figure.get_suptitle() == str(reading)
    assert np.array_equal(picture.images[0].get_array(), page.picture)
    # each box where its digit is, and red if that is in doubt
    colors = np.asarray(ink.images[0].get_array())
    for box, expected in zip(picture.patches, page.boxes, strict=True):
        left, top = box.get_xy()
        assert (top, left, top + box.get_height(), left + box.get_width()) == expected
    red = [box.get_edgecolor() == (1, 0, 0, 1) for box in picture.patches]
    assert red == [False, False, True, False]
    assert (colors[page.ink & ~page.dropped] == 0).all()
    # the ink that is dropped in another color than the rest
    dropped = colors[page.dropped]
    assert len(dropped) > 1000  # the grid
    assert (dropped == dropped[0]).all()
    assert 0 < dropped[0].sum() < 3 * 255
    # what the network saw, in the order of the answer, dark on light
    [shown] = seen.images
    assert shown.cmap.name == "gray"
    assert np.array_equal(shown.get_array()[:28, 28:], 255 - page.images[1].astype("uint8"))
    assert np.array_equal(shown.get_array()[28:, :28], 255 - page.images[2].astype("uint8"))


def test_answers_what_it_can_read_plots_the_last_and_says_what_is_wrong_with_the_rest(
    model, network, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    photo = TWO_ROWS.read_bytes()
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0 ftypheic")
    (tmp_path / "half.jpg").write_bytes(photo[: len(photo) // 2])
    (tmp_path / "größe 7.jpg").write_bytes(photo)
    Image.new("1", (20000, 20000)).save("bomb.png")
    text = PngInfo()
    text.add_text("long", "a" * 5_000_000, zip=True)
    INK.save("text.png", pnginfo=text)
    Image.new("1", (1, 2_000_000)).save("thin.png")
    picture, pen = sheet()
    picture.save("blank.png")
    draw_ones(pen, 10, 10, 10)
    picture.save("specks.png")
    SEVEN.save("7.png")
    no_pictures = "none.png", "photo.heic", "bomb.png", "text.png", "half.jpg", "thin.png"
    empty = "blank.png", "specks.png"
    with pytest.raises(SystemExit) as stop:
        predict.main([*no_pictures, *empty, "7.png", "größe 7.jpg", "--model", network, "--plot"])
    out, err = capsys.readouterr()
    assert stop.value.code == 1
    first, second = out.splitlines()
    assert first.startswith("7.png: 7")
    assert second.startswith("größe 7.jpg: 36 24")
    last = predict.read(model, find_digits.load_picture("größe 7.jpg"))
    predict.plot(last).savefig("last.png")
    assert Path("predict.png").read_bytes() == Path("last.png").read_bytes()
    lines = [f"{name}: no picture: " for name in no_pictures]
    lines += [f"{name}: nothing but specks" for name in empty]
    for line, expected in zip(err.splitlines(), lines, strict=True):
        assert line.startswith(expected)


def test_refuses_all_but_a_network_of_main_py(network, tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    whole = Path(network).read_bytes()
    (tmp_path / "truncated.keras").write_bytes(whole[:5000])
    flipped = bytearray(whole)
    flipped[whole.index(b"config.json") + 100] ^= 255
    (tmp_path / "flipped.keras").write_bytes(flipped)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save("xor.keras")
    bomb = keras.layers.Lambda(lambda x: print("exploded") or x, output_shape=(28, 28))
    keras.Sequential([keras.Input((28, 28)), bomb]).save("lambda.keras")
    kinds = "missing", "truncated", "flipped", "xor", "lambda"
    for name in [f"{kind}.keras" for kind in kinds]:
        line = refused(predict.main, "7.png", "--model", name)
        assert line.startswith(f"{name}: ")
        assert line.endswith("; main.py trains one\n")


def test_command_that_main_py_prints_reads_a_picture(trained):
    *_, command = trained.out.splitlines()[-1].partition("handwriting: ")
    command = command.replace("PICTURE", str(TWO_ROWS))
    # `python` as in an environment that is active
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    options = {"env": {**os.environ, "PATH": path}, "capture_output": True, "text": True}
    result = subprocess.run(command, shell=True, **options)
    assert result.returncode == 0
    assert result.stdout.startswith(f"{TWO_ROWS}: 36 24")


@needs_jax
def test_reads_on_jax(network):
    command = [sys.executable, ROOT / "mnist" / "predict.py", TWO_ROWS, "--model", network]
    options = {"env": {**os.environ, "KERAS_BACKEND": "jax"}, "capture_output": True}
    result = subprocess.run(command, text=True, **options)
    assert result.stdout.startswith(f"{TWO_ROWS}: 36 24")
