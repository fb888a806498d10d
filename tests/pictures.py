"""Pictures of digits as people make them, in photographs, scans and drawings, and some without."""

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
with Image.open(ROOT / "tests" / "handwriting.png") as image:
    FONTS = ImageOps.invert(image.convert("L"))
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


def mnist(rng, digit):
    """Returns one of MNIST's test digits as it is: white on black, 28 by 28 pixels."""
    return Image.fromarray(rng.choice(DIGITS[int(digit) == LABELS]))


def from_mnist(rng, digit, style):
    """Returns such a digit enlarged, in mode L, ink 255, as do the next two."""
    image = mnist(rng, digit).resize((280, 280), Image.Resampling.BICUBIC)
    return image.filter(ImageFilter.GaussianBlur(3)).point(lambda value: 255 * (value > 70))


def from_font(rng, digit, style):
    """Returns a digit of a handwriting font, which style, 0 to 1, chooses."""
    left, top = 64 * digit, 64 * int(8 * style)
    image = FONTS.crop((left, top, left + 64, top + 64))
    return slanted(rng, image.resize((300, 300), Image.Resampling.BICUBIC))


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
    stretch, shear = rng.uniform(0.85, 1.15), rng.uniform(-0.1, 0.1)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ [[stretch, shear], [0, 1]]
    middle = np.array(image.size) / 2
    coefficients = np.column_stack([matrix, middle - matrix @ middle]).ravel()
    method = Image.Transform.AFFINE
    return image.transform(image.size, method, coefficients, Image.Resampling.BILINEAR)


def traced(image, width):
    """Returns the image's lines drawn again with a pen; width: a share of the ink's height."""
    ink = np.asarray(image.crop(image.getbbox())) > 127
    reach = width / 2 * len(ink)
    distance = distance_transform_edt(~skeletonize(np.pad(ink, 1 + int(reach))))
    return Image.fromarray(distance < reach).convert("L")


def hand(rng, pen=None):
    """Returns how a person writes: a function that returns an image of a digit, cut out to its ink.

    pen: a range of the strokes' widths, as shares of the digits' height; MNIST's keep theirs.
    """
    draw, style = rng.choice([from_mnist, from_font, from_strokes]), rng.random()
    width = pen and rng.uniform(*pen)

    def write(digit):
        image = draw(rng, int(digit), style)
        if pen and draw is not from_mnist:
            image = traced(image, width)
        return image.crop(image.getbbox())

    return write


def sized(image, height):
    """Returns an image so many pixels high, as float32 numbers from 0 to 1."""
    width = max(1, round(image.width * height / image.height))
    return np.float32(image.resize((width, height))) / 255


def written(rng, write, digits, height):
    """Returns a row of digits, (height, any width) of float32, ink 1."""
    parts = []
    sizes = rng.uniform(0.82, 1, len(digits))
    for digit, size in zip(digits, sizes / sizes.max(), strict=True):
        ink = sized(write(digit), round(height * size))
        above = rng.integers(height - len(ink), endpoint=True)
        gap = round(height * rng.uniform(0.12, 0.45))
        parts.append(np.pad(ink, ((above, height - len(ink) - above), (0, gap))))
    return np.hstack(parts)[:, :-gap]


def placed(rng, ink, height):
    """Returns a page, at least so many pixels high, with the ink anywhere but at its edges."""
    margin = 1 + height // 20
    height = max(height, ink.shape[0] + 4 * margin)
    width = max(int(height * rng.choice([0.75, 1, 4 / 3])), ink.shape[1] + 4 * margin)
    space = np.array([height, width]) - ink.shape
    before = rng.integers(margin, space - margin, endpoint=True)
    return np.pad(ink, np.column_stack([before, space - before]))


def tilted(rng, cover):
    """Returns a page that does not lie quite straight."""
    return np.asarray(Image.fromarray(cover).rotate(rng.uniform(-3, 3), Image.Resampling.BILINEAR))


def page(rng, numbers, height=(240, 400), share=(0.4, 0.75), pen=None, dark=False):
    """Returns how much ink covers a page with rows of digits, (height, width) of float32, 0 to 1.

    numbers: a string, with spaces between the rows; share: theirs of the height; dark: they stand
    on lines as dark as the ink.
    """
    height, numbers, write = rng.integers(*height, endpoint=True), numbers.split(), hand(rng, pen)
    tall = round(height * rng.uniform(*share) / (1.5 * len(numbers) - 0.5))
    rows = [written(rng, write, number, tall) for number in numbers]
    indents = rng.integers(tall, size=len(rows))
    width = max(indent + row.shape[1] for indent, row in zip(indents, rows, strict=True))
    gap = round(tall * rng.uniform(0.3, 0.7))
    parts = []
    for indent, row in zip(indents, rows, strict=True):
        parts.append(np.pad(row, ((0, gap), (indent, width - indent - row.shape[1]))))
    cover = placed(rng, np.vstack(parts)[:-gap], height)
    if dark:
        bottom = np.flatnonzero(cover.any(axis=1))[-1] + tall * rng.uniform(-0.1, 0.2)
        cover = np.maximum(cover, printed(rng, cover.shape, tall + gap, bottom))
    return tilted(rng, cover) if dark or len(rows) > 1 else cover


def printed(rng, shape, spacing, first):
    """Returns lines across a page, so many pixels apart."""
    distance = (np.arange(shape[0]) - first + spacing / 2) % spacing - spacing / 2
    width = max(1, shape[0] * rng.uniform(0.003, 0.008))
    lines = (width / 2 + 0.5 - np.abs(distance)).clip(0, 1) * rng.uniform(0.8, 1)
    return np.broadcast_to(np.float32(lines)[:, None], shape)


def table(rng, numbers, height=(240, 400), pen=None):
    """Returns a page with a table as dark as the ink, one digit in a cell."""
    height, numbers, write = rng.integers(*height, endpoint=True), numbers.split(), hand(rng, pen)
    rows = max(3, len(numbers) + rng.integers(2))
    columns = max(3, max(map(len, numbers), default=0) + rng.integers(3))
    cell = round(height * rng.uniform(0.7, 0.9) / rows)
    line = max(2, round(height * rng.uniform(0.003, 0.008)))
    cover = np.zeros((cell * rows + line, cell * columns + line), "float32")
    for i in range(line):
        cover[i::cell] = cover[:, i::cell] = 1
    for top, number in enumerate(numbers):
        for left, digit in enumerate(number):
            ink = sized(write(digit), round(cell * rng.uniform(0.45, 0.7)))
            space = np.array([cell, cell]) - ink.shape
            y, x = np.int64([top * cell, left * cell] + space * rng.uniform(0.3, 0.7, 2))
            window = cover[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(window, ink, out=window)
    return tilted(rng, placed(rng, cover, height))


def cut_out(rng, digit, margin=(0, 2)):
    """Returns a digit cut out to its ink, in mode L, black on white or white on black."""
    ink = sized(hand(rng)(digit), rng.integers(40, 300))
    ink = np.pad(ink, rng.integers(*margin, endpoint=True))
    image = Image.fromarray(np.uint8(255 * ink))
    return rng.choice([ImageOps.invert, Image.Image.copy])(image)


def over_the_edge(rng, digit):
    """Returns a photograph whose digit reaches one of its edges, or a little beyond."""
    cover = page(rng, digit)
    y, x = (np.flatnonzero(cover.any(axis=axis)) for axis in (1, 0))
    beyond = round(len(cover) * rng.uniform(0, 0.03))
    edges = [cover[y[0] + beyond :], cover[: y[-1] + 1 - beyond]]
    edges += [cover[:, x[0] + beyond :], cover[:, : x[-1] + 1 - beyond]]
    return taken(rng, edges[rng.integers(4)])


def lone_line(rng):
    """Returns a page with nothing but a line from one edge to the other, across or down."""
    line = printed(rng, (300, 600), 400, rng.uniform(50, 250))
    line = Image.fromarray(np.pad(line, ((150, 150), (0, 0))))
    line = line.rotate(rng.uniform(-5, 5) + rng.choice([0, 90]), Image.Resampling.BILINEAR)
    return np.asarray(line)[150:450, 100:500]


def clouds(rng, shape, scale):
    """Returns float32 numbers of mean 0 and deviation 1 that change smoothly, in scale pixels."""
    few = rng.standard_normal([2 + int(side / scale) for side in shape], dtype="float32")
    return np.asarray(Image.fromarray(few).resize(shape[::-1], Image.Resampling.BICUBIC))


def slope(rng, shape):
    """Returns numbers from -1 to 1 that grow in a random direction."""
    y, x = (np.linspace(-1, 1, side, dtype="float32") for side in shape)
    angle = rng.uniform(0, 2 * np.pi)
    sin, cos = np.sin(angle), np.cos(angle)
    return (y[:, None] * sin + x * cos) / (abs(sin) + abs(cos))


def uneven(rng, shape):
    """Returns the light on each pixel, 1 at most, of a lamp or a window at one side."""
    smooth = 0.02 * clouds(rng, shape, shape[0] / 2)
    return rng.uniform(0.7, 0.85) + rng.uniform(0.05, 0.2) * slope(rng, shape) + smooth


def shadow(rng, shape):
    """Returns uneven light with a shadow, as of a hand, whose soft edge crosses the picture."""
    edge = slope(rng, shape) + rng.uniform(-0.2, 0.2) + 0.06 * clouds(rng, shape, shape[0] / 2)
    dark = rng.uniform(0.3, 0.55) * (edge / rng.uniform(0.02, 0.15)).clip(0, 1)
    return uneven(rng, shape) * (1 - dark)


def fingers(rng, shape):
    """Returns uneven light with the shadow of a hand that reaches in from one side."""
    (h, w), size = shape, rng.uniform(0.15, 0.25) * min(shape)
    x, draw = rng.uniform(0, w), ImageDraw.Draw(cover := Image.new("L", (w, h)))
    draw.circle((x, h), size, 255)
    for angle in np.arange(-1, 1, 0.5) + rng.uniform(0, 0.5):
        length = size * rng.uniform(1.5, 2.5)
        tip = x + length * np.sin(angle), h - length * np.cos(angle)
        draw.line((x, h, *tip), 255, round(size / 3))
    cover = cover.filter(ImageFilter.GaussianBlur(size * rng.uniform(0.05, 0.15)))
    cover = np.rot90(cover, rng.choice([0, 2]))
    return uneven(rng, shape) * (1 - rng.uniform(0.3, 0.5) * np.float32(cover) / 255)


def ruled(rng, shape, spacing=(0.25, 0.5), angles=(0,)):
    """Returns how much pale lines cover each pixel; spacing: shares of the picture's height."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    gap, phase = shape[0] * rng.uniform(*spacing), rng.random()
    width = shape[0] * rng.uniform(0.003, 0.008)
    turns = np.radians(np.array(angles) + rng.uniform(-3, 3))
    places = [(y * np.cos(turn) + x * np.sin(turn)) / gap + phase for turn in turns]
    distances = [abs(place % 1 - 0.5) * gap for place in places]
    return rng.uniform(0.25, 0.5) * (width / 2 + 0.5 - np.minimum.reduce(distances)).clip(0, 1)


def noisy(rng, image, deviation):
    """Returns the image, of mode RGB, with the noise of a sensor."""
    noise = Image.frombytes("RGB", image.size, rng.bytes(3 * image.width * image.height))
    shares = [(level + 0.5) / 256 for level in range(256)]
    quantiles = [round(128 + deviation * NormalDist().inv_cdf(share)) for share in shares]
    return ImageChops.add(image, noise.point(3 * quantiles), offset=-128)


def taken(
    rng,
    cover,
    papers=PAPERS,
    pens=PENS,
    light=uneven,
    lines=None,
    wear=0,
    blur=(0.002, 0.004),
    noise=(2, 6),
):
    """Returns a photograph of a page; wear: how patchy the ink is; blur: shares of the height."""
    shape = cover.shape
    paper, pen = (rng.choice(colours).astype("float32") for colours in (papers, pens))
    cover = cover * (1 - wear * (0.5 + clouds(rng, shape, 2)).clip(0, 1)) if wear else cover
    ground = paper + lines(rng, shape)[..., None] * ((115, 140, 190) - paper) if lines else paper
    brightness = light(rng, shape) * (1 + 0.01 * clouds(rng, shape, 3))
    colours = (ground + cover[..., None] * (pen - ground)) * brightness[..., None]
    image = Image.fromarray(colours.clip(0, 255).astype("uint8"))
    image = image.filter(ImageFilter.GaussianBlur(shape[0] * rng.uniform(*blur)))
    return noisy(rng, image, rng.uniform(*noise))


def photo(rng, numbers, height=(240, 400), share=(0.4, 0.75), pen=None, dark=False, **options):
    """Returns a photograph of digits, as `page` writes and `taken` takes it."""
    return taken(rng, page(rng, numbers, height, share, pen, dark), **options)


def painted(rng, digit):
    """Returns white on black without noise, in mode L, as a paint program saves it."""
    return Image.fromarray((255 * page(rng, digit)).astype("uint8"))


def transparent(rng, digit):
    """Returns dark or light ink, in mode RGBA, on nothing."""
    alpha = painted(rng, digit)
    image = Image.new("RGBA", alpha.size, tuple(rng.choice([*PENS, *CHALKS]).tolist()))
    image.putalpha(alpha)
    return image


def ten_megapixels(rng, digit):
    """Returns a large photograph with the noise of dim light."""
    image = photo(rng, digit, (900, 900), noise=(0, 0))
    image = ImageOps.scale(image, (1e7 / image.width / image.height) ** 0.5)
    return noisy(rng, image, rng.uniform(6, 15))


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
    """Returns what the module predict reads in a file, and whether it is sure; None if refused."""
    try:
        reading = predict.read(model, predict.load_picture(file))
    except predict.NothingToRead:
        return None, False
    return reading.text(), reading.certainty() >= predict.SURE


def compressed(rng, numbers, **options):
    """Returns a photograph as a messenger sends it, of which compression has left little."""
    return jpeg(photo(rng, numbers, **options), quality=int(rng.integers(8, 30)))


def turned(rng, digit):
    """Returns a telephone's photograph, which lies as the sensor saw it and says so in EXIF."""
    orientation, angle = rng.choice([(3, 180), (6, 90), (8, 270)]).tolist()
    image = photo(rng, digit).rotate(angle, expand=True)
    image.getexif()[0x112] = orientation
    return jpeg(image, exif=image.getexif())


PHOTOS = {
    "paper": photo,
    "shadow": partial(photo, light=shadow),
    "ruled lines": partial(photo, lines=ruled),
    "squared paper": partial(photo, lines=partial(ruled, spacing=(0.12, 0.3), angles=(0, 90))),
    "dark lines": partial(photo, dark=True),
    "pencil": partial(photo, pen=(0.025, 0.045), pens=[(95, 95, 98), (125, 125, 128)], wear=0.5),
    "chalk": partial(photo, pen=(0.06, 0.1), papers=BOARDS, pens=CHALKS, wear=0.7),
    "coloured pen": partial(photo, pens=COLOURS),
    "thick marker": partial(photo, pen=(0.13, 0.19)),
    "strong compression": compressed,
}
KINDS = PHOTOS | {
    "table": lambda rng, digit: taken(rng, table(rng, digit)),
    "black on white": lambda rng, digit: ImageOps.invert(painted(rng, digit)),
    "white on black": painted,
    "mnist": mnist,
    "out of focus": partial(photo, blur=(0.008, 0.016)),
    "shadow of a hand": partial(photo, light=fingers),
    "ten megapixels": ten_megapixels,
    "small on a large sheet": partial(photo, height=(600, 800), share=(1 / 12, 1 / 8)),
    "transparent": transparent,
    "turned by EXIF": turned,
    "cut out": cut_out,
    "over the edge": over_the_edge,
}
BLANK = np.zeros((300, 400), "float32")
EMPTY = {
    "white": lambda rng: Image.new("RGB", (400, 300), "white"),
    "transparent": lambda rng: Image.new("RGBA", (400, 300)),
    "paper": lambda rng: taken(rng, BLANK),
    "ruled lines": lambda rng: taken(rng, BLANK, lines=ruled),
    "dark lines": lambda rng: taken(rng, tilted(rng, printed(rng, (300, 400), 60, 30))),
    "table": lambda rng: taken(rng, table(rng, "")),
    "line": lambda rng: taken(rng, lone_line(rng)),
    "blackboard": lambda rng: taken(rng, BLANK, BOARDS),
    "shadow": lambda rng: taken(rng, BLANK, light=shadow),
    "shadow of a hand": lambda rng: taken(rng, BLANK, light=fingers),
    "linear gradient": lambda rng: Image.fromarray(np.uint8(128 + 127 * slope(rng, (300, 400)))),
    "radial gradient": lambda rng: Image.radial_gradient("L").resize(rng.integers(200, 400, 2)),
    "noise": lambda rng: noisy(rng, Image.new("RGB", (400, 300), "gray"), rng.uniform(10, 40)),
    "specks": lambda rng: taken(rng, np.float32(clouds(rng, (300, 400), 3) > 2.4)),
    "one pixel": lambda rng: Image.new("RGB", (1, 1), tuple(rng.integers(0, 256, 3).tolist())),
}


def row(rng, number):
    """Returns a photograph of a number, a string of digits."""
    return rng.choice(list(PHOTOS.values()))(rng, number, height=(160, 300), share=(0.4, 0.7))


def sheet(rng, numbers):
    """Returns a photograph of several rows, a string with spaces between them."""
    if rng.random() < 0.1:
        return taken(rng, table(rng, numbers, height=(480, 720)))
    return rng.choice(list(PHOTOS.values()))(rng, numbers, height=(480, 720), share=(0.6, 0.85))


def random_number(rng):
    """Returns two to six digits."""
    return "".join(map(str, rng.integers(10, size=rng.integers(2, 7))))


def random_sheet(rng):
    """Returns two to five rows of one to five digits, with spaces between them."""
    lengths = rng.integers(1, 6, rng.integers(2, 6))
    return " ".join("".join(map(str, rng.integers(10, size=length))) for length in lengths)
