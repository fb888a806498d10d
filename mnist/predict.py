# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0"]
# ///
"""Your own handwriting, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So each digit of a picture is made
like MNIST's, in three steps: find the ink, find the digits in it, and draw each of them again, 28
by 28 pixels, with MNIST's strokes.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage
from skimage import exposure, filters, measure, morphology, transform

HERE = Path(__file__).parent
# Settings. Where nothing else is said, in pixels of a picture whose longer side has SIDE of them.
SIDE = 640  # five rows of digits are still some 50 pixels high
COPY = 96  # the side of a small copy, in pixels of its own
WINDOW = 31  # pixels of the copy: wider than a stroke, narrower than most shadows
FAINT = 0.08  # contrast to the paper, of which black on white has 1.24: paper's grain has less
CUT = 0.6  # share of the ink's mean contrast: half of it lets in shadows
PALE = 0.65  # contrast: shadows have less
SOFT = 0.04  # change of contrast from pixel to pixel at an outline: shadows have less
STRAIGHT = 0.7  # share of the picture that a printed line crosses: no row of digits is so straight
TILT = 6  # degrees: nobody takes a picture of a sheet that lies more askew
FINE = 6  # a printed line stays nearer to its middle
THICK = 10  # a pen's stroke across a line is at least so tall
BOX = 0.85  # share of its box that a table fills, cells included; a round 0 fills 0.79
EDGE = 0.05  # share of the shorter side: there scanners leave shadows
GAP = 3  # strokes up to twice as far apart are one, as a pen skips on paper
TALL = 0.04  # share of the mean side: the tallest digit is taller, specks are not
SPECK = 0.2  # share of the tallest digit: smaller pieces are specks
PART = 0.5  # share of the tallest digit: smaller pieces are no digits
NEAR = 0.1  # share of the tallest digit: the two parts of a 5 are nearer to each other
STROKE = 2.6  # pixels of 28, a little less than the mean of MNIST's: loops stay open
SLANTS = (0, 0.25, -0.25)  # as far as most hands slant: 1 is 45 degrees
SURE = 0.99  # probability: of the answers above it, 98 % are right


class NothingToRead(Exception):
    """There is no digit in a picture; the message says why."""


class Row(NamedTuple):
    """A row of digits, from left to right."""

    digits: list  # regions of scikit-image
    images: np.ndarray  # (n, 28, 28), what the network sees
    probabilities: np.ndarray  # (n, 10), what it answers

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
        """Returns the digits as the network sees them, without its slanted views, in one image."""
        strips = [np.hstack(row.images) for row in self.rows]
        longest = max(strip.shape[1] for strip in strips)
        padded = [np.pad(strip, ((0, 0), (0, longest - strip.shape[1]))) for strip in strips]
        return np.vstack(padded)

    def __str__(self):
        doubt = "?" if self.certainty() < SURE else ""
        return f"{self.text()}{doubt} ({self.certainty():.1%})"


def load_picture(path):
    """Returns an image file, mode RGB, upright, its longer side SIDE pixels long."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    # gray of more than 8 bits
    if image.mode[0] in "IF":
        image = Image.fromarray(exposure.rescale_intensity(np.asarray(image), out_range="uint8"))
    # gray where it is transparent: dark ink and light ink both show on it
    image = image.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image)
    return ImageOps.contain(image.convert("RGB"), (SIDE, SIDE))


def find_paper(picture):
    """Returns the colours that an RGB picture would have without ink: (h, w, 3), float32."""
    # a small copy will do
    copy = picture.reduce(max(1, round((picture.width * picture.height) ** 0.5 / COPY)))
    copy = np.asarray(copy, "float32")
    # Ink is rarer than paper, of which there is more around. So what differs most from the mean of
    # its surroundings is ink: if it is darker, the cubes add up to less than 0.
    around = np.pad(copy, ((WINDOW, WINDOW), (WINDOW, WINDOW), (0, 0)), "edge")
    detail = around - ndimage.uniform_filter(around, (2 * WINDOW, 2 * WINDOW, 1))
    sign = np.where((detail**3).sum(axis=(0, 1)) < 0, 1, -1)  # of red, of green and of blue
    # for dark ink: the brightest around, then the darkest of those; strokes go, wide shadows stay
    paper = sign * ndimage.grey_closing(sign * copy, (WINDOW, WINDOW, 1))
    paper = ndimage.gaussian_filter(paper, (4, 4, 0))
    # as large as the picture again
    paper = Image.fromarray(np.uint8(paper)).resize(picture.size, Image.Resampling.BILINEAR)
    return np.asarray(paper, "float32")


def find_ink(picture):
    """Returns how each pixel of an RGB picture differs from its paper: (h, w), 0 for paper."""
    paper = find_paper(picture)
    # in less light, the same ink differs less; + 100, or noise on black would be ink
    difference = (np.asarray(picture, "float32") - paper) / (
        paper.mean(axis=2, keepdims=True) + 100
    )
    return ndimage.gaussian_filter(np.linalg.norm(difference, axis=2), 1)


def threshold_ink(ink):
    """Returns which pixels of the ink (h, w) belong to strokes: a mask (h, w)."""
    # between ink and paper, as in Ridler and Calvard (1978); a little higher leaves shadows out
    threshold = ink.max() / 2
    for _ in range(5):
        threshold = CUT * ink[ink >= threshold].mean()
    # the palest fifth is paper and shows how strong the noise is: ink has at least twice as much
    if threshold < max(FAINT, 2 * np.quantile(ink, 0.2)):
        raise NothingToRead("nothing stands out from the paper; try darker ink or more light")
    return ink > threshold


def lines_across(mask):
    """Returns the pixels of a mask (h, w) that belong to printed lines from left to right."""
    # Hough transform: for each angle and distance, the pixels on that line
    angles = np.radians(np.arange(90 - TILT, 90 + TILT, 0.25))
    hough = transform.hough_line(mask, angles)
    peaks = transform.hough_line_peaks(*hough, threshold=STRAIGHT * mask.shape[1])
    # what is near such a line
    y, x = np.indices(mask.shape)
    near = np.zeros_like(mask)
    for _, angle, distance in zip(*peaks):
        near |= abs(x * np.cos(angle) + y * np.sin(angle) - distance) < FINE
    # strokes that cross it are taller
    strokes = ndimage.binary_opening(mask, np.ones((THICK, 1)))
    return mask & near & ~strokes


def rub_out_lines(mask):
    """Returns a mask (h, w) without printed lines across and down."""
    return mask & ~lines_across(mask) & ~lines_across(mask.T).T


def rub_out_tables(mask):
    """Returns a mask (h, w) without tables, whose lines may be too short for rub_out_lines."""
    mask = mask.copy()
    for region in measure.regionprops(measure.label(mask)):
        # with holes, its cells, and filling its box (1 - euler_number is the number of holes)
        if region.euler_number < 1 and region.area_filled > BOX * region.area_bbox:
            mask[region.slice] &= ~region.image
    return mask


def height(region):
    """Returns a region's height in pixels."""
    return len(region.image)


def is_shadow(region, ink, slope):
    """Returns whether a region is pale, with a soft outline; slope: how the ink changes there."""
    outline = region.image & ~ndimage.binary_erosion(region.image)
    pale = ink[region.slice][region.image].mean() < PALE
    return pale and slope[region.slice][outline].mean() < SOFT


def is_at_the_edge(region, shape):
    """Returns whether most of a region lies at the edges of a picture of this shape (h, w)."""
    edge = np.ones(shape, bool)
    margin = round(EDGE * min(shape))
    edge[margin:-margin, margin:-margin] = False
    return edge[region.slice][region.image].mean() > 0.5


def is_over(piece, digit, gap):
    """Returns whether a piece lies over or under a digit, nearer than the gap."""
    top, left, bottom, right = digit.bbox
    y, x = piece.centroid
    between = max(top - piece.bbox[2], piece.bbox[0] - bottom)
    return left <= x <= right and not top <= y <= bottom and between < gap


def find_digits(mask, ink):
    """Returns the digits in a mask (h, w) of the ink (h, w), as regions of scikit-image."""
    # connected regions, across small gaps
    labels = measure.label(ndimage.binary_dilation(mask, iterations=GAP)) * mask
    # without shadows and what lies at the edge
    slope = filters.sobel(ink)
    pieces = [
        piece
        for piece in measure.regionprops(labels)
        if not is_shadow(piece, ink, slope) and not is_at_the_edge(piece, mask.shape)
    ]
    # the tallest first
    pieces.sort(key=height, reverse=True)
    if not pieces or height(pieces[0]) < TALL * mask.size**0.5:
        raise NothingToRead("there are only specks; take it closer")
    tallest = height(pieces[0])
    digits = []
    for piece in pieces:
        if max(piece.image.shape) < SPECK * tallest:  # a speck
            continue
        # pieces one above the other make one digit, such as the two of a 5
        for digit in digits:
            if is_over(piece, digit, NEAR * tallest):
                labels[labels == piece.label] = digit.label
                break
        else:
            if height(piece) > PART * tallest:
                digits.append(piece)
    found = [digit.label for digit in digits]
    return [region for region in measure.regionprops(labels) if region.label in found]


def sort_into_rows(digits):
    """Returns the rows of digits from top to bottom, each a list from left to right."""
    rows = []
    for digit in sorted(digits, key=lambda digit: digit.bbox[1]):
        middle = (digit.bbox[0] + digit.bbox[2]) / 2
        # the row whose last digit it is level with
        for row in rows:
            top, _, bottom, _ = row[-1].bbox
            if top < middle < bottom:
                row.append(digit)
                break
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: np.mean([digit.centroid[0] for digit in row]))


def redraw(mask, slant=0):
    """Returns the digit in a mask (h, w), slanted, like MNIST's: (28, 28), 0 to 255."""
    # 5 times as large as it will be, with room for wider strokes and for the slant
    large = ImageOps.contain(Image.fromarray(mask).convert("L"), (100, 100))
    large = np.pad(np.asarray(large) / 255, 50)
    # the further down, the further to the side
    large = transform.warp(large, np.array([[1, slant, 0], [0, 1, 0], [0, 0, 1]])) > 0.5
    # how deep in the ink each pixel is; along the strokes' middle, half of their width
    depth = ndimage.distance_transform_edt(large) - ndimage.distance_transform_edt(~large)
    half = depth[morphology.skeletonize(large)].mean()
    # strokes like MNIST's
    digit = Image.fromarray(depth > half - 5 * STROKE / 2)
    # 20 pixels high or wide, and its center of mass in the middle of 28 by 28
    digit = ImageOps.contain(digit.crop(digit.getbbox()).convert("L"), (20, 20), Image.BOX)
    digit = np.pad(np.asarray(digit, "float32"), ((0, 28 - digit.height), (0, 28 - digit.width)))
    return ndimage.shift(digit, 13.5 - np.array(ndimage.center_of_mass(digit)), order=1)


def read(model, picture):
    """Returns the Reading of an RGB picture. Raises NothingToRead where there is no digit."""
    ink = find_ink(picture)
    mask = rub_out_lines(rub_out_tables(threshold_ink(ink)))
    rows = []
    for digits in sort_into_rows(find_digits(mask, ink)):
        # people's hands slant: the network sees each digit as it is, and slanted to both sides
        views = np.array([[redraw(digit.image, slant) for digit in digits] for slant in SLANTS])
        probabilities = np.mean([model.predict_on_batch(images) for images in views], axis=0)
        rows.append(Row(digits, views[0], probabilities))
    return Reading(picture, ink, rows)


def plot(readings):
    """Returns a figure of the steps, with a row for each Reading."""
    size = (9, 2.5 * len(readings))
    figure, grid = plt.subplots(len(readings), 3, figsize=size, squeeze=False, layout="constrained")
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
                axes[0].text(left, top, label, color="white", backgroundcolor="C3", va="bottom")
    return figure


def load_model(path):
    """Returns the network in a .keras file, for argparse: it tells what is wrong with the file."""
    try:
        model = keras.saving.load_model(path, compile=False)  # safely: code in the file is not run
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise argparse.ArgumentTypeError(f"train one with main.py; {reason}") from None
    if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
        raise argparse.ArgumentTypeError(f"{path} is another network than main.py's")
    return model


def main(argv=None):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures.")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE")
    parser.add_argument(
        "--model", type=load_model, default=str(HERE / "model.keras"), metavar="FILE.keras"
    )
    args = parser.parse_args(argv)
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
