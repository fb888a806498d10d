# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0"]
# ///
"""Your own handwriting, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So `read` finds the digits in a
picture, makes each one like MNIST's, and then asks the network. Its steps:

    find_ink           how much darker than its paper each pixel is
    find_lines         which ink belongs to ruled lines, and not to digits
    find_digits        which ink hangs together, and is about as tall as most of it
    sort_into_rows     from top to bottom, and each row from left to right
    redraw             each digit anew, 28 by 28 pixels, with strokes of one width
    may_lack_a_digit   was anything left out that might be a digit? Then the answer gets a "?"

The settings stand at the top of the functions that use them. They were chosen by trying them on
photographs, scans and drawings. Lengths are in pixels of the picture as `load_picture` scales it.
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
FIT = 20  # MNIST's digits fit into 20 by 20 pixels, and what is less tall in a picture is a speck
RATIO = 2  # no digit is more than twice as tall as a typical one, or less than half as tall


class NothingToRead(Exception):
    """There is no digit in a picture; the message says why."""


class Row(NamedTuple):
    """A row of digits, from left to right."""

    digits: list  # scikit-image's regions, each with an image (a mask), a bbox, a centroid, a label
    images: np.ndarray  # (n, 28, 28), 0 to 255: what the network sees
    probabilities: np.ndarray  # (n, 10): what it answers

    def text(self):
        return "".join(map(str, self.probabilities.argmax(axis=1)))


class Reading(NamedTuple):
    """What is read in a picture, with the steps on the way."""

    picture: Image.Image  # mode RGB
    ink: np.ndarray  # (h, w), a mask: True where there is ink
    dropped: np.ndarray  # (h, w), the ink that belongs to no digit
    rows: list  # of Row, from top to bottom
    doubtful: bool  # whether a digit may be missing

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
        sure = not self.doubtful and self.certainty() >= 0.98  # False for NaN
        return f"{self.text()}{'' if sure else '?'} ({self.certainty():.1%})"


def read(model, picture):
    """Returns the Reading of an RGB picture. Raises NothingToRead where there is no digit."""
    noise = 25  # levels of gray: a camera's differs less from the paper, ink differs more
    darkness = find_ink(picture)
    # Otsu's method finds the level that parts two groups best: paper and ink
    threshold = max(filters.threshold_otsu(darkness), noise)
    ink = darkness > threshold
    lines = find_lines(ink) | find_lines(ink.T).T  # across and down
    labels = find_digits(ink & ~lines)
    digits = measure.regionprops(labels)
    rows = []
    for row in sort_into_rows(digits):
        images = np.array([redraw(digit.image) for digit in row])
        rows.append(Row(row, images, model.predict_on_batch(images)))
    doubtful = may_lack_a_digit(darkness / threshold, lines, labels, digits)
    return Reading(picture, ink, ink & (labels == 0), rows, doubtful)


def load_picture(path):
    """Returns the picture in a file, mode RGB, upright and scaled.

    Raises NothingToRead where it is no picture.
    """
    side = 500  # the picture is scaled to as many pixels as a square of 500 has: few, to be quick
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
        if image.mode.startswith(("I", "F")):  # more than 8 bits: stretched to 0 to 255
            levels = exposure.rescale_intensity(np.asarray(image), out_range="uint8")
            image = Image.fromarray(levels)
        # gray where it is transparent: dark ink and light ink both show on it
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image)
    except Exception as error:  # Pillow raises a dozen types for broken files
        reason, _, _ = str(error).partition("\n")
        raise NothingToRead(f"no picture: {reason}") from None
    return ImageOps.scale(image.convert("RGB"), side / (image.width * image.height) ** 0.5)


def find_ink(picture):
    """Returns how much darker than its paper each pixel of a picture is, 255 for black on white."""
    gray = picture.convert("L").filter(ImageFilter.GaussianBlur(1))  # blurred against noise
    # the paper changes slowly, so a quarter of the size will do; its edge is repeated all around
    window = 35  # wider than most strokes and narrower than most shadows at this size
    small = np.pad(np.asarray(gray.reduce(4), "float32"), window, "edge")
    # Light ink, as chalk, is turned dark. Most pixels are paper and hardly differ from the mean
    # around them, a few are ink and differ much: upward if it is light, and then the skew is > 0.
    if stats.skew(small - ndimage.uniform_filter(small, window), axis=None) > 0:
        small, gray = 255 - small, ImageOps.invert(gray)
    # The paper alone: closing paints over what is dark and narrower than the window, such as the 2
    # in 9 9 2 9 9. A shadow is wider, and stays.
    paper = ndimage.grey_closing(small, window)[window:-window, window:-window]
    paper = np.asarray(Image.fromarray(paper).resize(gray.size)).clip(1)
    # in a shadow ink differs less from its paper; the root makes up for part of that
    return (paper - np.asarray(gray)) * np.sqrt(255 / paper)


def find_lines(ink):
    """Returns which pixels of a mask (h, w) belong to lines across, as on ruled paper."""
    tilt = 10  # degrees: few sheets lie more askew
    share = 0.6  # of the picture's width: a line is longer
    image = Image.fromarray(ndimage.maximum_filter(ink, 5))  # thicker, as lines may be wavy
    lines = np.zeros_like(ink)
    # turn the image by each angle, keep the rows of pixels that are mostly ink, and turn them back
    for angle in range(-tilt, tilt + 1):
        turned = np.asarray(image.rotate(angle))
        level = turned & (turned.mean(axis=1, keepdims=True) > share)
        lines |= np.asarray(Image.fromarray(level).rotate(-angle))
    # opening, for a width of 3, makes 0 1 0 1 1 1 to 0 0 0 1 1 1: strokes are tall enough to stay
    return ink & lines & ~ndimage.grey_opening(ink, (10, 1))


def find_digits(ink):
    """Returns which digit each pixel of a mask (h, w) belongs to: labels (h, w), 0 for none."""
    # pixels that touch get the same label; strokes are made thicker for that, to close small gaps
    labels = measure.label(ndimage.binary_dilation(ink)) * ink
    pieces = measure.regionprops(labels)
    tall = [piece for piece in pieces if height(piece) >= FIT]
    if not tall:
        raise NothingToRead("nothing but specks stands out; try darker ink, or take it closer")
    # a desk or a scanner's border reaches two of the picture's four edges, a digit hardly ever
    tall = [piece for piece in tall if np.equal(piece.bbox, (0, 0, *ink.shape)).sum() < 2] or tall
    # the median, for which a piece 90 pixels tall counts 90 times: that of 20, 20 and 90 is 90
    heights = [height(piece) for piece in tall]
    typical = np.median(np.repeat(heights, heights))
    digits = [piece for piece in tall if typical / RATIO < height(piece) < RATIO * typical]
    labels = np.zeros_like(labels)
    for digit in digits:
        for piece in pieces:
            if piece is digit or is_part(piece, digit):
                labels[piece.slice][piece.image] = digit.label
    return labels


def height(region):
    return len(region.image)


def is_part(piece, digit):
    """Returns whether a piece belongs to a digit: above, inside or below it, and reaching it."""
    top, left, bottom, right = digit.bbox
    _, x = piece.centroid
    return left <= x <= right and piece.bbox[2] > top and piece.bbox[0] < bottom


def sort_into_rows(digits):
    """Returns the rows of digits from top to bottom, each a list from left to right."""
    rows = []
    for digit in sorted(digits, key=lambda digit: digit.bbox[1]):  # by the left side of its box
        y, _ = digit.centroid
        # rows may climb: what counts is how far below or above their last digit this one is
        nearest = min(rows, key=lambda row: abs(row[-1].centroid[0] - y), default=None)
        if nearest and abs(nearest[-1].centroid[0] - y) < height(digit):
            nearest.append(digit)
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: np.mean([digit.centroid[0] for digit in row]))


def redraw(mask):
    """Returns the digit in a mask (h, w) made like MNIST's: (28, 28), 0 to 255."""
    width = 2.6  # of strokes, in MNIST's pixels; more would close loops
    scale = 5  # at first it is so many times as large as MNIST's, for smooth strokes
    digit = ImageOps.contain(Image.fromarray(mask).convert("L"), (scale * FIT, scale * FIT))
    digit = np.pad(np.asarray(digit) > 127, 10 * scale)  # with room for thicker strokes
    digit = Image.fromarray(with_strokes_of(scale * width, digit))
    digit = ImageOps.pad(digit.crop(digit.getbbox()).convert("L"), (FIT, FIT), Image.Resampling.BOX)
    digit = np.pad(np.asarray(digit, "float32"), 4)
    # MNIST's digits have their center of mass in the middle of 28 by 28 pixels
    return ndimage.shift(digit, 13.5 - np.array(ndimage.center_of_mass(digit)), order=1)


def with_strokes_of(width, mask):
    """Returns a mask with its strokes made thinner or thicker, until they have this mean width."""
    # each pixel's distance to the outline, less than 0 outside; in the middle, half of the width
    depth = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    half_width = depth[morphology.skeletonize(mask)].mean()
    return depth > half_width - width / 2


def may_lack_a_digit(darkness, lines, labels, digits):
    """Returns whether the labels (h, w) may lack a digit. darkness (h, w) is 1 where ink begins."""
    paleness = 0.65  # what is less dark is paper
    least = 1 / 3  # of the height of a typical digit: what is shorter is none
    typical = np.median([height(digit) for digit in digits])
    pieces = measure.regionprops(measure.label(darkness > paleness), lines | (labels > 0))
    rest = [piece for piece in pieces if not piece.intensity_max]  # no pixel in a line or a digit
    # what was taken for a line down, but reaches no edge and is no longer than digits, may be a 1
    inner = measure.regionprops(segmentation.clear_border(measure.label(lines)))
    rest += [line for line in inner if len(lines) / 2 < height(line) < RATIO * typical]
    # what was taken for one digit, but has two parts as tall as digits, may be two
    parts = [measure.regionprops(measure.label(digit.image)) for digit in digits]
    two = [sum(typical / RATIO < height(part) for part in of_one) > 1 for of_one in parts]
    return any(two) or any(max(piece.image.shape) > least * typical for piece in rest)


def plot(readings):
    """Returns a figure with three panels for each Reading: picture, ink, what the network saw."""
    figure = plt.figure(figsize=(6, 2.5 * len(readings)), layout="constrained")
    titles = "picture", "ink (orange: dropped)", "network's view"
    for part, reading in zip(figure.subfigures(len(readings), squeeze=False).flat, readings):
        part.suptitle(str(reading), weight="bold", wrap=True)
        panels = part.subplots(1, 3)
        ink = np.array(Image.fromarray(~reading.ink).convert("RGB"))  # black on white
        ink[reading.dropped] = 255, 140, 0  # orange
        for panel, title, image in zip(panels, titles, (reading.picture, ink, reading.seen())):
            panel.imshow(image, cmap="gray_r")
            panel.set(xticks=[], yticks=[], xlabel=title)
        for row in reading.rows:
            for digit, label in zip(row.digits, row.text()):
                top, left, bottom, right = digit.bbox
                box = plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="C3")
                panels[0].add_patch(box)
                panels[0].text(left, top, label, color="C3", size=14, weight="bold", va="bottom")
    return figure


def load_model(path):
    """Returns the network in a .keras file. Raises ValueError where it is not main.py's."""
    try:
        # only to predict; code that the file may hold is not run, as safe_mode is Keras's default
        model = keras.saving.load_model(path, compile=False)
        if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
            raise ValueError("another network than main.py's")
    except Exception as error:  # libraries raise a dozen types for broken files
        reason = str(error).partition("\n")[0].partition(". ")[0]  # its first sentence
        raise ValueError(f"{path}: {reason}; main.py trains one") from None
    return model


def main(argv=None):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a photograph, scan or drawing")
    parser.add_argument(
        "--model", default=HERE / "model.keras", metavar="FILE.keras", help="main.py's network"
    )
    parser.add_argument("--plot", action="store_true", help="draw the steps into predict.png")
    args = parser.parse_args(argv)
    try:
        model = load_model(args.model)
    except ValueError as error:
        parser.error(str(error))
    readings = []
    for path in args.images:
        try:
            reading = read(model, load_picture(path))
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
