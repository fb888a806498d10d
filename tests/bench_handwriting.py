"""The parts `handwriting` and `steps` of benchmark.py: what predict.py reads, by which steps."""

from contextlib import nullcontext
from functools import cache
from itertools import chain
from unittest.mock import patch

import keras
import numpy as np
import pictures
from helpers import ROOT, load
from PIL import ImageFilter
from report import check, head, row, timed

predict = load("mnist", "predict")
find_digits = predict.find_digits


@cache
def network():
    """Returns mnist's network, trained as a reader trains it."""
    mnist = load("mnist")
    x, y, _, _ = mnist.load_digits(ROOT / "mnist" / "mnist.npz")
    keras.utils.set_random_seed(1)
    model = mnist.build_model()
    mnist.train(model, x, y, verbose=0)
    return model


def with_digits(each):
    """Returns made pictures with their answers, {kind: [(file, answer), …]}.

    each: how many single digits of every kind; there are 8 times as many numbers, and 4 times as
    many numbers cut out and sheets.
    """
    rng, samples = np.random.default_rng(1), {}
    for kind, make in pictures.KINDS.items():
        samples[kind] = [pictures.sample(rng, make, str(i % 10)) for i in range(each)]
    numbers = [pictures.random_number(rng) for _ in range(8 * each)]
    sheets = [pictures.random_sheet(rng) for _ in range(4 * each)]
    cut_out = [pictures.random_number(rng) for _ in range(4 * each)]
    samples["numbers"] = [pictures.sample(rng, pictures.row, number) for number in numbers]
    samples["numbers, cut out"] = [pictures.sample(rng, pictures.cut_out_row, n) for n in cut_out]
    samples["sheets"] = [pictures.sample(rng, pictures.sheet, sheet) for sheet in sheets]
    return samples


def without_digits(kinds, each):
    """Returns made pictures with the answer None, {kind: [(file, None), …]}."""
    rng = np.random.default_rng(2)
    return {
        kind: [(pictures.saved(make(rng)), None) for _ in range(each)]
        for kind, make in kinds.items()
    }


def measure():
    """Has predict.py read real pictures of digits and made ones, and some without a digit."""
    shares, sure_ones, taken, read = {}, [], 0, 0
    head("pictures", "read", 'without a "?"', "wrong among these")
    for kind, samples in {"real pages": pictures.real(), **with_digits(40)}.items():
        seconds, (right, sure) = timed(pictures.judge, predict, network(), samples)
        row(kind, f"{right.sum()} of {len(right)}", str(sure.sum()), str((sure & ~right).sum()))
        shares[kind] = right.mean()
        sure_ones += right[sure].tolist()
        taken, read = taken + seconds, read + len(samples)

    all_refused = True
    head("pictures without a digit", "refused", 'read with a "?"', 'without a "?"')
    for kind, samples in without_digits(pictures.EMPTY | pictures.MISLEADING, 40).items():
        refused, sure = pictures.judge(predict, network(), samples)
        unsure = ~refused & ~sure
        row(kind, f"{refused.sum()} of {len(refused)}", str(unsure.sum()), str(sure.sum()))
        all_refused &= kind in pictures.MISLEADING or refused.all()

    singles = [shares[kind] for kind in pictures.KINDS]
    mean, least = np.mean(singles), min(singles)
    reliable, each = np.mean(sure_ones), taken / read
    check(shares["real pages"] >= 22 / 27, "real pages: at least 22 of 27 read")
    check(mean >= 0.96, f"single digits: {mean:.1%} read, at least 96%")
    check(least >= 0.75, f"the least kind of them: {least:.1%}, at least 75%")
    check(shares["numbers"] >= 0.9, f"numbers: {shares['numbers']:.1%}, at least 90%")
    check(shares["sheets"] >= 0.8, f"sheets: {shares['sheets']:.1%}, at least 80%")
    check(reliable >= 0.98, f'without a "?": {reliable:.1%} right, at least 98%')
    check(all_refused, f"all refused: {', '.join(pictures.EMPTY)}")
    check(each <= 0.1, f"{each:.3f} s a picture, at most 0.1")


def no(*_):
    return False


def instead(name, value):
    """Returns a context in which a function or setting of find_digits is another one."""
    return patch.object(find_digits, name, value)


STEPS = {  # for each row of the table a context in which predict.py reads
    "as it is": nullcontext(),
    "without `grey_opening`: strokes on a line go with it": instead(
        "grey_opening", lambda ink, size: np.zeros_like(ink)
    ),
    "without `find_lines`": instead("find_lines", np.zeros_like),
    "`TILT` 0: lines have to be level": instead("TILT", 0),
    "`RATIO` 1000: digits of all sizes": instead("RATIO", 1000),
    "without `skew`: light ink stays light": instead("skew", lambda *_, **__: 0),
    "`NOISE` 0": instead("NOISE", 0),
    "`SURE` 0.5": patch.object(predict, "SURE", 0.5),
    "without `GaussianBlur`": instead("GaussianBlur", lambda radius: ImageFilter.GaussianBlur(0)),
    "without the root in `contrast`": instead("contrast", lambda gray, paper: paper - gray),
    "without `binary_dilation`: gaps stay": instead("binary_dilation", np.array),
    "without `is_border`": instead("is_border", no),
    "without `is_strip`": instead("is_strip", no),
    "the tallest for `typical_height`": instead(
        "typical_height", lambda pieces: max(map(find_digits.height, pieces))
    ),
    "without `is_part`: parts stay apart": instead("is_part", lambda piece, digit: piece is digit),
    "`distance` from the first digit of a row": instead(
        "distance", lambda row, digit: abs(row[0].centroid[0] - digit.centroid[0])
    ),
    "without `with_strokes_of`": instead("with_strokes_of", lambda width, mask: mask),
    "without `shift` to the center of mass": instead("shift", lambda image, by, order: image),
    "without `may_lack_a_digit`": instead("may_lack_a_digit", no),
    "`PALENESS` 1": instead("PALENESS", 1),
}


def measure_steps():
    """Has pictures read as predict.py does it, and as STEPS change it."""
    made = [*chain(*with_digits(6).values())]
    empty = [*chain(*without_digits(pictures.EMPTY, 10).values())]
    head("mnist/find_digits.py", "real pages", "made ones", "empty ones", 'wrong without a "?"')
    for name, changed in STEPS.items():
        cells, wrong, sure = [], 0, 0
        for samples in pictures.real(), made, empty:
            with changed:
                is_right, is_sure = pictures.judge(predict, network(), samples)
            cells.append(f"{is_right.sum()} of {len(samples)}")
            wrong += (is_sure & ~is_right).sum()
            sure += is_sure.sum()
        row(name, *cells, f"{wrong} of {sure}")
