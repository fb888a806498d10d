"""Pictures of digits as people make them, in photographs, scans and drawings, and pictures without a digit."""

import io
from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize

ROOT = Path(__file__).resolve().parents[1]
with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
    DIGITS, LABELS = arrays["x_test"], arrays["y_test"]
with Image.open(ROOT / "tests" / "handwriting.png") as sheet:
    FONTS = ImageOps.invert(sheet.convert("L"))
STROKES = {  # lines: the coordinates of two ends; arcs: a box, and the first and last angle
    0: [(50, 40, 180, 260, 0, 360)],
    1: [(130, 40, 115, 260)],
    2: [(60, 40, 180, 150, 180, 30), (172, 122, 60, 255), (60, 255, 190, 255)],
    3: [(60, 40, 175, 145, 200, 90), (50, 143, 185, 260, 270, 160)],
    4: [(90, 40, 60, 160), (60, 160, 185, 155), (150, 60, 145, 260)],
    5: [(55, 120, 185, 260, 250, 160), (75, 45, 72, 130), (75, 45, 175, 42)],
    6: [(60, 140, 180, 260, 0, 360), (60, 30, 300, 380, 180, 245)],
    7: [(55, 45, 180, 45), (180, 45, 105, 260)],
    8: [(70, 40, 170, 140, 0, 360), (60, 138, 180, 260, 0, 360)],
    9: [(60, 40, 180, 160, 0, 360), (180, 100, 165, 260)],
}
PAPERS = [(245, 245, 243), (250, 248, 240), (238, 230, 212), (214, 218, 222), (250, 240, 170)]
PENS = [(28, 28, 32), (38, 45, 120), (70, 70, 78)]
COLOURS = [(200, 30, 40), (20, 120, 60), (30, 80, 200), (120, 40, 140), (215, 95, 15)]
BOARDS, CHALKS = [(70, 96, 83), (62, 64, 67)], [(235, 235, 228), (235, 220, 130), (240, 185, 190)]
EQUAL = [(233, 60, 47), (40, 151, 85), (60, 111, 231), (110, 110, 110)]  # by 0.299 R + 0.587 G + 0.114 B


def mnist(rng, digit):
    """Returns one of MNIST's test digits as it is: white on black, 28 by 28 pixels."""
    return Image.fromarray(rng.choice(DIGITS[digit == LABELS]))


def from_mnist(rng, digit, style):
    """Returns such a digit enlarged, with sharp edges: an image in mode L, ink 255, as from the next two."""
    image = mnist(rng, digit).resize((280, 280), Image.Resampling.BICUBIC)
    return image.filter(ImageFilter.GaussianBlur(3)).point(lambda value: 255 * (value > 70))


def from_font(rng, digit, style):
    """Returns a digit of a handwriting font, which style, 0 to 1, chooses."""
    left, top = 64 * digit, 64 * int(8 * style)
    return slanted(rng, FONTS.crop((left, top, left + 64, top + 64)).resize((300, 300), Image.Resampling.BICUBIC))


def from_strokes(rng, digit, style):
    """Returns a digit drawn with a pen whose width grows with style, 0 to 1."""
    image = Image.new("L", (240, 300))
    draw = ImageDraw.Draw(image)
    for *ends, first, last in STROKES[digit]:
        if len(ends) == 4:
            draw.arc(ends, first, last, fill=255, width=3)
        else:
            draw.line((*ends, first, last), fill=255, width=3)
    return traced(slanted(rng, image), 0.05 + 0.1 * style)


def slanted(rng, image):
    """Returns the image turned, sheared and stretched a little."""
    image = ImageOps.expand(image, 60)
    sin, cos = np.sin(angle := np.radians(rng.uniform(-8, 8))), np.cos(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ [[rng.uniform(0.85, 1.15), rng.uniform(-0.1, 0.1)], [0, 1]]
    middle = np.array(image.size) / 2
    coefficients = np.column_stack([matrix, middle - matrix @ middle]).ravel()
    return image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)


def traced(image, width):
    """Returns the image's lines drawn again with a round pen, whose width is a share of the ink's height."""
    ink = np.asarray(image.crop(image.getbbox())) > 127
    reach = width / 2 * len(ink)
    distance = distance_transform_edt(~skeletonize(np.pad(ink, 1 + int(reach))))
    return Image.fromarray(distance < reach).convert("L")


def written(rng, digits, height, pen=None):
    """Returns digits in one hand, (height, any width) of float32, ink 1; pen: a range of widths, except MNIST's."""
    hand, style, parts = rng.choice([from_mnist, from_font, from_strokes]), rng.random(), []
    width = pen and rng.uniform(*pen)
    sizes = rng.uniform(0.82, 1, len(digits))
    for digit, size in zip(map(int, digits), sizes / sizes.max(), strict=True):
        image = hand(rng, digit, style)
        if pen and hand is not from_mnist:
            image = traced(image, width)
        image = image.crop(image.getbbox())
        tall, gap = round(height * size), round(height * rng.uniform(0.12, 0.45))
        image = image.resize((max(1, round(image.width * tall / image.height)), tall))
        above = rng.integers(height - tall, endpoint=True)
        parts.append(np.pad(np.float32(image) / 255, ((above, height - tall - above), (0, gap))))
    return np.hstack(parts)[:, :-gap]


def page(rng, digits, height=(240, 400), share=(0.4, 0.75), pen=None):
    """Returns how much ink covers a page, (height, width) of float32, 0 to 1; share: the digits' of its height."""
    height = rng.integers(*height, endpoint=True)
    ink = written(rng, str(digits), round(height * rng.uniform(*share)), pen)
    margin = 1 + height // 20
    width = max(int(height * rng.choice([0.75, 1, 4 / 3])), ink.shape[1] + 4 * margin)
    space = np.array([height, width]) - ink.shape
    before = rng.integers(margin, space - margin, endpoint=True)
    return np.pad(ink, np.column_stack([before, space - before]))


def clouds(rng, shape, scale):
    """Returns float32 numbers of mean 0 and a deviation near 1 that change smoothly, within scale pixels."""
    few = rng.standard_normal([2 + int(side / scale) for side in shape], dtype="float32")
    return np.asarray(Image.fromarray(few).resize(shape[::-1], Image.Resampling.BICUBIC))


def slope(rng, shape):
    """Returns numbers from -1 to 1 that grow in a random direction."""
    y, x = (np.linspace(-1, 1, side, dtype="float32") for side in shape)
    angle = rng.uniform(0, 2 * np.pi)
    return (y[:, None] * np.sin(angle) + x * np.cos(angle)) / (abs(np.sin(angle)) + abs(np.cos(angle)))


def uneven(rng, shape):
    """Returns the light on each pixel, 1 at most, of a lamp or a window at one side."""
    smooth = 0.02 * clouds(rng, shape, shape[0] / 2)
    return rng.uniform(0.7, 0.85) + rng.uniform(0.05, 0.2) * slope(rng, shape) + smooth


def shadow(rng, shape):
    """Returns uneven light with a shadow, as of a hand, whose soft edge crosses the picture."""
    edge = slope(rng, shape) + rng.uniform(-0.2, 0.2) + 0.06 * clouds(rng, shape, shape[0] / 2)
    return uneven(rng, shape) * (1 - rng.uniform(0.3, 0.55) * (edge / rng.uniform(0.02, 0.15)).clip(0, 1))


def hand(rng, shape):
    """Returns uneven light with the shadow of a hand, whose fingers point from one side into the picture."""
    (h, w), size = shape, rng.uniform(0.15, 0.25) * min(shape)
    x, draw = rng.uniform(0, w), ImageDraw.Draw(cover := Image.new("L", (w, h)))
    draw.circle((x, h), size, 255)
    for angle in np.arange(-1, 1, 0.5) + rng.uniform(0, 0.5):
        length = size * rng.uniform(1.5, 2.5)
        draw.line((x, h, x + length * np.sin(angle), h - length * np.cos(angle)), 255, round(size / 3))
    cover = np.rot90(cover.filter(ImageFilter.GaussianBlur(size * rng.uniform(0.05, 0.15))), rng.choice([0, 2]))
    return uneven(rng, shape) * (1 - rng.uniform(0.3, 0.5) * np.float32(cover) / 255)


def ruled(rng, shape, spacing=(0.25, 0.5), angles=(0,)):
    """Returns how much printed lines cover each pixel; spacing: a range of shares of the picture's height."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    gap, phase, width = shape[0] * rng.uniform(*spacing), rng.random(), shape[0] * rng.uniform(0.003, 0.008)
    turns = np.radians(np.array(angles) + rng.uniform(-3, 3))
    distances = [abs(((y * np.cos(turn) + x * np.sin(turn)) / gap + phase) % 1 - 0.5) * gap for turn in turns]
    return rng.uniform(0.25, 0.5) * (width / 2 + 0.5 - np.minimum.reduce(distances)).clip(0, 1)


def noisy(rng, image, deviation):
    """Returns the image, of mode RGB, with the noise of a sensor."""
    noise = Image.frombytes("RGB", image.size, rng.bytes(3 * image.width * image.height))
    quantiles = [round(128 + deviation * NormalDist().inv_cdf((level + 0.5) / 256)) for level in range(256)]
    return ImageChops.add(image, noise.point(3 * quantiles), offset=-128)


def taken(rng, cover, papers=PAPERS, pens=PENS, light=uneven, lines=None, wear=0, blur=(0.002, 0.004), noise=(2, 6)):
    """Returns a photograph of a page; wear: how patchy the ink is; blur: a range of shares of the height."""
    shape = cover.shape
    paper, pen = (rng.choice(colours).astype("float32") for colours in (papers, pens))
    cover = cover * (1 - wear * (0.5 + clouds(rng, shape, 2)).clip(0, 1)) if wear else cover
    ground = paper + lines(rng, shape)[..., None] * ((115, 140, 190) - paper) if lines else paper
    brightness = light(rng, shape) * (1 + 0.01 * clouds(rng, shape, 3))
    colours = (ground + cover[..., None] * (pen - ground)) * brightness[..., None]
    image = Image.fromarray(colours.clip(0, 255).astype("uint8"))
    return noisy(rng, image.filter(ImageFilter.GaussianBlur(shape[0] * rng.uniform(*blur))), rng.uniform(*noise))


def photo(rng, digits, height=(240, 400), share=(0.4, 0.75), pen=None, **options):
    """Returns a photograph of digits, as `page` writes and `taken` takes it."""
    return taken(rng, page(rng, digits, height, share, pen), **options)


def painted(rng, digit):
    """Returns white on black without noise, in mode L, as a paint program saves it."""
    return Image.fromarray((255 * page(rng, digit)).astype("uint8"))


def transparent(rng, digit):
    """Returns dark or light ink, in mode RGBA, on nothing."""
    alpha = painted(rng, digit)
    image = Image.new("RGBA", alpha.size, tuple(rng.choice([*PENS, *CHALKS]).tolist()))
    image.putalpha(alpha)
    return image


def equally_bright(rng, digit):
    """Returns a photograph whose ink differs from the paper in colour alone."""
    paper, pen = rng.permutation(EQUAL)[:2]
    return photo(rng, digit, papers=[paper], pens=[pen])


def few_pixels(rng, digit, height=(16, 20)):
    """Returns a photograph little larger than its digit, which is 8 pixels high or more."""
    return photo(rng, digit, height, share=(0.5, 0.6), pen=(0.1, 0.15), blur=(0, 0.01), noise=(0, 3))


def enlarged(rng, digit):
    """Returns a photograph of few pixels enlarged, in blocks or smoothly."""
    method = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR])
    return ImageOps.scale(few_pixels(rng, digit, (18, 32)), 12, method)


def ten_megapixels(rng, digit):
    """Returns a large photograph with the noise of dim light."""
    image = photo(rng, digit, (900, 900), noise=(0, 0))
    return noisy(rng, ImageOps.scale(image, (1e7 / image.width / image.height) ** 0.5), rng.uniform(6, 15))


def jpeg(image, **options):
    """Returns the image as a JPEG file gives it back."""
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return Image.open(file)


def saved(image):
    """Returns a file with the image, in its own format or else as PNG."""
    file = io.BytesIO()
    image.save(file, image.format or "PNG", exif=image.getexif(), quality="keep")
    return file


def read(predict, model, file):
    """Returns the digits that the module predict reads in a file, and whether it is sure; None and False if refused."""
    try:
        *_, probabilities = predict.read(model, predict.load_picture(file))
    except predict.NothingToRead:
        return None, False
    return "".join(map(str, probabilities.argmax(axis=1))), "?" not in predict.answer(probabilities)


def compressed(rng, digits, **options):
    """Returns a photograph of which strong compression has left little."""
    return jpeg(photo(rng, digits, **options), quality=int(rng.integers(6, 16)))


def turned(rng, digit):
    """Returns a telephone's photograph, which lies as the sensor saw it and says in EXIF how to turn it."""
    orientation, angle = rng.choice([(3, 180), (6, 90), (8, 270)]).tolist()
    image = photo(rng, digit).rotate(angle, expand=True)
    image.getexif()[0x112] = orientation
    return jpeg(image, exif=image.getexif())


PHOTOS = {
    "paper": photo,
    "shadow": partial(photo, light=shadow),
    "ruled lines": partial(photo, lines=ruled),
    "squared paper": partial(photo, lines=partial(ruled, spacing=(0.12, 0.3), angles=(0, 90))),
    "pencil": partial(photo, pen=(0.025, 0.045), pens=[(95, 95, 98), (125, 125, 128)], wear=0.5),
    "chalk": partial(photo, pen=(0.06, 0.1), papers=BOARDS, pens=CHALKS, wear=0.7),
    "coloured pen": partial(photo, pens=COLOURS),
    "thick marker": partial(photo, pen=(0.13, 0.19)),
    "strong compression": compressed,
}
KINDS = PHOTOS | {
    "black on white": lambda rng, digit: ImageOps.invert(painted(rng, digit)),
    "white on black": painted,
    "mnist": mnist,
    "equally bright": equally_bright,
    "out of focus": partial(photo, blur=(0.02, 0.035)),
    "shadow of a hand": partial(photo, light=hand),
    "tiny": few_pixels,
    "enlarged": enlarged,
    "ten megapixels": ten_megapixels,
    "small on a large sheet": partial(photo, height=(600, 800), share=(1 / 12, 1 / 8)),
    "transparent": transparent,
    "transparent corners": lambda rng, digit: photo(rng, digit).convert("RGBA").rotate(rng.uniform(-8, 8), expand=True),
    "turned by EXIF": turned,
    "tight": lambda rng, digit: taken(rng, np.pad(written(rng, str(digit), rng.integers(60, 300)), rng.integers(2, 7))),
}
BLANK = np.zeros((300, 400), "float32")
EMPTY = {
    "white": lambda rng: Image.new("RGB", (400, 300), "white"),
    "transparent": lambda rng: Image.new("RGBA", (400, 300)),
    "paper": lambda rng: taken(rng, BLANK),
    "ruled lines": lambda rng: taken(rng, BLANK, lines=ruled),
    "blackboard": lambda rng: taken(rng, BLANK, BOARDS),
    "shadow": lambda rng: taken(rng, BLANK, light=shadow),
    "linear gradient": lambda rng: Image.fromarray((127.5 + 127.5 * slope(rng, (300, 400))).astype("uint8")),
    "radial gradient": lambda rng: Image.radial_gradient("L").resize(rng.integers(200, 400, 2)),
    "noise": lambda rng: noisy(rng, Image.new("RGB", (400, 300), "gray"), rng.uniform(10, 40)),
    "specks": lambda rng: taken(rng, np.float32(clouds(rng, (300, 400), 3) > 2.4)),
    "one pixel": lambda rng: Image.new("RGB", (1, 1), tuple(rng.integers(0, 256, 3).tolist())),
}


def row(rng, digits):
    """Returns a photograph of a number, a string of digits."""
    return rng.choice(list(PHOTOS.values()))(rng, digits, height=(160, 300), share=(0.4, 0.7))
