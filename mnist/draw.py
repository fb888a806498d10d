# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0", "tornado==6.6.1"]
# ///
"""A page to draw digits on with the mouse, which are read as predict.py reads them in pictures.

matplotlib's WebAgg shows the page in your browser; Esc clears it, Ctrl-C in the terminal ends it.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
import predict
from PIL import Image, ImageDraw

PEN = 18  # width in pixels of the sheet; relative to a digit's height, about a felt pen's
PERIOD = 50  # milliseconds between two looks at the sheet: the answer seems to come at once


def draw(model):
    """Opens the page and shows what the model reads there, until Ctrl-C."""
    plt.switch_backend("WebAgg")
    # three axes, one below the other: for the sheet, what the network sees, and the bars
    figure, (paper, view, chart) = plt.subplots(3, figsize=(5, 7), height_ratios=(6, 3, 2))
    paper.set(xticks=[], yticks=[])
    view.set(xlabel="what the network sees", xticks=[], yticks=[])
    chart.set(xlabel="the last digit's probabilities", ylim=(0, 1), xticks=range(10), yticks=[])
    # the picture that is drawn on, with about as many pixels as predict.load_picture's
    sheet = Image.new("RGB", (600, 420), "white")
    # what the page shows of it: black at first, so that update finds a difference
    shown = paper.imshow(Image.new("RGB", sheet.size))
    strip = view.imshow(np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=255)
    bars = chart.bar(range(10), np.zeros(10))
    pen = ImageDraw.Draw(sheet)
    last = None  # where the mouse was, once it has moved

    def move(event):
        """Draws a line to where the mouse is, if a button is held down."""
        nonlocal last
        # from pixels of the figure to those of the sheet, even beyond its edges, where matplotlib's
        # own event.xdata is None
        x, y = paper.transData.inverted().transform((event.x, event.y))
        if event.buttons and last:
            pen.line((*last, x, y), "black", width=PEN)
            pen.circle((x, y), PEN / 2, "black")  # rounds the corner to the next line, or the end
        last = x, y

    def press_key(event):
        """Clears the sheet at Esc."""
        if event.key == "escape":
            sheet.paste("white", (0, 0, *sheet.size))

    def update():
        """Reads the sheet, if something new is on it, and shows the answer."""
        if np.array_equal(sheet, shown.get_array()):
            return
        shown.set_data(sheet)  # copies it: later strokes will be a difference again
        try:
            reading = predict.read(model, sheet)
        except predict.NothingToRead:
            title, seen, probabilities = "Draw some digits", np.zeros((28, 28)), np.zeros(10)
        else:
            title, seen = str(reading), reading.seen()
            probabilities = reading.rows[-1].probabilities[-1]  # at the right of the lowest row
        paper.set_title(title, fontsize=18)
        figure.canvas.manager.set_window_title(title)  # the page's heading
        strip.set(data=seen, extent=(0, seen.shape[1], 0, seen.shape[0]))  # one unit a pixel
        for bar, probability in zip(bars, probabilities):
            bar.set_height(probability)
        figure.canvas.draw_idle()

    figure.canvas.mpl_disconnect(figure.canvas.manager.key_press_handler_id)  # q would quit
    figure.canvas.mpl_connect("motion_notify_event", move)
    figure.canvas.mpl_connect("key_press_event", press_key)
    timer = figure.canvas.new_timer(PERIOD)
    timer.add_callback(update)
    timer.start()
    plt.show()


def main(argv=None):
    parser = argparse.ArgumentParser(description="Draw digits on a page and see them read.")
    default = str(predict.HERE / "model.keras")  # a str, as in predict.py
    parser.add_argument("--model", type=predict.load_model, default=default, metavar="FILE.keras")
    draw(parser.parse_args(argv).model)


if __name__ == "__main__":
    main()
