"""predict.py, held against pictures of many kinds whose digits are known, broken files, and a browser."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pictures
import pytest
from conftest import ROOT, load
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

predict = load("mnist", "predict")
keras = predict.keras


@pytest.fixture(scope="module")
def model(trained):
    return keras.saving.load_model(trained.folder / "model.keras", compile=False)


def read(model, picture):
    """Returns the digits that are read in a picture, or None."""
    return pictures.read(predict, model, pictures.saved(picture))[0]


def test_reads_digits_of_every_kind(model):
    rng = np.random.default_rng(1)
    shares = {}
    for kind, make in pictures.KINDS.items():
        digits = range(1 if kind == "ten megapixels" else 10)
        shares[kind] = np.mean([read(model, make(rng, digit)) == str(digit) for digit in digits])
    assert np.mean(list(shares.values())) >= 0.95, shares
    assert min(shares.values()) >= 0.7, shares


def test_reads_numbers(model):
    rng = np.random.default_rng(2)
    numbers = [str(number) for number in rng.integers(10, 999_999, 30)]
    assert np.mean([read(model, pictures.row(rng, number)) == number for number in numbers]) >= 0.85


@pytest.mark.parametrize("kind", pictures.EMPTY)
def test_refuses_pictures_without_a_digit(model, kind):
    rng = np.random.default_rng(3)
    assert [read(model, pictures.EMPTY[kind](rng)) for _ in range(3)] == [None] * 3


def formats():
    """Yields files with one and the same 7 in all the formats that must work."""
    alpha = pictures.painted(np.random.default_rng(5), 7)
    seven = ImageOps.invert(alpha)
    for name, image, options in (
        ("gray.png", seven, {}),
        ("colour.jpg", ImageOps.colorize(seven, "navy", "beige"), {}),
        ("black.bmp", alpha, {}),
        ("lossy.webp", seven.convert("RGB"), {}),
        ("moving.gif", seven, {"save_all": True, "append_images": [alpha.rotate(90)]}),
        ("palette.png", ImageOps.colorize(seven, "green", "white").quantize(8), {}),
        ("16-bit.png", Image.fromarray(np.asarray(seven).astype("uint16") * 200 + 1000), {}),
        ("1-bit.png", seven.convert("1"), {}),
        ("float.tiff", seven.convert("F"), {}),
        ("dark ink alone.png", Image.merge("LA", (Image.new("L", seven.size), alpha)), {}),
        ("light ink alone.png", Image.merge("LA", (Image.new("L", seven.size, 255), alpha)), {}),
    ):
        file = io.BytesIO()
        image.save(file, Image.registered_extensions()[f".{name.split('.')[1]}"], **options)
        yield name, file.getvalue()


@pytest.mark.parametrize(("name", "content"), list(formats()))
def test_reads_every_format(model, name, content):
    *_, probabilities = predict.read(model, predict.load_picture(io.BytesIO(content)))
    assert probabilities.argmax(axis=1).tolist() == [7]


def test_picture_is_turned_as_its_camera_says():
    upright = pictures.photo(np.random.default_rng(6), 7)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    lying.getexif()[0x112] = 6
    assert np.array_equal(predict.load_picture(pictures.saved(lying)), predict.load_picture(pictures.saved(upright)))


def test_finds_whole_digits_and_no_specks():
    pen = ImageDraw.Draw(picture := Image.new("RGB", (640, 400), "white"))
    pen.line((110, 80, 165, 80), "black", 16)  # a 5, whose upper line stands apart
    pen.line((110, 105, 110, 180), "black", 16)
    pen.arc((80, 160, 200, 320), 230, 510, "black", 16)
    pen.line((370, 80, 330, 320), "black", 16)  # two 1s so slanted that one reaches over the other
    pen.line((420, 80, 365, 320), "black", 16)
    for x, y in (500, 300), (140, 350):  # the last one below the 5
        pen.ellipse((x, y, x + 16, y + 16), "black")
    pen.line((40, 60, 40, 360), "black", 2)  # down the margin
    boxes = [digit.bbox for digit in predict.find_digits(predict.find_ink(picture))]
    expected = (72, 88, 321, 201), (80, 322, 321, 379), (80, 357, 321, 429)
    assert boxes == [pytest.approx(box, abs=4) for box in expected]


def test_redrawn_digits_measure_what_mnist_s_do():
    for digit in range(10):
        photo = predict.load_picture(pictures.saved(pictures.photo(np.random.default_rng(digit), digit)))
        [region] = predict.find_digits(predict.find_ink(photo))
        image = predict.redraw(region.image)
        rows, columns = np.nonzero(image > 64)
        assert image.shape == (28, 28)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        assert ndimage.center_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.5)


def test_a_doubtful_answer_has_a_question_mark():
    sure, doubtful = np.eye(10)[[2, 0]], np.full((1, 10), 0.06) + 0.4 * np.eye(10)[[8]]
    assert predict.answer(sure) == "20 (100.0%)"
    assert predict.answer(np.concatenate([sure, doubtful])) == "208? (46.0%)"


def test_answers_what_it_can_read_and_says_what_is_wrong_with_the_rest(trained, tmp_path, capsys, monkeypatch):
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0 ftypheic")
    Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")
    blank = Image.new("RGB", (300, 200), "white")
    blank.save(tmp_path / "blank.png")
    for x in range(40, 280, 40):
        ImageDraw.Draw(blank).ellipse((x, x // 2, x + 5, x // 2 + 5), "black")
    blank.save(tmp_path / "specks.png")
    (tmp_path / "truncated.jpg").write_bytes((ROOT / "mnist" / "photo.jpg").read_bytes()[:9000])
    (tmp_path / "folder.png").mkdir()
    shutil.copy(ROOT / "mnist" / "photo.jpg", tmp_path / "größe 7.jpg")
    monkeypatch.chdir(tmp_path)
    messages = {
        "none.png": "No such file",
        "photo.heic": "HEIC, save it as JPEG",
        "bomb.png": "too large",
        "blank.png": "nothing stands out",
        "specks.png": "only specks",
        "truncated.jpg": "truncated",
        "folder.png": "directory",
    }
    with pytest.raises(SystemExit) as stop:
        model = str(trained.folder / "model.keras")
        predict.main([*messages, "größe 7.jpg", "--model", model, "--plot", "seen.png"])
    out, err = capsys.readouterr()
    assert stop.value.code == 1
    assert re.fullmatch(r"größe 7\.jpg: 2018\?? \(\d\d\.\d%\)\n", out)
    for (name, message), line in zip(messages.items(), err.splitlines(), strict=True):
        assert line.startswith(f"{name}: ")
        assert message in line
    assert Image.open("seen.png").width == 900


def test_plot_has_a_box_for_every_digit(model):
    picture = predict.load_picture(ROOT / "mnist" / "photo.jpg")
    figure = predict.plot([(picture, *predict.read(model, picture))])
    assert len(figure.axes[0].patches) == 4
    assert [text.get_text() for text in figure.axes[0].texts] == list("2018")


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """A folder with models that must be refused, and the current one."""
    monkeypatch.chdir(tmp_path)  # where building the Lambda leaves its trace
    (tmp_path / "empty.keras").touch()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "xor.keras")
    bomb = keras.layers.Lambda(lambda x: os.mkdir("exploded") or x, output_shape=(28, 28))
    keras.Sequential([keras.Input((28, 28)), bomb]).save(tmp_path / "lambda.keras")
    (tmp_path / "truncated.keras").write_bytes((tmp_path / "xor.keras").read_bytes()[:5000])
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("hello.txt", "no network here")
    return tmp_path


def test_refuses_other_models(refused, capsys):
    shutil.rmtree("exploded", ignore_errors=True)
    for name, message in {
        "missing.keras": "To train a network: python .*main.py. .*not found: .*missing.keras",
        "empty.keras": "not found: .*empty.keras",
        "truncated.keras": "not found: .*truncated.keras",
        "zip.keras": "no item named 'config.json'",
        "lambda.keras": "Lambda",
        "xor.keras": "another network than main.py's",
    }.items():
        with pytest.raises(SystemExit) as stop:
            predict.main(["missing.png", "--model", name])
        assert stop.value.code == 2
        assert re.search(message, capsys.readouterr().err.splitlines()[-1]), name
    assert not (refused / "exploded").exists()


@pytest.mark.parametrize("arguments", [[], ["photo.png", "--draw"], ["--nope"], ["--plot", "photo.jpg", "other.jpg"]])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        predict.main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_jax_reads_with_the_network_that_tensorflow_trained(trained):
    command = [sys.executable, "predict.py", "photo.jpg", "--model", trained.folder / "model.keras"]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    options = {"cwd": ROOT / "mnist", "capture_output": True, "text": True}
    jax, tensorflow = (subprocess.run(command, env=env, **options) for env in (environment, None))
    first, second = (re.fullmatch(r"photo\.jpg: 2018 \((.+)%\)\n", result.stdout)[1] for result in (jax, tensorflow))
    assert float(first) == pytest.approx(float(second), abs=0.2)


CHROME = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "google-chrome-stable"))), None)


@pytest.mark.skipif(not CHROME, reason="there is no Chrome or Chromium to draw in")
def test_a_digit_drawn_on_the_page_is_read(trained):
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    command = [sys.executable, "-u", "predict.py", "--draw", "--model", trained.folder / "model.keras"]
    environment = {**os.environ, "BROWSER": "true"}  # a browser that does nothing
    page = subprocess.Popen(command, cwd=ROOT / "mnist", env=environment, stdout=subprocess.PIPE, text=True)
    url = re.search(r"http://127\.0\.0\.1:\d+", page.stdout.readline())[0]
    options = webdriver.ChromeOptions()
    options.binary_location = CHROME
    for argument in ("--headless=new", "--no-sandbox", "--window-size=800,900"):
        options.add_argument(argument)
    driver = shutil.which("chromedriver")
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver) if driver else None)

    def drawn(*points):
        """Draws a line through points, from the canvas's center, with the mouse."""
        hand = ActionChains(browser, duration=30).move_to_element_with_offset(canvas, *points[0]).click_and_hold()
        for x, y in points[1:]:
            hand.move_to_element_with_offset(canvas, x, y)
        hand.release().perform()

    def answered(pattern):
        WebDriverWait(browser, 20).until(lambda _: re.search(pattern, browser.find_element("tag name", "body").text))

    try:
        browser.get(url)
        canvas = WebDriverWait(browser, 20).until(lambda _: browser.find_elements("tag name", "canvas"))[-1]
        answered("Draw within")
        drawn((-150, -200), (-130, -200), (-100, -200), (-70, -200), (-85, -150), (-100, -100), (-110, -60))
        answered(r"7\?? \(")
        ActionChains(browser).send_keys("lq", Keys.ESCAPE).perform()  # matplotlib: a logarithmic axis, and quit
        answered("Draw within")
        drawn((0, -200), (0, -180), (0, -150), (0, -120), (0, -90))
        answered(r"1\?? \(")
    finally:
        browser.quit()
        page.send_signal(signal.SIGINT)
    assert page.wait() == 0
