# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0", "scikit-image==0.26.0",
#     "scipy==1.17.1", "tensorflow==2.21.0", "tornado==6.6.1",
# ]
# ///
"""Your own handwriting, in pictures or drawn on a page, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So each digit of a picture is made like MNIST's, in four
steps: find the ink, find the digits in it, give them strokes as wide as MNIST's, and center them on 28 by 28 pixels.
"""

import argparse
import os
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_webagg import WebAggApplication
from matplotlib.backends.backend_webagg_core import NavigationToolbar2WebAgg
from matplotlib.widgets import Button
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from scipy import ndimage
from skimage import measure, morphology, segmentation, util

# TensorFlow's start-up messages bypass Python's sys.stderr, so file descriptor 2 leads nowhere while it loads.
terminal = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras

    keras.distribution.list_devices()  # starts the backend, with the rest of its messages
finally:
    os.dup2(terminal, 2)

HERE = Path(globals().get("__file__", "")).parent  # a notebook has no __file__: there, its own folder
DOUBT = 0.8  # an answer whose probability is lower gets a question mark


class NothingToRead(Exception):
    """A picture shows no digit; the message says why not."""


def load_picture(path):
    """Returns an image file in mode RGB, upright, its longer side 400 to 800 pixels long, without transparency."""
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
    except UnidentifiedImageError:
        raise NothingToRead("this is no picture; save an iPhone's HEIC as JPEG") from None
    except Image.DecompressionBombError:
        raise NothingToRead("this picture is too large; make it smaller") from None
    if image.mode[0] in "IF":  # more than 8 bits a pixel
        values = np.asarray(image, "float32")
        image = Image.fromarray(np.uint8(255 * (values - values.min()) / max(1, np.ptp(values))))
    if image.has_transparency_data:  # a sheet with transparent corners, or ink alone
        rgb, alpha = np.split(np.asarray(image.convert("RGBA"), "float32"), [3], axis=2)
        seen = rgb[alpha[..., 0] > 127]
        is_sheet, is_dark = len(seen) > alpha.size / 2, seen.sum() < 128 * seen.size
        ground = np.median(seen, axis=0) if is_sheet else 255 if is_dark else 0
        image = Image.fromarray(np.uint8(ground + (rgb - ground) * (alpha / 255)))
    image = image.convert("RGB")
    image.thumbnail((800, 800), Image.BOX)
    return ImageOps.contain(image, (400, 400)) if max(image.size) < 400 else image


def find_ink(picture):
    """Returns how much each pixel of an RGB picture differs from the paper around it: (h, w), 0 for paper."""
    rgb = np.asarray(picture, "float32")
    scale = 96 / (picture.width * picture.height) ** 0.5
    window = 31  # wider than a stroke, in pixels of a small copy of about 96 x 96
    small = ImageOps.contain(picture, [max(1, round(side * scale)) for side in picture.size], Image.BOX)
    small = np.pad(np.asarray(small, "float32"), ((window, window), (window, window), (0, 0)), mode="edge")
    detail = small - ndimage.gaussian_filter(small, (24, 24, 0))
    dark = (detail**3).sum(axis=(0, 1)) < 0  # is what differs most, and so counts most, darker? For red, green, blue
    # Closing paints dark strokes over with the paper beside them, opening light ones. Shadows are wider and stay.
    square = window, window, 1
    paper = np.where(dark, ndimage.grey_closing(small, square), ndimage.grey_opening(small, square))
    paper = Image.fromarray(np.uint8(paper[window:-window, window:-window])).resize(picture.size, Image.BILINEAR)
    paper = np.asarray(paper, "float32")
    difference = (rgb - paper) / (paper.mean(axis=2, keepdims=True) + 100)  # by 100, or noise on black would be ink
    return ndimage.gaussian_filter(np.linalg.norm(difference, axis=2), 1)


def find_threshold(ink):
    """Returns how much of the ink (h, w) makes a stroke: half of the strokes' mean, as in Ridler and Calvard (1978)."""
    threshold = ink.max() / 2
    for _ in range(5):
        threshold = ink[ink >= threshold].mean() / 2
    if threshold < max(0.08, 3 * np.percentile(ink, 30)):  # then most of it is the noise of the paper
        raise NothingToRead("nothing stands out from the paper; try darker ink or more light")
    return threshold


def find_digits(ink):
    """Returns the digits in the ink (h, w) from left to right: of each, where it is, as two slices, and its mask."""
    threshold = find_threshold(ink)
    mask = ink > threshold
    bridged = ndimage.binary_dilation(mask, iterations=max(1, max(mask.shape) // 200))  # over gaps in the strokes
    labels = segmentation.clear_border(measure.label(bridged) * mask)  # a shadow or a table's edge reaches the border
    pieces = sorted(measure.regionprops(labels), key=lambda piece: piece.bbox[1])
    if not pieces:
        raise NothingToRead("what stands out touches the border; leave some paper on all sides of the digits")

    # Pieces one above the other make one digit, such as the two of a 5; very small ones are specks.
    tallest = max(piece.image.shape[0] for piece in pieces)
    digit_of = np.zeros(labels.max() + 1, int)  # the number of the digit that a label belongs to, 0 for none
    number = start = end = 0  # of the last digit: its number, its first and last column
    for piece in pieces:
        _, left, _, right = piece.bbox
        if max(piece.image.shape) > 0.3 * tallest:
            if min(right, end) - left > 0.4 * min(right - left, end - start):  # it overlaps: the same digit
                end = max(right, end)
            else:
                number, start, end = number + 1, left, right
            digit_of[piece.label] = number
    labels = digit_of[labels]
    digits = [(box, labels[box] == number) for number, box in enumerate(ndimage.find_objects(labels), 1)]
    digits = [(box, mask) for box, mask in digits if len(mask) > 0.5 * tallest]
    if tallest < 0.04 * max(ink.shape) or len(digits) > 12:
        raise NothingToRead("there are only specks, or more than 12 digits; take the picture from closer")
    half = ndimage.binary_propagation(labels > 0, mask=ink > threshold / 2)  # ink has sharp edges, shadows grow
    if half.sum() > 1.6 * (labels > 0).sum():
        raise NothingToRead("there are only shadows")
    return digits


def redraw(mask):
    """Returns a digit (h, w) like MNIST's: (28, 28), 0 to 255, 20 pixels high or wide, its strokes 2.4 to 3.2 pixels.

    The strokes are made wider or narrower at 5 times that resolution. The center of mass comes to the center.
    """
    large = ImageOps.contain(Image.fromarray(mask).convert("L"), (100, 100))
    large = np.pad(np.asarray(large) > 127, 20)  # room for wider strokes
    depth = ndimage.distance_transform_edt(large)
    width = 2 * depth[morphology.skeletonize(large)].mean()
    grow = (np.clip(width, 5 * 2.4, 5 * 3.2) - width) / 2
    large = ndimage.distance_transform_edt(~large) <= grow if grow > 0 else depth > -grow
    digit = Image.fromarray(large).convert("L")
    digit = ImageOps.contain(digit.crop(digit.getbbox()), (20, 20), Image.BOX)
    sheet = np.zeros((28, 28), "float32")
    sheet[: digit.height, : digit.width] = digit
    return ndimage.shift(sheet, 13.5 - np.array(ndimage.center_of_mass(sheet)), order=1)


def read(model, picture):
    """Returns the digits in an RGB picture: their places, the images (n, 28, 28) and the model's probabilities (n, 10).

    Raises NothingToRead where there are none.
    """
    places, masks = zip(*find_digits(find_ink(picture)), strict=True)
    digits = np.stack([redraw(mask) for mask in masks])
    return places, digits, model.predict_on_batch(digits)


def answer(probabilities):
    """Returns the answer for probabilities (n, 10), like `2018 (97.1%)`, which is that of the least certain digit."""
    certainty = probabilities.max(axis=1).min()
    doubt = "?" if certainty < DOUBT else ""
    return "".join(map(str, probabilities.argmax(axis=1))) + f"{doubt} ({certainty:.1%})"


def side_by_side(digits):
    """Returns images (n, 28, 28) as one image, framed."""
    return util.montage(digits, fill=128, grid_shape=(1, len(digits)), padding_width=1)


def plot(readings):
    """Returns a figure with a row for each picture: the digits found in it, its ink, and what the network saw."""
    figure, rows = plt.subplots(len(readings), 3, figsize=(9, 2.5 * len(readings)), squeeze=False, layout="constrained")
    for axes, (picture, places, digits, probabilities) in zip(rows, readings, strict=True):
        for (y, x), digit in zip(places, probabilities.argmax(axis=1), strict=True):
            box = plt.Rectangle((x.start, y.start), x.stop - x.start, y.stop - y.start, fill=False, color="C3")
            axes[0].add_patch(box)
            axes[0].text(x.start, y.start, digit, color="C3", size="x-large", va="bottom")
        images = picture, find_ink(picture), side_by_side(digits)
        titles = answer(probabilities), "its ink", "what the network saw"
        for one, image, title in zip(axes, images, titles, strict=True):
            one.imshow(image, cmap="gray_r")
            one.set_title(title)
            one.axis("off")
    return figure


def draw(model):
    """Opens a page in the browser to draw on with the mouse, and shows what the model reads there, until Ctrl-C."""
    matplotlib.use("WebAgg")
    plt.rcParams["toolbar"] = "None"
    NavigationToolbar2WebAgg.toolitems = NavigationToolbar2WebAgg.toolitems[-1:]  # the page shows them even so
    figure, axes = plt.subplot_mosaic(
        [["page", "page"], ["seen", "bars"], ["button", "bars"]],
        figsize=(6.4, 6.4),
        height_ratios=(15, 9, 1),
        layout="constrained",
    )
    sheet = Image.new("RGB", (600, 360), "white")
    shown = None  # a copy of the sheet as it was last read
    pen = []  # the points of the line being drawn
    page = axes["page"].imshow(sheet)
    seen = axes["seen"].imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=255)
    bars = axes["bars"].bar(range(10), np.zeros(10))
    axes["bars"].set(title="its probabilities for the last digit", ylim=(0, 1), xticks=range(10))
    axes["seen"].set(title="what the network sees", xticks=[], yticks=[])
    axes["page"].set(xticks=[], yticks=[])

    def move(event):
        if event.inaxes is axes["page"] and event.buttons:
            pen.append((event.xdata, event.ydata))
            ImageDraw.Draw(sheet).line(pen, fill="black", width=16, joint="curve")
        else:
            pen.clear()

    def clear(event):
        sheet.paste("white", (0, 0, *sheet.size))

    def update():
        nonlocal shown
        if sheet == shown:
            return
        shown = sheet.copy()
        try:
            _, digits, probabilities = read(model, sheet)
            title = answer(probabilities)
        except NothingToRead:
            digits, probabilities, title = np.zeros((1, 28, 28)), np.zeros((1, 10)), "Draw digits here"
        axes["page"].set_title(title, fontsize=20)
        figure.canvas.manager.set_window_title(title)
        page.set_data(sheet)
        image = side_by_side(digits)
        seen.set(data=image, extent=(0, image.shape[1], 0, image.shape[0]))
        for bar, probability in zip(bars, probabilities[-1], strict=True):
            bar.set_height(probability)
        figure.canvas.draw_idle()

    figure.canvas.mpl_connect("motion_notify_event", move)
    button = Button(axes["button"], "clear")
    button.on_clicked(clear)
    timer = figure.canvas.new_timer(20, [(update, (), {})])  # every 20 ms, since the mouse moves more often than that
    timer.start()
    WebAggApplication.initialize()  # takes the next port where this one is taken
    print(f"Draw at http://127.0.0.1:{WebAggApplication.port}", flush=True)
    plt.show()


def main(argv=()):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures, or drawn on a page.")
    add = parser.add_argument
    add("images", nargs="*", type=Path, metavar="IMAGE", help="pictures to read")
    add("--draw", action="store_true", help="open a page to draw on in the browser")
    add("--plot", nargs="?", const="plot.png", metavar="FILE.png", help="draw how each was read (%(const)s)")
    add("--model", type=Path, default=HERE / "model.keras", metavar="FILE.keras", help="the trained network")
    args = parser.parse_args(argv)
    if args.draw == bool(args.images):
        parser.error("name the pictures to read, or else --draw")
    if args.plot and Path(args.plot).suffix != ".png":
        parser.error(f"--plot would overwrite {args.plot}; name the pictures first")
    if not args.model.exists():
        parser.error(f"there is no trained network in {args.model}; train one first: python {HERE / 'main.py'}")
    try:
        model = keras.saving.load_model(args.model, compile=False)  # safely: code that the file brings is not run
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"{args.model} holds no network: {str(error).splitlines()[0]}")
    if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
        parser.error(f"{args.model} is another network than main.py's; train one: python {HERE / 'main.py'}")

    if args.draw:
        draw(model)
    readings = []
    for path in args.images:
        try:
            picture = load_picture(path)
            places, digits, probabilities = read(model, picture)
        except (NothingToRead, OSError) as error:
            print(f"{path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        else:
            print(f"{path}: {answer(probabilities)}", flush=True)
            readings.append((picture, places, digits, probabilities))
    if args.plot and readings:
        try:
            plot(readings).savefig(args.plot)
        except OSError as error:
            parser.error(error)
    if len(readings) < len(args.images):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
