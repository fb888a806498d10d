# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0", "scikit-image==0.26.0",
#     "scipy==1.17.1", "tensorflow==2.21.0", "tornado==6.6.1"]
# ///
"""Your own handwriting, in pictures or drawn on a page, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So each digit of a picture is made like MNIST's, in
three steps: find the ink, find the digits in it, and draw each of them again, 28 by 28 pixels, with MNIST's strokes.
"""

import argparse
import gc
import os
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_webagg import WebAggApplication
from matplotlib.backends.backend_webagg_core import NavigationToolbar2WebAgg
from PIL import Image, ImageDraw, ImageOps, ImageStat, UnidentifiedImageError
from scipy import ndimage
from skimage import exposure, measure, morphology, segmentation, util

# TensorFlow's start-up messages bypass Python's sys.stderr, so file descriptor 2 leads nowhere while it loads.
terminal = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras

    keras.distribution.list_devices()  # starts the backend, with the rest of its messages
finally:
    os.dup2(terminal, 2)

HERE = Path(globals().get("__file__", "")).parent  # a notebook has no __file__: there, its own folder


class NothingToRead(Exception):
    """A picture cannot be read; the message says why not."""


def load_picture(path):
    """Returns an image file in mode RGB, upright, without transparency, its longer side 640 pixels long."""
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
    except (UnidentifiedImageError, ValueError):
        raise NothingToRead("Pillow cannot open it as a picture; if it is an iPhone's HEIC, save it as JPEG") from None
    except Image.DecompressionBombError:
        raise NothingToRead("too large; make it smaller") from None
    if image.mode[0] in "IF":  # more than 8 bits a pixel
        image = Image.fromarray(exposure.rescale_intensity(np.asarray(image), out_range="uint8"))
    image = image.convert("RGBA")
    alpha = image.getchannel("A")  # low at the corners of a sheet, or around ink that stands alone
    is_sheet = ImageStat.Stat(alpha).mean[0] > 127
    ground = ImageStat.Stat(image, alpha).median if is_sheet else [128, 128, 128, 255]
    image = Image.alpha_composite(Image.new("RGBA", image.size, tuple(ground)), image)
    return ImageOps.contain(image.convert("RGB"), (640, 640))


def find_ink(picture):
    """Returns how much each pixel of an RGB picture differs from the paper around it: (h, w), 0 for paper."""
    size = 31  # wider than a stroke, in the pixels of a copy of about 96 by 96
    copy = picture.reduce(max(1, round((picture.width * picture.height) ** 0.5 / 96)))
    copy = np.pad(np.asarray(copy, "float32"), ((size, size), (size, size), (0, 0)), mode="edge")
    detail = copy - ndimage.uniform_filter(copy, (2 * size + 1, 2 * size + 1, 1))
    sign = np.where((detail**3).sum(axis=(0, 1)) < 0, 1, -1)  # of red, green and blue: is the ink darker, or lighter?
    paper = sign * ndimage.grey_closing(sign * copy, (size, size, 1))  # paints the strokes over, but no wider shadow
    paper = Image.fromarray(np.uint8(paper[size:-size, size:-size])).resize(picture.size, Image.BILINEAR)
    paper = np.asarray(paper, "float32")
    difference = (picture - paper) / (paper.mean(axis=2, keepdims=True) + 100)  # by 100, or noise on black would be ink
    return ndimage.gaussian_filter(np.linalg.norm(difference, axis=2), 1)


def find_digits(ink):
    """Returns the digits in the ink (h, w) from left to right, as the regions that measure.regionprops describes."""
    threshold = ink.max() / 2
    for _ in range(5):  # as in Ridler and Calvard (1978), a little higher, so that a shadow beside the ink is left out
        threshold = 0.6 * ink[ink >= threshold].mean()
    mask = ink > threshold
    soft = threshold < 0.3 and (ink > threshold / 2).sum() > 1.6 * mask.sum()  # as the edges of pale shadows are
    if soft or threshold < max(0.1, 2 * np.median(ink)):  # or as noise is, which covers everything
        raise NothingToRead("nothing stands out from the paper; try darker ink or more light")
    bridged = ndimage.binary_dilation(mask, iterations=3)  # over gaps in the strokes
    labels = segmentation.clear_border(measure.label(bridged) * mask)  # a table's edge reaches the border
    pieces = sorted(measure.regionprops(labels), key=lambda piece: piece.bbox[1])
    pieces = [piece for piece in pieces if piece.image.shape[1] > len(piece.image) / 60]  # not a line down the margin
    tallest = max((len(piece.image) for piece in pieces), default=0)
    if tallest < 0.04 * ink.size**0.5:
        raise NothingToRead("there are only specks, or it touches the border; take it closer, with paper around it")

    # Pieces one above the other make one digit, such as the two of a 5. Small ones are specks.
    pieces = [piece for piece in pieces if max(piece.image.shape) > 0.2 * tallest]
    labels *= np.isin(labels, [piece.label for piece in pieces])
    for right, left in pairwise(reversed(pieces)):
        if right.centroid[1] < left.bbox[3]:
            labels[labels == right.label] = left.label
    digits = [digit for digit in measure.regionprops(labels) if len(digit.image) > 0.5 * tallest]
    return sorted(digits, key=lambda digit: digit.bbox[1])


def redraw(mask):
    """Returns a digit, a mask (h, w), like MNIST's: (28, 28), 0 to 255, 20 pixels high or wide, centered by its mass.

    Its strokes become about 2.8 pixels wide. They are made wider or narrower at 5 times that resolution.
    """
    large = ImageOps.contain(Image.fromarray(mask).convert("L"), (100, 100))
    large = np.pad(np.asarray(large) > 127, 20)  # room for wider strokes
    depth = ndimage.distance_transform_edt(large) - ndimage.distance_transform_edt(~large)
    half = depth[morphology.skeletonize(large)].mean()  # of the strokes' width
    digit = Image.fromarray(depth > half - 5 * 1.4)
    digit = ImageOps.contain(digit.crop(digit.getbbox()).convert("L"), (20, 20), Image.BOX)
    digit = np.pad(np.float32(digit), ((0, 28 - digit.height), (0, 28 - digit.width)))
    return ndimage.shift(digit, 13.5 - np.array(ndimage.center_of_mass(digit)), order=1)


def read(model, picture):
    """Returns an RGB picture's ink, its digits, what the model sees of them, and the probabilities (n, 10) it gives.

    Raises NothingToRead where there is no digit.
    """
    ink = find_ink(picture)
    digits = find_digits(ink)
    images = np.stack([redraw(digit.image) for digit in digits])
    seen = util.montage(images, fill=128, grid_shape=(1, len(images)), padding_width=1)
    return ink, digits, seen, model.predict_on_batch(images)


def answer(probabilities):
    """Returns the answer for probabilities (n, 10), like `2018 (97.1%)`, or `2018? (41.0%)` where that is below 80%."""
    certainty = probabilities.max(axis=1).min()
    doubt = "?" if certainty < 0.8 else ""
    return "".join(map(str, probabilities.argmax(axis=1))) + f"{doubt} ({certainty:.1%})"


def plot(readings):
    """Returns a figure with a row for each picture: the digits found in it, its ink, and what the network saw."""
    figure, rows = plt.subplots(len(readings), 3, figsize=(9, 2.5 * len(readings)), squeeze=False, layout="constrained")
    for axes, (picture, ink, digits, seen, probabilities) in zip(rows, readings, strict=True):
        titles = answer(probabilities), "its ink", "what the network saw"
        for one, image, title in zip(axes, (picture, ink, seen), titles, strict=True):
            one.imshow(image, cmap="gray_r")
            one.set(title=title, xticks=[], yticks=[])
        for digit, label in zip(digits, probabilities.argmax(axis=1), strict=True):
            top, left, bottom, right = digit.bbox
            axes[0].add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="C3"))
            axes[0].text(left, top, label, color="white", backgroundcolor="C3", va="bottom")
    return figure


def draw(model):
    """Opens a page in the browser to draw on with the mouse, and shows what the model reads there, until Ctrl-C."""
    plt.switch_backend("WebAgg")
    plt.rcParams["toolbar"] = "None"
    NavigationToolbar2WebAgg.toolitems = NavigationToolbar2WebAgg.toolitems[-1:]  # only the button that saves it
    figure, (top, middle, bottom) = plt.subplots(3, figsize=(5, 6), height_ratios=(6, 2, 2))
    top.set(xticks=[], yticks=[])
    middle.set(xlabel="what the network sees", xticks=[], yticks=[])
    bottom.set(xlabel="the last digit's probabilities", ylim=(0, 1), xticks=range(10), yticks=[])
    sheet = Image.new("RGBA", (320, 192), "white")  # of all modes, imshow is the fastest with this one
    shown = top.imshow(np.zeros_like(sheet), interpolation="nearest")  # black, so that the first update shows the sheet
    images = middle.imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=255)
    bars = bottom.stairs(np.zeros(10), np.arange(11) - 0.5, fill=True)
    pen = ImageDraw.Draw(sheet)
    last = []  # where the mouse was

    def move(event):
        x, y = top.transData.inverted().transform((event.x, event.y))
        if event.buttons:
            pen.line((*last, x, y), "black", width=9)
            pen.circle((x, y), 4, "black")
        last[:] = x, y

    def press(event):
        if event.key == "escape":
            sheet.paste("white", (0, 0, *sheet.size))

    def update():
        if np.array_equal(sheet, shown.get_array()):
            return
        shown.set_data(sheet)
        try:
            _, _, seen, probabilities = read(model, sheet.convert("RGB"))
            title = answer(probabilities)
        except NothingToRead:
            seen, probabilities, title = np.zeros((28, 28)), np.zeros((1, 10)), "Draw within the sheet; Esc clears it"
        top.set_title(title, fontsize=18)
        figure.canvas.manager.set_window_title(title)
        images.set(data=seen, extent=(0, seen.shape[1], 0, seen.shape[0]))
        bars.set_data(probabilities[-1])
        figure.canvas.draw()

    for count in 1, 2:  # Keras compiles the network for one digit, then for any number: now, not at the first stroke
        model.predict_on_batch(np.zeros((count, 28, 28), "float32"))
    gc.freeze()  # or Python would now and then search all of TensorFlow for garbage, for 0.2 seconds
    figure.canvas.mpl_disconnect(figure.canvas.manager.key_press_handler_id)  # matplotlib's own keys, such as q to quit
    figure.canvas.mpl_connect("motion_notify_event", move)
    figure.canvas.mpl_connect("key_press_event", press)
    timer = figure.canvas.new_timer(5, [(update, (), {})])  # not at every movement: they come faster than this reads
    timer.start()
    WebAggApplication.initialize()  # takes the next port where this one is taken
    print(f"Draw at http://{WebAggApplication.address}:{WebAggApplication.port}", flush=True)
    plt.show()


def main(argv=()):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures, or drawn on a page.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("images", nargs="*", default=[], metavar="IMAGE", help="pictures to read")
    what.add_argument("--draw", action="store_true", help="open a page to draw on in the browser")
    parser.add_argument("--plot", nargs="?", const="plot.png", metavar="FILE.png", help="draw the steps (%(const)s)")
    parser.add_argument("--model", default=HERE / "model.keras", metavar="FILE.keras", help="the trained network")
    args = parser.parse_args(argv)
    if args.plot and not args.plot.endswith(".png"):
        parser.error(f"--plot takes a FILE.png, not {args.plot}; name the pictures before it")
    try:
        model = keras.saving.load_model(args.model, compile=False)  # safely: code that the file brings is not run
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"To train a network: python {HERE / 'main.py'}. {str(error).splitlines()[0]}")
    if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
        parser.error(f"{args.model} is another network than main.py's")

    if args.draw:
        draw(model)
    readings = []
    for path in args.images:
        try:
            picture = load_picture(path)
            reading = read(model, picture)
        except (NothingToRead, OSError) as error:
            print(f"{path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        else:
            print(f"{path}: {answer(reading[-1])}", flush=True)
            readings.append((picture, *reading))
    if args.plot and readings:
        try:
            plot(readings).savefig(args.plot)
        except OSError as error:
            parser.error(error)
    if len(readings) < len(args.images):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:] if "__file__" in globals() else [])  # a notebook has no __file__ and no arguments for us
