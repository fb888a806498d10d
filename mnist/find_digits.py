"""Finds the digits in a picture, and makes each of them like MNIST's. No network takes part.

`in_picture` shows the whole way, and finding.png a photograph on it. These are its steps, in the
order in which they stand below:

    measure_darkness   how much darker than its paper each pixel is
    find_lines         which ink belongs to ruled lines, and not to digits
    label_digits       which ink is connected, and about as tall as most of it
    sort_into_rows     from top to bottom, and each row from left to right
    redraw             each digit anew, 28 by 28 pixels, with strokes of one width
    may_lack_a_digit   was anything left out that might be a digit?

The settings, in capitals, stand above the functions that use them. They were chosen by trying them
on photographs, scans and drawings. Lengths are in pixels of the scaled picture, where nothing else
is said.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from PIL.ImageFilter import GaussianBlur
from scipy.ndimage import (
    binary_dilation,
    center_of_mass,
    distance_transform_edt,
    grey_closing,
    grey_opening,
    shift,
    uniform_filter,
)
from scipy.stats import skew
from skimage.exposure import rescale_intensity
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import skeletonize


class NothingToRead(Exception):
    """There is no digit in a picture; the message says why."""


@dataclass
class Page:
    """What is found in a picture."""

    picture: Image.Image  # mode RGB
    ink: np.ndarray  # (h, w), a mask: True where there is ink
    dropped: np.ndarray  # (h, w), the ink that belongs to no digit
    boxes: list  # of the n digits, row by row: top, left, bottom, right of each
    images: np.ndarray  # (n, 28, 28), 0 to 255: the digits as the network sees them
    rows: list  # for each row, which of the n digits stand in it, such as [0, 1] and [2, 3]
    may_lack_a_digit: bool  # whether something was left out that might be one

    def seen(self):
        """Returns an image of the digits as the network sees them, row by row, dark on light."""
        rows = [np.hstack(self.images[row]) for row in self.rows]
        width = max(row.shape[1] for row in rows)  # of the longest; the others end in paper, 0
        image = np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]))) for row in rows])
        return Image.fromarray(255 - image.astype("uint8"))


NOISE = 25  # levels of gray: what differs less from the paper is a camera's noise


def in_picture(picture):
    """Returns the Page in an RGB picture. Raises NothingToRead where there is no digit."""
    darkness = measure_darkness(picture)
    # Otsu's method finds the level that parts two groups best: paper and ink
    threshold = max(threshold_otsu(darkness), NOISE)
    ink = darkness > threshold
    lines = find_lines(ink) | find_lines(ink.T).T  # across and down
    labels = label_digits(ink & ~lines)
    digits = regionprops(labels)  # for each its box (bbox), its mask (image), its center, …
    rows = sort_into_rows(digits)
    in_order = [digit for row in rows for digit in row]
    ends = np.cumsum([len(row) for row in rows])  # of 2 and 2 digits: 2 and 4
    return Page(
        picture,
        ink,
        dropped=ink & (labels == 0),
        boxes=[digit.bbox for digit in in_order],
        images=np.array([redraw(digit.image) for digit in in_order]),
        rows=np.split(np.arange(ends[-1]), ends[:-1]),
        may_lack_a_digit=may_lack_a_digit(darkness / threshold, lines, labels, digits),
    )


SIDE = 500  # a picture is scaled to 500 * 500 pixels, whatever its shape: few, to be quick


def load_picture(path):
    """Returns the picture in a file, mode RGB, upright and scaled.

    Raises NothingToRead where it is no picture.
    """
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
        if image.mode.startswith(("I", "F")):  # more than 8 bits: stretched to 0 to 255
            levels = rescale_intensity(np.asarray(image), out_range="uint8")
            image = Image.fromarray(levels)
        # gray where it is transparent: dark ink and light ink both show on it
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "gray"), image).convert("RGB")
        return ImageOps.scale(image, SIDE / (image.width * image.height) ** 0.5)
    except Exception as error:  # Pillow raises a dozen types for broken files
        reason, _, _ = str(error).partition("\n")
        raise NothingToRead(f"no picture: {reason}") from None


WINDOW = 35  # in pixels of a quarter of the size: more than most strokes, less than most shadows


def measure_darkness(picture):
    """Returns how much darker than its paper each pixel is: (h, w), 255 for black on white."""
    gray = picture.convert("L").filter(GaussianBlur(1))  # blurred against noise
    # the paper changes slowly, so a quarter of the size will do; its edge is repeated all around
    small = np.pad(np.asarray(gray.reduce(4), "float32"), WINDOW, "edge")
    # Most pixels hardly differ from the mean around them, but ink does: upward if it is light, such
    # as chalk, and then the skew of all the differences is above 0. So turn it dark.
    if skew(small - uniform_filter(small, WINDOW), axis=None) > 0:
        small, gray = 255 - small, ImageOps.invert(gray)
    # The paper alone: closing paints over what is dark and narrower than the window, such as the 60
    # in 230 230 60 230 230. A shadow is wider, and stays.
    paper = grey_closing(small, WINDOW)[WINDOW:-WINDOW, WINDOW:-WINDOW]
    paper = np.asarray(Image.fromarray(paper).resize(gray.size)).clip(1)
    return contrast(np.asarray(gray), paper)


def contrast(gray, paper):
    """Returns how much darker than its paper each pixel is, and makes up for shadows.

    In a shadow that halves the light of ink and paper, their difference is half, too. The root
    makes it 0.7 of what it was: a compromise, since it makes dark noise stronger as well.
    """
    return (paper - gray) * np.sqrt(255 / paper)


SPECK = 20  # pixels: what is less tall is no digit, and what comes as near to an edge reaches it
TILT = 10  # degrees: few sheets lie more askew
SHARE = 0.6  # of the pixels in a row: where a line runs, more of them are ink


def find_lines(ink):
    """Returns which pixels of a mask (h, w) belong to lines across, as on ruled paper."""
    image = Image.fromarray(binary_dilation(ink, np.ones((5, 5))))  # thicker, for lines that waver
    lines = np.zeros_like(ink)
    # turn the image by each angle, keep the rows of pixels that are mostly ink, and turn them back
    for angle in range(-TILT, TILT + 1):
        turned = np.asarray(image.rotate(angle))
        is_line = turned.mean(axis=1) > SHARE
        # a line begins at the left or right edge, and the bar of a large 7 does not
        is_line &= turned[:, :SPECK].any(axis=1) | turned[:, -SPECK:].any(axis=1)
        if is_line.any():
            level = turned & is_line[:, np.newaxis]
            lines |= np.asarray(Image.fromarray(level).rotate(-angle))
    # Opening keeps only what is 10 pixels tall: the strokes that cross a line, but not the line.
    # For 3 pixels, it would make 0 0 0 1 1 1 of 0 1 0 1 1 1.
    return ink & lines & ~grey_opening(ink, (10, 1))


RATIO = 2  # digits are less than twice as tall as a typical one, and more than half as tall


def label_digits(ink):
    """Returns which digit each pixel of a mask (h, w) belongs to: labels (h, w), 0 for none."""
    # pixels that touch get the same label; dilation makes strokes thicker, to close small gaps
    labels = label(binary_dilation(ink)) * ink
    pieces = regionprops(labels)
    tall = [piece for piece in pieces if height(piece) >= SPECK]
    if not tall:
        raise NothingToRead("nothing but specks and lines stands out; try darker ink")
    # narrow borders are no digits, and no border tells the typical height, unless it is alone
    tall = [piece for piece in tall if not is_strip(piece, ink.shape)] or tall
    inner = [piece for piece in tall if not is_border(piece, ink.shape)] or tall
    typical = typical_height(inner)
    digits = [piece for piece in tall if typical / RATIO < height(piece) < RATIO * typical]
    owners = np.zeros(labels.max() + 1, int)  # by each piece's label, the digit that it belongs to
    for digit in sorted(digits, key=height):  # of two digits, the taller one may take in the other
        for piece in pieces:
            if is_part(piece, digit):  # as the digit itself is
                owners[owners == piece.label] = digit.label  # what the piece has taken in before
                owners[piece.label] = digit.label
    return owners[labels]


def height(piece):
    return len(piece.image)


def is_border(piece, shape):
    """Returns whether a piece reaches two of the four edges.

    A desk's border does, and so does the first digit of a number that is cut out closely.
    """
    return np.equal(piece.bbox, (0, 0, *shape)).sum() >= 2


def is_strip(piece, shape):
    """Returns whether a piece is such a border and narrow: a grid's line does, and few digits."""
    return is_border(piece, shape) and height(piece) > 4 * piece.image.shape[1]


def typical_height(pieces):
    """Returns the median height, for which a piece 90 pixels tall counts 90 times.

    That of 20, 20 and 90 is 90, so small pieces hardly count.
    """
    heights = [height(piece) for piece in pieces]
    return np.median(np.repeat(heights, heights))


def is_part(piece, digit):
    """Returns whether a piece belongs to a digit: in its column, and their boxes overlap."""
    top, left, bottom, right = digit.bbox
    _, x = piece.centroid
    return left <= x <= right and piece.bbox[2] > top and piece.bbox[0] < bottom


def sort_into_rows(digits):
    """Returns the rows of digits from top to bottom, each a list from left to right."""
    rows = []
    for digit in sorted(digits, key=lambda digit: digit.bbox[1]):  # by the left side of its box
        nearest = min(rows, key=lambda row: distance(row, digit), default=None)
        if nearest and distance(nearest, digit) < height(digit):
            nearest.append(digit)
        else:
            rows.append([digit])
    return sorted(rows, key=lambda row: np.mean([digit.centroid[0] for digit in row]))


def distance(row, digit):
    """Returns how far above or below the last digit of a row a digit is, since rows may climb."""
    return abs(row[-1].centroid[0] - digit.centroid[0])


FIT = 20  # MNIST's digits fit into so many pixels, with a margin of 4 around them
WIDTH = 2.6  # of strokes, in MNIST's pixels; more would close loops


def redraw(mask):
    """Returns the digit in a mask (h, w) made like MNIST's: (28, 28), 0 to 255."""
    scale = 5  # at first it is so many times as large as MNIST's, for smooth strokes
    size = [max(1, round(scale * FIT * side / max(mask.shape))) for side in mask.shape]
    digit = Image.fromarray(mask).convert("L").resize(size[::-1])  # Pillow has the width first
    digit = np.pad(np.asarray(digit) > 127, 10 * scale)  # with room for thicker strokes
    digit = Image.fromarray(with_strokes_of(scale * WIDTH, digit))
    digit = ImageOps.pad(digit.crop(digit.getbbox()).convert("L"), (FIT, FIT), Image.Resampling.BOX)
    digit = np.pad(np.asarray(digit, "float32"), 4)
    # MNIST's digits have their center of mass at the pixel (14, 14)
    return shift(digit, 14 - np.array(center_of_mass(digit)), order=1)


def with_strokes_of(width, mask):
    """Returns a mask with its strokes made thinner or thicker, until they have this mean width."""
    # each pixel's distance to the outline, less than 0 outside; in the middle, half of the width
    depth = distance_transform_edt(mask) - distance_transform_edt(~mask)
    half_width = depth[skeletonize(mask)].mean()
    return depth > half_width - width / 2


PALENESS = 0.65  # what is less dark is paper, if ink begins at 1
LEAST = 1 / 3  # of the height of a typical digit: what is smaller is none


def may_lack_a_digit(darkness, lines, labels, digits):
    """Returns whether the labels (h, w) may lack a digit. darkness (h, w) is 1 where ink begins."""
    typical = typical_height(digits)
    for piece in regionprops(label(darkness > PALENESS)):  # of ink, and of what is nearly ink
        size = max(piece.image.shape)
        is_in_digit = labels[piece.slice][piece.image].any()
        is_long_line = lines[piece.slice][piece.image].any() and size >= RATIO * typical
        if size > LEAST * typical and not is_in_digit and not is_long_line:
            return True
    return False
