"""draw.py's page in a real browser, with the mouse and with a finger."""

import base64
import io
import socket

import numpy as np
import pytest
from browser import CHROME, draw, draw_and_hold, expect_answer, on_page, program
from PIL import Image
from playwright.sync_api import expect, sync_playwright

pytestmark = pytest.mark.skipif(not CHROME, reason="there is no Chrome")

# strokes around a digit's middle; the sheet's width is 600
SEVEN = (-30, -45), (0, -45), (30, -45), (20, -20), (5, 10), (-5, 45)
ONE = (0, -45), (0, -20), (0, 20), (0, 45)


@pytest.fixture(scope="module")
def address(trained):
    with program(trained.folder / "model.keras") as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROME)


@pytest.fixture
def page(browser, address):
    with browser.new_page(viewport={"width": 1000, "height": 560}) as page:
        page.goto(address)
        yield page


def draw_with_finger(page, stroke, x, y):
    screen = page.context.new_cdp_session(page)
    kind = "touchStart"
    for left, top in on_page(page, stroke, x, y):
        finger = {"x": left, "y": top}
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [finger]})
        kind = "touchMove"
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def expect_empty(page):
    expect(page.locator("h1")).to_have_text("Draw some digits")
    assert not page.locator("img").get_attribute("src")
    assert max(bars(page)) <= 1


def bars(page):
    """Returns the heights of the ten bars."""
    return page.locator("li b").evaluate_all("bars => bars.map(bar => bar.clientHeight)")


def seen(page):
    """Returns where the picture of what the network saw is dark, a mask."""
    _, png = page.locator("img").get_attribute("src").split(",")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))) < 128


def width(digit):
    return digit.any(axis=0).sum()


def test_shows_the_answer_what_the_network_saw_and_the_bars_of_the_last_digit(page):
    draw(page, SEVEN, 100, 100)
    draw(page, ONE, 200, 100)
    expect_answer(page, "71")
    assert seen(page).shape == (28, 56)
    assert np.argmax(bars(page)) == 1
    draw(page, SEVEN, 150, 280)
    expect_answer(page, "71 7")
    assert np.argmax(bars(page)) == 7
    assert 95 < sum(bars(page)) < 115  # a hundred percent, and thin lines for 0
    above, below = np.split(seen(page), 2)
    assert width(above[:, :28]) > 8 > width(above[:, 28:]) > 0
    assert width(below[:, :28]) > 8
    assert not below[:, 28:].any()


def test_answers_while_one_draws(page):
    draw_and_hold(page, SEVEN, 100, 100)
    expect_answer(page, 7)
    page.mouse.up()  # or the next test's page would begin with the button down


def test_escape_and_clear_empty_the_page(page):
    for clear in (lambda: page.keyboard.press("Escape"), page.get_by_text("Clear").click):
        draw(page, SEVEN, 100, 100)
        expect_answer(page, 7)
        clear()
        expect_empty(page)


def test_a_stroke_may_leave_the_sheet_but_not_begin_beside_it(page):
    draw(page, ONE, 300, 20)  # begins above it
    draw(page, SEVEN, 580, 280)  # its corner is beyond the right edge
    expect_answer(page, 7)


def test_draws_with_a_finger_and_fits_a_phone(browser, address):
    size = {"width": 360, "height": 640}
    phone = browser.new_page(viewport=size, is_mobile=True, has_touch=True)
    phone.goto(address)
    draw_with_finger(phone, SEVEN, 150, 200)
    draw_with_finger(phone, ONE, 300, 200)
    expect_answer(phone, 71)
    expect(phone.locator("h1")).to_be_in_viewport(ratio=1)
    for text in ("71", "71" * 100):
        phone.locator("h1").evaluate("(heading, text) => heading.textContent = text", text)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_two_tabs_keep_their_own_answers(page, browser, address):
    other = browser.new_page()
    other.goto(address)
    draw(page, SEVEN, 100, 100)
    draw(other, ONE, 100, 100)
    expect_answer(other, 1)
    draw(page, SEVEN, 200, 100)
    expect_answer(page, 77)
    expect_answer(other, 1)


def test_a_late_answer_does_not_come_back_after_clear(page):
    requests = []
    page.route("**", lambda request: requests.append(request))  # holds them back
    with page.expect_request("**"):
        draw(page, SEVEN, 100, 100)
    page.keyboard.press("Escape")
    draw(page, ONE, 100, 100)
    assert len(requests) == 1
    with page.expect_request("**"):  # comes when the first one has been answered
        requests[0].fulfill(json={"text": "late"})
    expect_empty(page)
    requests[1].continue_()
    expect_answer(page, 1)


def test_what_is_no_picture_gets_an_answer(page, address):
    png = io.BytesIO()
    Image.new("L", (100, 100)).save(png, "PNG")
    huge = b"P4 60000 60000 "  # how a PBM picture of that size begins
    for garbage in (b"", b"seven", png.getvalue()[:60], huge):
        assert page.request.post(address, data=garbage).json() == {}
    draw(page, SEVEN, 100, 100)
    expect_answer(page, 7)


def test_takes_a_port_of_its_own_on_this_computer_alone_and_its_end_is_told(trained, address, page):
    first = int(address.split(":")[-1])
    with program(trained.folder / "model.keras") as second:
        page.goto(second)
    draw(page, SEVEN, 100, 100)
    expect(page.locator("h1")).to_have_text("No answer: is draw.py still running?")
    with pytest.raises(OSError):  # by another address of this computer, which only Linux gives it
        socket.create_connection(("127.0.0.2", first))
