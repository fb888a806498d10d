"""What test_draw.py and screenshot.py share: draw.py's page in a browser, and a hand that draws."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

from helpers import ROOT
from playwright.sync_api import expect

NAMES = "chromium", "google-chrome", "google-chrome-stable"
CHROME = next(filter(None, map(shutil.which, NAMES)), None)
expect.set_options(timeout=60_000)  # milliseconds: a busy machine takes longer than usual


@contextlib.contextmanager
def program(model):
    """Runs draw.py and yields its page's address. Then Ctrl-C ends it, without a traceback."""
    # what a shell runs in the background ignores Ctrl-C, and draw.py would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "mnist/draw.py", "--model", model],
        cwd=ROOT,
        env={**os.environ, "BROWSER": "true"},  # the command that opens the page: it does nothing
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()  # no line: the program has ended
        yield line.split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in err


def on_page(page, stroke, x, y):
    """Returns the points of a stroke around (x, y) of the sheet, in the page's pixels.

    The sheet is 600 wide and 420 high, whatever size it has on the page.
    """
    sheet = page.locator("canvas").bounding_box()
    scale = sheet["width"] / 600
    return [(sheet["x"] + scale * (x + dx), sheet["y"] + scale * (y + dy)) for dx, dy in stroke]


def draw_and_hold(page, stroke, x, y):
    start, *points = on_page(page, stroke, x, y)
    page.mouse.move(*start)
    page.mouse.down()
    for point in points:
        page.mouse.move(*point)


def draw(page, stroke, x, y):
    draw_and_hold(page, stroke, x, y)
    page.mouse.up()


def expect_answer(page, digits):
    expect(page.locator("h1")).to_have_text(re.compile(rf"^{digits}\?? \(\d+\.\d%\)$"))
