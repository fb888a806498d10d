# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0"]
# ///
"""Your own handwriting, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So each digit of a picture is made
like MNIST's. The steps, in the order in which `read` takes them:

    find_ink         how much darker than its paper each pixel is
    find_strokes     which pixels are ink: a mask
    find_lines       which of them belong to ruled lines
    find_digits      what is connected, and about as tall as most of it
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
from PIL import Image, ImageFilter, ImageOps
from scipy import ndimage, stats
from skimage import exposure, filters, measure, morphology, segmentation

HERE = Path(__file__).parent

# Lengths are in pixels of a picture scaled to SIDE * SIDE pixels, ink in levels of gray: 255 for
# black on white. The values were chosen by trying them on photographs, scans and drawings.
FIT = 20  # no choice of ours: MNIST's digits fit into 20 by 20 of its 28 by 28 pixels
SIDE = 500  # enough for rows of small digits, and quick
WINDOW = 140  # wider than most strokes, narrower than most shadows
FAINT = 25  # strokes have more ink than this, and the noise of a camera has less
LINE = 0.65  # printed lines have at least this share of a picture's width, and of ink's darkness
TILT = 10  # degrees: few sheets lie more askew
RATIO = 2  # no digit is so many times as tall as the typical one, or that as the digit
NEAR = 0.1  # parts of a digit are apart by less than this share of its height
LOST = 1 / 3  # what is dropped may be a digit, if longer than this share of the typical height
STROKE = 2.6  # width of redrawn strokes in MNIST's pixels; more would close loops
SURE = 0.98  # less certain answers get a "?"


class NothingToRead(Exception):
    """There is no digit in a picture; the message says why."""


class Row(NamedTuple):
    """A row of digits, from left to right."""

    digits: list  # regions of scikit-image
    images: np.ndarray  # (n, 28, 28), 0 to 255: what the network sees
    probabilities: np.ndarray  # (n, 10): what it answers

    def text(self):
        return "".join(map(str, self.probabilities.argmax(axis=1)))


class Reading(NamedTuple):
    """What is read in a picture, with the steps on the way."""

    picture: Image.Image  # mode RGB
    mask: np.ndarray  # (h, w), which pixels are ink
    dropped: np.ndarray  # (h, w), those of them that belong to no digit
    rows: list  # of Row, from top to bottom
    lost: bool  # whether something was dropped that may be a digit, or a part of one

    def text(self):
        return " ".join(row.text() for row in self.rows)

    def certainty(self):
        """Returns the probability of the least certain digit."""
        return min(row.probabilities.max(axis=1).min() for row in self.rows)

    def seen(self):
        """Returns the digits as the network sees them, in one image."""
        longest = max(len(row.images) for row in self.rows)
        blank = np.zeros((longest, 28, 28))
        return np.vstack([np.hstack([*row.images, *blank[len(row.images) :]]) for row in self.rows])

    def __str__(self):
        sure = not self.lost and self.certainty() >= SURE  # False for NaN
        return f"{self.text()}{'' if sure else '?'} ({self.certainty():.1%})"


def read(model, picture):
    """Returns the Reading of an RGB picture. Raises NothingToRead where there is no digit."""
    mask, faint = find_strokes(find_ink(picture))
    lines = find_lines(mask, faint) | find_lines(mask.T, faint.T).T
    labels = find_digits(mask & ~lines)
    digits = measure.regionprops(labels)
    dropped = mask & (labels == 0)
    lost = has_lost_a_digit(mask, faint, lines, dropped, np.median([*map(height, digits)]))
    rows = []
    for row in sort_into_rows(digits):
        images = np.array([redraw(digit.image) for digit in row])
        rows.append(Row(row, images, model.predict_on_batch(images)))
    return Reading(picture, mask, dropped, rows, lost)


def load_picture(path):
    """Returns the picture in a file, mode RGB, upright, scaled to as many pixels as SIDE * SIDE."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    if image.mode.startswith(("I", "F")):  # more than 8 bits: stretched to 0 to 255
        image = Image.fromarray(exposure.rescale_intensity(np.asarray(image), out_range="uint8"))
    # gray where it is transparent: dark ink and light ink both show on it
    image = image.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image)
    return ImageOps.scale(image.convert("RGB"), SIDE / (image.width * image.height) ** 0.5)


def find_ink(picture):
    """Returns by how many levels of gray each pixel of a picture differs from its paper."""
    gray = picture.convert("L").filter(ImageFilter.GaussianBlur(1))  # blurred against noise
    # a quarter of the size is enough; its edge is repeated around it, as a digit may fill it
    window = WINDOW // 4
    small = np.pad(np.asarray(gray.reduce(4), "float32"), window, "edge")
    # ink is rarer than paper, and differs more from the mean around it: is it on the light side?
    if stats.skew(small - ndimage.uniform_filter(small, window), axis=None) > 0:
        small, gray = 255 - small, ImageOps.invert(gray)
    # the paper alone: closing fills what is dark and narrower than the window: 9 9 2 9 to 9 9 9 9
    paper = ndimage.grey_closing(small, window)[window:-window, window:-window]
    paper = np.asarray(Image.fromarray(paper).resize(gray.size)).clip(1)
    # in a shadow ink is weaker, and so is noise, but less: the root is a middle way
    return (paper - gray) * np.sqrt(255 / paper)


def find_strokes(ink):
    """Returns two masks of the ink (h, w): of strokes, and of paler ink as well."""
    threshold = max(filters.threshold_otsu(ink), FAINT)  # Otsu's parts two groups of levels best
    return ink > threshold, ink > LINE * threshold


def find_lines(mask, faint):
    """Returns the pixels of a mask (h, w) on lines across, which faint (h, w) shows unbroken."""
    # half the size is quicker; lines grow up and down by a pixel of it, since paper may be wavy
    small = ndimage.maximum_filter(faint, (6, 2))[::2, ::2]
    y, x = np.indices(small.shape, sparse=True)
    lines = np.zeros_like(small)
    for angle in range(-TILT, TILT + 1):
        # columns are moved up or down, round and round, so that lines of this angle become level
        rise = np.rint(x * np.tan(np.radians(angle))).astype(int)
        level = small[(y + rise) % len(small), x]
        level &= level.mean(axis=1, keepdims=True) > LINE
        lines |= level[(y - rise) % len(small), x]
    lines = lines.repeat(2, axis=0).repeat(2, axis=1)[: mask.shape[0], : mask.shape[1]]
    # without the strokes that cross lines: opening keeps only what is at least so many pixels tall
    return mask & lines & ~ndimage.grey_opening(mask, (FIT // 2, 1))


def find_digits(mask):
    """Returns which digit each pixel of a mask (h, w) belongs to: labels (h, w), 0 for none."""
    # labelled with thicker strokes, so that gaps close; then only ink keeps its label
    labels = measure.label(ndimage.binary_dilation(mask)) * mask
    pieces = measure.regionprops(labels)
    tall = [piece for piece in pieces if height(piece) >= FIT]
    if not tall:
        raise NothingToRead("nothing but specks stands out; try darker ink, or take it closer")
    # a desk or a scanner's border reaches two edges of the picture, a digit only if it fills it
    tall = [piece for piece in tall if np.equal(piece.bbox, (0, 0, *mask.shape)).sum() < 2] or tall
    # the median, weighted by height: neither a few large things nor much debris change it
    heights = [height(piece) for piece in tall]
    typical = np.median(np.repeat(heights, heights))
    digits = [piece for piece in tall if typical / RATIO < height(piece) < RATIO * typical]
    owner = np.zeros(1 + labels.max(), int)  # the digit's label for each piece's, 0 for the rest
    for digit in digits:
        parts = [piece.label for piece in pieces if is_part(piece, digit)]
        owner[[digit.label, *parts]] = digit.label
    return owner[labels]


def height(region):
    return len(region.image)


def is_part(piece, digit):
    """Returns whether a piece lies over or under a digit, and near, as the upper line of a 5."""
    top, left, bottom, right = digit.bbox
    y, x = piece.centroid
    reach = NEAR * height(digit)
    near = piece.bbox[2] > top - reach and piece.bbox[0] < bottom + reach
    return near and left <= x <= right and not top <= y <= bottom


def has_lost_a_digit(mask, faint, lines, dropped, typical):
    """Returns whether these masks (h, w) hold more than the digits found, typical pixels high."""
    rest = measure.regionprops(measure.label(dropped & ~lines))
    pale = measure.regionprops(measure.label(faint), mask)
    rest += [piece for piece in pale if not piece.intensity_max]  # none of it is in the mask
    # a line down that reaches no edge of the picture and is no longer than digits may be a 1
    inner = measure.regionprops(segmentation.clear_border(measure.label(lines)))
    rest += [line for line in inner if LINE * len(mask) < height(line) < RATIO * typical]
    return any(max(piece.image.shape) > LOST * typical for piece in rest)


def sort_into_rows(digits):
    """Returns the rows of digits from top to bottom, each a list from left to right."""
    rows = []
    for digit in sorted(digits, key=lambda digit: digit.bbox[1]):  # by the left side of its box
        y = digit.centroid[0]
        # rows may climb: what counts is how far below or above their last digit this one is
        nearest = min(rows, key=lambda row: abs(row[-1].centroid[0] - y), default=None)
        if nearest and abs(nearest[-1].centroid[0] - y) < height(digit):
            nearest.append(digit)
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: np.mean([digit.centroid[0] for digit in row]))


def redraw(mask):
    """Returns the digit in a mask (h, w) made like MNIST's: (28, 28), 0 to 255."""
    # five times as large at first, with a margin for thicker strokes
    digit = ImageOps.contain(Image.fromarray(mask).convert("L"), (5 * FIT, 5 * FIT))
    digit = Image.fromarray(with_strokes_of(5 * STROKE, np.pad(np.asarray(digit) > 127, 50)))
    digit = digit.crop(digit.getbbox()).convert("L")
    digit = np.pad(ImageOps.pad(digit, (FIT, FIT), Image.Resampling.BOX), 4)
    shift = 13.5 - np.array(ndimage.center_of_mass(digit))  # to the middle of pixels 0 to 27
    return ndimage.shift(np.asarray(digit, "float32"), shift, order=1)


def with_strokes_of(width, mask):
    """Returns a mask with its strokes made thinner or thicker, until they have this mean width."""
    # each pixel's distance to the outline, less than 0 outside; in the middle, half of the width
    depth = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    half_width = depth[morphology.skeletonize(mask)].mean()
    return depth > half_width - width / 2


def plot(readings):
    """Returns a figure with three panels for each Reading: picture, ink, what the network saw."""
    figure = plt.figure(figsize=(6, 2.5 * len(readings)), layout="constrained")
    titles = "picture", "ink (orange: dropped)", "network's view"
    for part, reading in zip(figure.subfigures(len(readings), squeeze=False).flat, readings):
        part.suptitle(str(reading), weight="bold", wrap=True)
        panels = part.subplots(1, 3)
        ink = np.array(Image.fromarray(~reading.mask).convert("RGB"))  # black on white
        ink[reading.dropped] = 255, 140, 0  # orange
        for panel, title, image in zip(panels, titles, (reading.picture, ink, reading.seen())):
            panel.imshow(image, cmap="gray_r")
            panel.set(xticks=[], yticks=[])
            panel.set_title(title, pad=14)  # room for the label of a digit at the edge
        for row in reading.rows:
            for digit, label in zip(row.digits, row.text()):
                top, left, bottom, right = digit.bbox
                box = plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="C3")
                panels[0].add_patch(box)
                panels[0].text(left, top, label, color="C3", size=14, weight="bold", va="bottom")
    return figure


def load_model(path):
    """Returns the network in a .keras file. Raises ArgumentTypeError, which argparse prints."""
    try:
        # only to predict, and without running any code that the file may hold
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
            raise ValueError("another network than main.py's")
    except Exception as error:  # libraries raise a dozen types for broken files
        reason = str(error).partition("\n")[0].partition(". ")[0]  # its first sentence
        raise argparse.ArgumentTypeError(f"{path}: {reason}; main.py trains one") from None
    return model


def main(argv=None):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a photograph, scan or drawing")
    default = str(HERE / "model.keras")  # argparse passes a default to load_model if it is a str
    parser.add_argument(
        "--model", type=load_model, default=default, metavar="FILE.keras", help="main.py's network"
    )
    parser.add_argument("--plot", action="store_true", help="draw the steps into predict.png")
    args = parser.parse_args(argv)
    readings = []
    for path in args.images:
        try:
            picture = load_picture(path)
        except Exception as error:  # libraries raise a dozen types for broken files
            reason, _, _ = str(error).partition("\n")
            print(f"{path}: no picture: {reason}", file=sys.stderr)
            continue
        try:
            reading = read(args.model, picture)
        except NothingToRead as error:
            print(f"{path}: {error}", file=sys.stderr)
        else:
            print(f"{path}: {reading}", flush=True)
            readings.append(reading)
    if args.plot and readings:
        plot(readings).savefig("predict.png")
    if len(readings) < len(args.images):
        sys.exit(1)


if __name__ == "__main__":
    main()
