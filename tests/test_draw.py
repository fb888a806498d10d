"""draw.py in a real browser, with the mouse."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from conftest import ROOT

NAMES = "chromium", "google-chrome", "google-chrome-stable"
CHROME = next(filter(None, map(shutil.which, NAMES)), None)
DRIVER = shutil.which("chromedriver")
# as the mouse moves, in pixels from a digit's middle
SEVEN = (-30, -45), (0, -45), (30, -45), (20, -20), (5, 10), (-5, 45)
ONE = (0, -45), (0, -20), (0, 20), (0, 45)


@pytest.fixture
def page(trained, tmp_path):
    """The address of the page, which Ctrl-C ends."""
    settings = tmp_path / "matplotlibrc"
    settings.write_text("webagg.open_in_browser: False\n")
    process = subprocess.Popen(
        [sys.executable, "mnist/draw.py", "--model", trained.folder / "model.keras"],
        cwd=ROOT,
        env={**os.environ, "MATPLOTLIBRC": str(settings), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process.stdout.readline().split()[-1]
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0


@pytest.fixture
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROME
    for argument in ("--headless=new", "--no-sandbox", "--window-size=800,1000"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.mark.skipif(not (CHROME and DRIVER), reason="there is no Chrome with its chromedriver")
def test_reads_what_is_drawn(page, browser):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    def wait(condition):
        return WebDriverWait(browser, 60).until(lambda _: condition())

    def draw(digit, x, y):
        """Draws a digit's line around a point, given from the canvas's center."""
        hand = ActionChains(browser, duration=30)
        (first, *points) = [(x + dx, y + dy) for dx, dy in digit]
        hand.move_to_element_with_offset(canvas, *first).click_and_hold()
        for point in points:
            hand.move_to_element_with_offset(canvas, *point)
        hand.release().perform()

    def answered(digits):
        """Waits until the page's heading is this answer."""
        pattern = rf"^{digits}\?? \("
        body = browser.find_element("tag name", "body")
        wait(lambda: re.search(pattern, body.text, re.MULTILINE))

    browser.get(page)
    canvas = wait(lambda: browser.find_elements("tag name", "canvas"))[-1]
    draw(SEVEN, -60, -200)
    answered("7")
    draw(ONE, 20, -200)
    answered("71")
    draw(SEVEN, 0, -80)
    answered("71 7")
    ActionChains(browser).send_keys("lq", Keys.ESCAPE).perform()  # matplotlib's: a log axis, quit
    draw(ONE, 100, -240)  # over the sheet's upper edge
    answered("1")
