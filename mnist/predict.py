# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0"]
# ///
"""Your own handwriting, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So each digit of a picture is made
like MNIST's. The steps, in their order:

    find_ink         how much darker than its paper each pixel is
    threshold_ink    which pixels are ink
    rub_out_lines    takes out ruled lines
    find_digits      what is connected, without shadows and specks: regions of scikit-image
    sort_into_rows   from top to bottom, and each from left to right
    redraw           each digit anew, 28 by 28 pixels, with strokes of one width
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage
from skimage import exposure, filters, measure, morphology, transform

HERE = Path(__file__).parent


class NothingToRead(Exception):
    """There is no digit in a picture; the message says why."""


SURE = 0.99  # less certain answers get a "?"


class Row(NamedTuple):
    """A row of digits, from left to right."""

    digits: list  # of regions, from measure.regionprops
    images: np.ndarray  # (n, 28, 28), 0 to 255, as the network sees them without a slant
    probabilities: np.ndarray  # (n, 10), the mean of its answers for SLANTS

    def text(self):
        return "".join(map(str, self.probabilities.argmax(axis=1)))


class Reading(NamedTuple):
    """What is read in a picture, with the steps on the way."""

    picture: Image.Image  # mode RGB
    ink: np.ndarray  # (h, w), 0 for paper
    rows: list  # of Row, from top to bottom

    def text(self):
        return " ".join(row.text() for row in self.rows)

    def certainty(self):
        """Returns the probability of the least certain digit."""
        return min(row.probabilities.max(axis=1).min() for row in self.rows)

    def seen(self):
        """Returns the digits as the network sees them when not slanted, in one image."""
        strips = [np.hstack(row.images) for row in self.rows]
        longest = max(strip.shape[1] for strip in strips)
        padded = [np.pad(strip, ((0, 0), (0, longest - strip.shape[1]))) for strip in strips]
        return np.vstack(padded)

    def __str__(self):
        doubt = "?" if self.certainty() < SURE else ""
        return f"{self.text()}{doubt} ({self.certainty():.1%})"


# Each step's settings stand above it, and were chosen by trying them on photographs, scans and
# drawings. Where nothing else is said, lengths are in pixels of a loaded picture.

SIDE = 500  # a loaded picture has SIDE * SIDE pixels: enough for rows of small digits, and quick


def load_picture(path):
    """Returns the picture in a file, mode RGB, upright, scaled to as many pixels as SIDE * SIDE."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    # gray of more than 8 bits, stretched to 0 to 255
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(exposure.rescale_intensity(np.asarray(image), out_range="uint8"))
    # gray where it is transparent: dark ink and light ink both show on it
    image = image.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image)
    return ImageOps.scale(image.convert("RGB"), SIDE / (image.width * image.height) ** 0.5)


WINDOW = 160  # wider than a stroke, narrower than most shadows


def is_light_on_dark(gray):
    """Returns whether the ink of a gray picture (h, w) is lighter than its paper."""
    # a digit may fill the picture, so the picture's edge, which is paper, is repeated around it
    padded = np.pad(gray, WINDOW, "edge")
    # how much each pixel differs from its surroundings
    difference = padded - ndimage.uniform_filter(padded, WINDOW)
    # ink is rarer than paper and differs more: with light ink, the cubes add up to more than 0, as
    # in the skewness of a distribution
    return (difference**3).sum() > 0


DARK = 100  # of 255, added to the divisor in find_ink: else noise in the dark would look like ink


def find_ink(picture):
    """Returns how much darker than its paper each pixel of an RGB picture is, (h, w).

    That is 0 for paper, and 255 / (255 + DARK), or 0.72, for black on white. Light ink on dark
    paper is first turned into dark ink on light paper.
    """
    gray = np.asarray(picture.convert("L"), "float32")
    gray = ndimage.gaussian_filter(gray, 1)  # blurred by a pixel, against noise
    if is_light_on_dark(gray):
        gray = 255 - gray
    # the paper alone: closing fills in what is dark and narrower than the window
    paper = ndimage.grey_closing(gray, WINDOW)
    paper = ndimage.uniform_filter(paper, WINDOW)  # smooths the steps that closing leaves
    # as a share of the paper, since in a shadow all is darker
    return ((paper - gray) / (paper + DARK)).clip(0)


CUT = 0.6  # the threshold, as a share of the mean ink above it; 0.5 would leave more shadows
CLEAR = 2  # the threshold must be more than so many times the noise, or noise would be read


def threshold_ink(ink):
    """Returns which pixels of the ink (h, w) belong to strokes: a mask (h, w)."""
    # after Ridler and Calvard (1978): starts with a guess; then, five times, the threshold becomes
    # a share of the mean ink above it
    threshold = ink.max() / 2
    for _ in range(5):
        threshold = CUT * ink[ink >= threshold].mean()
    # noisy paper has a little ink everywhere, since find_ink compares it with its brightest pixels;
    # the palest fifth of the picture is surely paper: its highest value counts as the noise
    noise = np.quantile(ink, 0.2)
    if threshold <= CLEAR * noise:  # both are 0 on a blank sheet
        raise NothingToRead("nothing stands out from the paper; try darker ink or more light")
    return ink > threshold


STRAIGHT = 0.65  # share of the picture's shorter side: printed lines are longer, strokes shorter
TILT = 6  # degrees: few sheets lie more askew
BREAK = 10  # a printed line has no wider gaps
THIN = 10  # a printed line is less tall; a stroke that crosses it is taller


def lines_across(mask):
    """Returns the pixels of a mask (h, w) that belong to printed lines from left to right."""
    # long segments of ink, by a Hough transform
    length = round(STRAIGHT * min(mask.shape))
    # angles of the normal: 90 is a level line; a step of 0.25 moves its end by a pixel or two
    angles = np.radians(np.arange(90 - TILT, 90 + TILT, 0.25))
    segments = transform.probabilistic_hough_line(
        mask,
        threshold=length // 2,  # as paper may be wavy, half of a line's pixels are enough
        line_length=length,
        line_gap=BREAK,
        theta=angles,
        rng=0,  # it tries pixels at random: the same ones each time
    )
    # the segments, drawn as wide as printed lines may be
    cover = Image.new("1", mask.shape[::-1])
    pen = ImageDraw.Draw(cover)
    for start, end in segments:
        pen.line((start, end), fill=1, width=THIN)
    # but not strokes that cross them: opening keeps what is at least THIN tall
    strokes = ndimage.binary_opening(mask, np.ones((THIN, 1)))
    return mask & np.asarray(cover) & ~strokes


def rub_out_lines(mask):
    """Returns a mask (h, w) without the printed lines of ruled paper and of tables."""
    across, down = lines_across(mask), lines_across(mask.T).T
    return mask & ~across & ~down


PALE = 0.4  # mean ink: black on white has 0.72; what find_ink leaves of shadows has less than this
SOFT = 0.027  # mean slope of the ink at an outline, by Sobel; shadows have less, a pencil has more


def is_shadow(region, slope):
    """Returns whether a region is pale, with a soft outline; slope (h, w): how steep the ink is."""
    outline = region.image & ~ndimage.binary_erosion(region.image)
    return region.intensity_mean < PALE and slope[region.slice][outline].mean() < SOFT


EDGE = 0.05  # share of the shorter side: scanners leave marks nearer to the edges than that


def is_at_the_edge(region, shape):
    """Returns whether a region's middle is near an edge of a picture of this shape (h, w)."""
    y, x = region.centroid
    return min(y, x, shape[0] - y, shape[1] - x) < EDGE * min(shape)


def height(region):
    return region.image.shape[0]


GAP = 2  # strokes grow by so much on each side, which closes gaps of up to twice that
TALL = 24  # if no piece is so tall, all are specks, or digits of too few pixels


def find_pieces(mask, ink):
    """Returns (labels, pieces): the connected pieces of a mask (h, w) of the ink (h, w).

    labels is an array (h, w). pieces are regions of scikit-image, the tallest first, without
    shadows and without what lies at the edges. Raises NothingToRead if they are specks.
    """
    # labelled with thicker strokes, so that gaps close; * mask: then only ink keeps its label
    thick = ndimage.binary_dilation(mask, iterations=GAP)
    labels = measure.label(thick) * mask
    slope = filters.sobel(ink)
    pieces = [
        piece
        for piece in measure.regionprops(labels, ink)
        if not is_shadow(piece, slope) and not is_at_the_edge(piece, mask.shape)
    ]
    pieces.sort(key=height, reverse=True)
    if not pieces or height(pieces[0]) < TALL:
        raise NothingToRead("there are only specks; take it closer")
    return labels, pieces


WHOLE = 0.5  # a piece taller than this share of the tallest is a digit, if no part of another
NEAR = 0.1  # greatest gap to a part, as a share of the tallest: less than to the next row


def is_over_or_under(piece, digit, reach):
    """Returns whether a piece lies over or under a digit, nearer than the reach."""
    top, left, bottom, right = digit.bbox
    piece_top, _, piece_bottom, _ = piece.bbox
    y, x = piece.centroid  # its middle
    near = piece_bottom > top - reach and piece_top < bottom + reach
    # its middle is over or under the digit's box, and not to the left or right of it
    return near and (y < top or y > bottom) and left <= x <= right


def find_digits(mask, ink):
    """Returns the digits in a mask (h, w) of the ink (h, w), as regions of scikit-image."""
    labels, pieces = find_pieces(mask, ink)
    # parts get their digit's label in a copy: labels must not change, since regionprops is lazy and
    # measures the pieces from labels only when asked
    joined = labels.copy()
    tallest = height(pieces[0])
    digits = []
    # the tallest first, so that a digit is known before its parts
    for piece in pieces:
        owners = [digit for digit in digits if is_over_or_under(piece, digit, NEAR * tallest)]
        if owners:
            joined[labels == piece.label] = owners[0].label
        elif height(piece) > WHOLE * tallest:
            digits.append(piece)
        # else it is dropped: a speck, or a part at its digit's side
    # measured again, with their parts
    found = [digit.label for digit in digits]
    return [region for region in measure.regionprops(joined) if region.label in found]


def is_level(digit, other):
    """Returns whether the middle of a digit is between the top and the bottom of another one."""
    top, _, bottom, _ = digit.bbox
    other_top, _, other_bottom, _ = other.bbox
    return other_top < (top + bottom) / 2 < other_bottom


def sort_into_rows(digits):
    """Returns the rows of digits from top to bottom, each a list from left to right."""
    rows = []
    for digit in sorted(digits, key=lambda digit: digit.bbox[1]):  # by the left side of its box
        # rows may climb: what counts is the last digit
        level = [row for row in rows if is_level(digit, row[-1])]
        if level:
            level[0].append(digit)  # if there are two, either will do
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: np.mean([digit.centroid[0] for digit in row]))


FIT = 20  # MNIST's digits fit into 20 by 20 of its 28 by 28 pixels
SCALE = 5  # strokes are made thinner or thicker while a digit is so many times its final size


def scale_and_slant(mask, slant):
    """Returns a digit's mask (h, w) scaled to FIT * SCALE high or wide, with a margin around it."""
    digit = ImageOps.contain(Image.fromarray(mask).convert("L"), (FIT * SCALE, FIT * SCALE))
    # the margin is room for the slant and for thicker strokes
    digit = np.pad(np.asarray(digit) / 255, FIT * SCALE // 2)
    # warp takes the pixel for (x, y) from (x + slant * y, y), where y points down: with a slant of
    # more than 0, the digit leans like a /
    shear = np.array([[1, slant, 0], [0, 1, 0], [0, 0, 1]])
    return transform.warp(digit, shear) > 0.5


STROKE = 2.6  # wanted width in the 28 by 28 pixels; more, such as MNIST's mean, would close loops


def with_strokes_of_one_width(mask):
    """Returns a scaled mask with strokes that are as wide as STROKE says."""
    # each pixel's distance to the outline, less than 0 outside
    depth = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    # along the middle of the strokes, it is half of their width
    half_width = depth[morphology.skeletonize(mask)].mean()
    # so much is cut off at each side of a stroke, or added if it is less than 0
    surplus = half_width - SCALE * STROKE / 2
    return depth > surplus


def redraw(mask, slant=0):
    """Returns the digit in a mask (h, w), slanted, and made like MNIST's: (28, 28), 0 to 255.

    MNIST's digits have their center of mass in the middle.
    """
    digit = Image.fromarray(with_strokes_of_one_width(scale_and_slant(mask, slant)))
    digit = digit.crop(digit.getbbox()).convert("L")
    # scaled to fit, and not by 1 / SCALE, since slant and strokes have changed its size
    digit = ImageOps.pad(digit, (FIT, FIT), Image.Resampling.BOX)
    digit = np.pad(np.asarray(digit, "float32"), 4)  # (28, 28)
    # the center of mass moved to 13.5, the middle of pixels 0 to 27
    return ndimage.shift(digit, 13.5 - np.array(ndimage.center_of_mass(digit)), order=1)


SLANTS = (0, 0.25, -0.25)  # 1 would be 45 degrees; few hands slant by more than 0.25


def read(model, picture):
    """Returns the Reading of an RGB picture. Raises NothingToRead where there is no digit."""
    ink = find_ink(picture)
    mask = rub_out_lines(threshold_ink(ink))
    rows = []
    for digits in sort_into_rows(find_digits(mask, ink)):
        # people's hands slant: the network sees each digit as it is, and slanted to both sides, in
        # an array (3, n, 28, 28)
        views = np.array([[redraw(digit.image, slant) for digit in digits] for slant in SLANTS])
        probabilities = np.mean([model.predict_on_batch(images) for images in views], axis=0)
        rows.append(Row(digits, views[0], probabilities))
    return Reading(picture, ink, rows)


def plot(readings):
    """Returns a figure of the steps, with a row for each Reading."""
    size = (9, 2.5 * len(readings))
    figure, grid = plt.subplots(len(readings), 3, figsize=size, squeeze=False, layout="compressed")
    for axes, reading in zip(grid, readings):
        axes[0].imshow(reading.picture)
        axes[1].imshow(reading.ink, cmap="gray_r")
        axes[2].imshow(reading.seen(), cmap="gray_r")
        for panel, title in zip(axes, (str(reading), "its ink", "what the network saw")):
            panel.set(title=title, xticks=[], yticks=[])
        for row in reading.rows:
            for digit, label in zip(row.digits, row.text()):
                top, left, bottom, right = digit.bbox
                box = plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="C3")
                axes[0].add_patch(box)
                axes[0].text(left, top, label, color="C3", weight="bold", va="bottom")
    return figure


def load_model(path):
    """Returns the network in a .keras file. Raises ArgumentTypeError, which argparse prints."""
    try:
        # only to predict, and without running any code that the file may hold
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason, _, _ = str(error).partition("\n")
        raise argparse.ArgumentTypeError(f"train one with main.py; {reason}") from None
    if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
        raise argparse.ArgumentTypeError(f"{path} is another network than main.py's")
    return model


def main(argv=None):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures.")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE", help="draw steps")
    default = str(HERE / "model.keras")  # argparse passes a default to load_model if it is a str
    parser.add_argument("--model", type=load_model, default=default, metavar="FILE.keras")
    args = parser.parse_args(argv)
    # in "--plot a.jpg b.jpg", argparse takes a.jpg for the plot's FILE; plots are mostly .png
    if args.plot and Path(args.plot).suffix.lower() in (".jpg", ".jpeg"):
        parser.error(f"put --plot after the pictures, or it would write over {args.plot}")
    readings = []
    for path in args.images:
        try:
            reading = read(args.model, load_picture(path))
        except (NothingToRead, OSError, Image.DecompressionBombError) as error:
            print(f"{path}: {error}", file=sys.stderr)
        else:
            print(f"{path}: {reading}", flush=True)
            readings.append(reading)
    if args.plot and readings:
        plot(readings).savefig(args.plot)
    if len(readings) < len(args.images):
        sys.exit(1)


if __name__ == "__main__":
    main()
