"""Real pictures of handwriting, and made ones, for what the real ones do not show.

The made ones are photographs of MNIST's validation digits, on which mnist/main.py neither trains
nor tests its network. Papers, pens and lights are drawn at random by `rng`, one of NumPy's random
generators: `page` writes, and `taken` photographs. Pairs of numbers are from and to.
"""

import io
from functools import partial

import numpy as np
from helpers import ROOT
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scipy import ndimage

with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
    DIGITS, LABELS = arrays["x_train"][-5000:], arrays["y_train"][-5000:]

# colors of paper, ink, pencils, blackboards, chalk and printed lines
PAPERS = [(245, 245, 243), (250, 248, 240), (238, 230, 212), (214, 218, 222), (250, 240, 170)]
PENS = [(28, 28, 32), (38, 45, 120), (200, 30, 40), (20, 120, 60)]
PENCILS = [(95, 95, 98), (125, 125, 128)]
BOARDS = [(70, 96, 83), (62, 64, 67)]
CHALKS = [(235, 235, 228), (235, 220, 130), (240, 185, 190)]
LINES = (115, 140, 190)
SHARP = (0.002, 0.004)  # blur, as shares of a picture's height


def real():
    """Returns the real pictures, as pairs of a path and the right answer, a string."""
    paths = sorted((ROOT / "tests" / "handwriting").glob("*.jpg"))
    return [(path, path.name.split("-")[0].replace("_", " ")) for path in paths]


def read(predict, model, file):
    """Returns what the module predict reads in a file, or None, and whether it has no "?"."""
    try:
        reading = predict.read(model, predict.find_digits.load_picture(file))
    except predict.find_digits.NothingToRead:
        return None, False
    return reading.text(), reading.is_sure()


def judge(predict, model, samples):
    """Returns which of the samples the module predict reads right, and which without a "?".

    A picture without a digit, whose answer is None, is read right if it is refused.
    """
    answers = [read(predict, model, file) for file, _ in samples]
    right = [answer == expected for (answer, _), (_, expected) in zip(answers, samples)]
    return np.array(right), np.array([sure for _, sure in answers])


def saved(image):
    """Returns a file with the image, as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file


def sample(rng, make, answer):
    """Returns a file with a made picture of these digits, and these digits."""
    return saved(make(rng, answer)), answer


# ink on a page: images in mode L, 255 where there is ink


def mnist(rng, digit):
    """Returns one of MNIST's digits as it is, 28 by 28 pixels."""
    return Image.fromarray(rng.choice(DIGITS[int(digit) == LABELS]))


def written(rng, digit, height):
    """Returns such a digit, cut out to its ink and so many pixels high."""
    # ten times as large, and sharpened by a threshold, for 28 pixels are few
    image = mnist(rng, digit).resize((280, 280), Image.Resampling.BICUBIC)
    ink = np.asarray(image.filter(ImageFilter.GaussianBlur(3))) > 70
    image = Image.fromarray(ink).convert("L")
    image = image.crop(image.getbbox())
    return image.resize((max(1, image.width * height // image.height), height))


def page(rng, text, height=(240, 400), share=(0.4, 0.75)):
    """Returns a page with rows of digits somewhere on it.

    text: digits, with spaces between the rows, or nothing; height: in pixels; share: the part of
    the height that the rows have.
    """
    rows, height = text.split() or [""], rng.integers(*height)
    # rows lie half the height of a digit apart, so each but the last takes one and a half
    tall = int(height * rng.uniform(*share) / (1.5 * len(rows) - 0.5))
    block = Image.new("L", (15 * tall, 2 * tall * len(rows)))  # with room to spare
    for i, row in enumerate(rows):
        x = rng.integers(tall)
        for digit in row:
            image = written(rng, digit, int(tall * rng.uniform(0.82, 1)))
            y = int(1.5 * tall * i) + rng.integers(1 + tall - image.height)
            block.paste(image, (x, y))
            gap = int(tall * rng.uniform(0.12, 0.45))
            x += image.width + gap
    ink = block.getbbox() or (0, 0, 1, 1)
    margin = height // 10
    block = ImageOps.expand(block.crop(ink), margin)
    aspect = rng.choice([3 / 4, 1, 4 / 3])
    whole = Image.new("L", (max(int(height * aspect), block.width), max(height, block.height)))
    space = np.subtract(whole.size, block.size)
    whole.paste(block, tuple(rng.integers(1 + space).tolist()))
    degrees = rng.uniform(-3, 3)
    return whole.rotate(degrees, Image.Resampling.BILINEAR)


# a photograph of it: light and lines are arrays (h, w) of numbers from 0 to 1


def uneven(rng, shape):
    """Returns the light on each pixel, of a lamp or a window at one side."""
    y, x = (np.linspace(-1, 1, side) for side in shape)
    angle = rng.uniform(0, 2 * np.pi)
    slope = y[:, None] * np.sin(angle) + x * np.cos(angle)
    middle, difference = rng.uniform(0.7, 0.8), rng.uniform(0.03, 0.14)
    return middle + difference * slope


def under_a_hand(rng, shape):
    """Returns such light with the shadow of a hand that reaches in from one side."""
    height, width = shape
    palm, x = rng.uniform(0.15, 0.25) * min(shape), rng.uniform(0, width)
    shadow = Image.new("L", (width, height))
    draw = ImageDraw.Draw(shadow)
    draw.circle((x, height), palm, 255)
    for angle in np.arange(-1, 1, 0.5) + rng.uniform(0, 0.5):  # four fingers, in radians
        length = palm * rng.uniform(1.5, 2.5)
        tip = x + length * np.sin(angle), height - length * np.cos(angle)
        draw.line((x, height, *tip), 255, round(palm / 3))
    soft = shadow.filter(ImageFilter.GaussianBlur(palm * rng.uniform(0.05, 0.15)))
    light, darkness = uneven(rng, shape), rng.uniform(0.3, 0.5)
    return light * (1 - darkness * np.asarray(soft) / 255)


def ruled(rng, shape, spacing=(0.25, 0.5), angles=(0,)):
    """Returns how much pale lines cover each pixel.

    spacing: shares of the picture's height; angles: in degrees, one for each set of lines.
    """
    y, x = np.ogrid[: shape[0], : shape[1]]
    gap, first = shape[0] * rng.uniform(*spacing), rng.uniform(0, shape[0])
    half = shape[0] * rng.uniform(0.0015, 0.004)  # of a line's width
    lines = np.zeros(shape)
    for turn in np.radians(np.array(angles) + rng.uniform(-3, 3)):
        across = y * np.cos(turn) + x * np.sin(turn) + first
        distance = abs((across + gap / 2) % gap - gap / 2)  # to the next line
        lines = np.maximum(lines, (half + 0.5 - distance).clip(0, 1))
    darkness = rng.uniform(0.25, 0.5)
    return darkness * lines


def patches(rng, shape, size):
    """Returns random numbers of mean 0 and deviation 1, alike over so many pixels."""
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), size)
    return smooth / smooth.std()


def taken(rng, cover, papers=PAPERS, pens=PENS, light=uneven, lines=None, wear=0, blur=SHARP):
    """Returns the photograph of a page, mode RGB.

    wear: how much of the ink is missing in places; blur: shares of the height.
    """
    cover = np.asarray(cover) / 255
    shape = cover.shape
    if wear:
        cover = cover * (1 - wear * (0.5 + patches(rng, shape, 1)).clip(0, 1))
    paper, pen = rng.choice(papers), rng.choice(pens)
    colors = np.broadcast_to(paper, (*shape, 3))
    if lines:
        colors = colors + lines(rng, shape)[..., None] * (LINES - colors)
    colors = colors + cover[..., None] * (pen - colors)
    colors = colors * light(rng, shape)[..., None]
    sigma = shape[0] * rng.uniform(*blur)
    colors = ndimage.gaussian_filter(colors, (sigma, sigma, 0))
    noise = rng.uniform(2, 6)  # of a sensor, in levels of 255
    colors = colors + rng.normal(0, noise, colors.shape)
    return Image.fromarray(colors.clip(0, 255).astype("uint8"))


def photo(rng, text="", height=(240, 400), share=(0.4, 0.75), **options):
    """Returns a photograph of rows of digits, as `page` writes and `taken` takes it."""
    return taken(rng, page(rng, text, height, share), **options)


def cut_out(rng, digit):
    """Returns a digit with little or no margin, black on white or white on black."""
    image = written(rng, digit, rng.integers(40, 300))
    image = ImageOps.expand(image, int(image.height * rng.uniform(0, 0.1)))
    return rng.choice([ImageOps.invert, Image.Image.copy])(image)


PHOTOS = {
    "paper": photo,
    "ruled lines": partial(photo, lines=ruled),
    "squared paper": partial(photo, lines=partial(ruled, spacing=(0.12, 0.3), angles=(0, 90))),
    "pencil": partial(photo, pens=PENCILS, wear=0.5),
    "chalk": partial(photo, papers=BOARDS, pens=CHALKS, wear=0.7),
}
KINDS = PHOTOS | {
    "out of focus": partial(photo, blur=(0.008, 0.025)),
    "shadow of a hand": partial(photo, light=under_a_hand),
    "small on a large sheet": partial(photo, height=(600, 800), share=(1 / 12, 1 / 8)),
    "white on black": page,
    "cut out": cut_out,
    "mnist": mnist,
}
# without a digit, to be refused
EMPTY = {
    "white": lambda rng: Image.new("RGB", (400, 300), "white"),
    "one pixel": lambda rng: Image.new("RGB", (1, 1), "gray"),
    "paper": photo,
    "ruled lines": partial(photo, lines=ruled),
    "blackboard": partial(photo, papers=BOARDS),
    "specks": lambda rng: taken(rng, 255 * (patches(rng, (300, 400), 1) > 3)),
}
# likewise, but some are taken for digits
MISLEADING = {
    "squared paper": partial(photo, lines=partial(ruled, angles=(0, 90))),
    "shadow of a hand": partial(photo, light=under_a_hand),
}


def row(rng, number):
    """Returns a photograph of a number, a string of digits."""
    make = rng.choice(list(PHOTOS.values()))
    return make(rng, number, height=(160, 300), share=(0.4, 0.7))


def cut_out_row(rng, number):
    """Returns a number without any margin, black on white."""
    image = page(rng, number)
    return ImageOps.invert(image.crop(image.getbbox()))


def sheet(rng, numbers):
    """Returns a photograph of several rows, a string with spaces between them."""
    make = rng.choice(list(PHOTOS.values()))
    return make(rng, numbers, height=(480, 720), share=(0.6, 0.85))


def random_number(rng, least=2, most=6):
    """Returns two to six digits, or from least to most."""
    return "".join(map(str, rng.integers(10, size=rng.integers(least, most + 1))))


def random_sheet(rng):
    """Returns two to five rows of one to five digits, with spaces between them."""
    return " ".join(random_number(rng, 1, 5) for _ in range(rng.integers(2, 6)))
