"""Draws mnist/page.png, the README's picture: the page, with digits as a hand would write them."""

import numpy as np
from helpers import ROOT
from playwright.sync_api import sync_playwright
from scipy.interpolate import make_interp_spline
from test_draw import CHROME, draw, expect_answer, program

# points on each stroke; a digit is 100 high
TWO = [
    [(6, 22), (20, 4), (42, 6), (50, 24), (36, 56), (14, 82), (3, 97)],
    [(3, 97), (25, 93), (60, 92)],
]
ZERO = [[(32, 2), (12, 12), (4, 45), (12, 88), (32, 97), (52, 82), (56, 45), (48, 12), (28, 3)]]
ONE = [[(34, 2), (34, 40), (28, 99)]]
EIGHT = [
    [(46, 14), (28, 2), (10, 16), (24, 42), (46, 66), (44, 90), (22, 98), (6, 80)],
    [(6, 80), (22, 50), (47, 12)],
]
FOUR = [[(34, 2), (22, 32), (4, 62)], [(4, 62), (30, 63), (60, 58)], [(44, 38), (42, 70), (40, 99)]]
NINE = [[(48, 16), (28, 4), (8, 20), (12, 44), (34, 46), (48, 20)], [(48, 20), (48, 50), (42, 98)]]
DOUBTFUL = [[(27, 12), (44, 5)], [(44, 5), (36, 50), (28, 98)]]  # a 1, or a 7?
ROWS = [TWO, ZERO, ONE, EIGHT], [FOUR, NINE, DOUBTFUL]


def curve(points):
    """Returns 40 points on a smooth curve through a stroke's, a little shaky as a hand is."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ways = np.append(0, steps.cumsum())  # how far the pen has gone at each point
    spline = make_interp_spline(ways, points, k=min(3, len(steps)))
    t = np.linspace(0, ways[-1], 40)
    return 1.25 * (spline(t) + np.sin(np.outer(t, (0.1, 0.14))))


with program(ROOT / "mnist" / "model.keras") as address, sync_playwright() as playwright:
    chrome = playwright.chromium.launch(executable_path=CHROME)
    page = chrome.new_page(viewport={"width": 1000, "height": 450}, device_scale_factor=2)
    page.goto(address)
    for y, digits in zip((55, 240), ROWS):
        for x, digit in zip((60, 190, 320, 450), digits):
            for stroke in digit:
                draw(page, curve(stroke), x, y)
    expect_answer(page, "2018 49[17]")
    page.screenshot(path=ROOT / "mnist" / "page.png")
