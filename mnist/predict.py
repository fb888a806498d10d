"""Your own handwriting, read by the network that main.py has trained.

A network can read only what looks like what it was trained on. So most of the work is done by
find_digits.py, beside this file: it finds the digits in a picture and makes each of them like
MNIST's. What is left is short, and `read` shows it:

    find_digits.in_picture    a Page: images of its n digits, (n, 28, 28), and where they stand
    model.predict_on_batch    (n, 10): for each digit, how probable 0, 1, …, 9 are, such as
                              0 0.679 0 0 0 0 0 0.321 0 0 for one that may be a 1 or a 7
    Reading                   1? (67.9%): the answer, a question mark if it is in doubt, and how
                              probable the least certain digit is
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0"]
# ///

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import find_digits
import keras
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
SURE = 0.98  # a digit that is less probable is in doubt (why 0.98: mnist/README.md)


def read(model, picture):
    """Returns the Reading of an RGB picture. Raises NothingToRead where there is no digit."""
    page = find_digits.in_picture(picture)
    # like predict, but quicker for a few images: draw.py reads while you draw
    return Reading(page, model.predict_on_batch(page.images))


@dataclass
class Reading:
    """What the network reads in a picture."""

    page: find_digits.Page
    probabilities: np.ndarray  # (n, 10)

    def text(self):
        """Returns the most probable digits, with a space between two rows: "36 24"."""
        answers = self.probabilities.argmax(axis=1)
        texts = []
        for row in self.page.rows:  # of "36 24": [0, 1], the first two digits, and then [2, 3]
            texts.append("".join(str(answer) for answer in answers[row]))
        return " ".join(texts)

    def certainty(self):
        """Returns the probability of the least certain digit."""
        return self.probabilities.max(axis=1).min()

    def is_sure(self):
        """Returns whether each digit is probable enough, and nothing like a digit was left out."""
        return self.certainty() >= SURE and not self.page.may_lack_a_digit

    def __str__(self):
        mark = "" if self.is_sure() else "?"
        return f"{self.text()}{mark} ({self.certainty():.1%})"


# That was the reading. What follows opens files, prints and draws.


def main(argv=None):
    parser = argparse.ArgumentParser(description="Read handwritten digits in pictures.")
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="photograph, scan, drawing")
    parser.add_argument(
        "--model", default=HERE / "model.keras", metavar="FILE.keras", help="main.py's network"
    )
    parser.add_argument("--plot", action="store_true", help="draw the last one into predict.png")
    args = parser.parse_args(argv)
    try:
        model = load_model(args.model)
    except ValueError as error:
        parser.error(str(error))
    readings = []
    for path in args.pictures:
        try:
            reading = read(model, find_digits.load_picture(path))
        except find_digits.NothingToRead as error:
            print(f"{path}: {error}", file=sys.stderr)
        else:
            print(f"{path}: {reading}", flush=True)
            readings.append(reading)
    if args.plot and readings:
        plot(readings[-1]).savefig("predict.png")
    if len(readings) < len(args.pictures):
        sys.exit(1)


def load_model(path):
    """Returns the network in a .keras file. Raises ValueError where it is not main.py's."""
    try:
        model = keras.saving.load_model(path, compile=False)  # it won't be trained
    except Exception as error:  # libraries raise a dozen types for broken files
        reason, _, _ = str(error).partition("\n")
        raise ValueError(f"{path}: {reason}; main.py trains one") from None
    if (model.input_shape, model.output_shape) != ((None, 28, 28), (None, 10)):
        raise ValueError(f"{path}: another network than main.py's; main.py trains one")
    return model


def plot(reading):
    """Returns a figure with three panels: the picture, its ink, and what the network saw."""
    page = reading.page
    ink = np.full((*page.ink.shape, 3), 255)  # white
    ink[page.ink] = 0, 0, 0  # black
    ink[page.dropped] = 255, 140, 0  # orange
    figure, panels = plt.subplots(1, 3, figsize=(6, 2.5), layout="constrained")
    figure.suptitle(str(reading), weight="bold", wrap=True)
    titles = "picture (red: in doubt)", "ink (orange: dropped)", "network's view"
    for panel, title, image in zip(panels, titles, (page.picture, ink, page.seen())):
        panel.imshow(image, cmap="gray")
        panel.set(xticks=[], yticks=[], xlabel=title)
    certainties = reading.probabilities.max(axis=1)
    for (top, left, bottom, right), certainty in zip(page.boxes, certainties):
        color = "limegreen" if certainty >= SURE else "red"
        box = plt.Rectangle((left, top), right - left, bottom - top, fill=False, color=color)
        panels[0].add_patch(box)
    return figure


if __name__ == "__main__":
    main()
