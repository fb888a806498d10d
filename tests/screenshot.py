"""Draws mnist/page.png, the README's picture: draw.py's page, with digits as a hand writes them.

Needs mnist/model.keras, and Chrome or Chromium. On a phone the picture is shown some 360 pixels
wide, so the page is as narrow as can be, without the room for more digits.
"""

import numpy as np
from browser import CHROME, draw, program
from helpers import ROOT
from playwright.sync_api import sync_playwright
from scipy.interpolate import make_interp_spline

# points on each stroke; a digit is 100 high
TWO = [
    [(6, 22), (20, 4), (42, 6), (50, 24), (36, 56), (14, 82), (3, 97)],
    [(3, 97), (25, 93), (60, 92)],
]
ZERO = [[(32, 2), (12, 12), (4, 45), (12, 88), (32, 97), (52, 82), (56, 45), (48, 12), (28, 3)]]
ONE = [[(34, 2), (34, 40), (28, 99)]]
DOUBTFUL = [[(22, 12), (44, 5)], [(44, 5), (36, 50), (28, 98)]]  # a 1, or a 7?
DIGITS = {60: TWO, 210: ZERO, 330: ONE, 445: DOUBTFUL}  # by their left sides
LESS_ROOM = """
    body { padding: 12px 14px; gap: 20px }
    img { height: 56px }
    h2 { margin: 10px 0 6px }
    ol { height: 146px }
"""


def curve(points):
    """Returns 40 points on a smooth curve through a stroke's, a little shaky as a hand is."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ways = np.append(0, steps.cumsum())  # how far the pen has gone at each point
    spline = make_interp_spline(ways, points, k=min(3, len(steps)))
    t = np.linspace(0, ways[-1], 40)
    return 2 * (spline(t) + np.sin(np.outer(t, (0.1, 0.14))))


def main():
    with program(ROOT / "mnist" / "model.keras") as address, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=CHROME)
        page = chrome.new_page(viewport={"width": 744, "height": 350}, device_scale_factor=2)
        page.goto(address)
        page.add_style_tag(content=LESS_ROOM)
        for x, strokes in DIGITS.items():
            for stroke in strokes:
                draw(page, curve(stroke), x, 110)
        page.wait_for_function("!isWaiting")  # the answer to the last stroke's end is there
        page.screenshot(path=ROOT / "mnist" / "page.png")


if __name__ == "__main__":
    main()
