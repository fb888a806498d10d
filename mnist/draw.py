"""A page to draw digits on, which are read as predict.py reads them in pictures.

The page, draw.html, opens in your browser, served by tornado, a small web server.

You need not read this file to learn about neural networks. This is how it works:

1. While you draw, the page posts the sheet as a PNG file, again and again.
2. Handler.post gives it to predict.read, and describe packs the answer into JSON.
3. The page shows the answer, what the network sees, and ten bars.

Ctrl-C in the terminal ends the program.
"""

# what `uv run` installs for this program:
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0",
#     "scikit-image==0.26.0", "scipy==1.17.1", "tensorflow==2.21.0", "tornado==6.6.1"]
# ///

import argparse
import asyncio
import base64
import contextlib
import io
import webbrowser

import find_digits
import predict
import tornado.httpserver
import tornado.netutil
import tornado.web

HOST = "127.0.0.1"  # this computer: no other one can connect


class Handler(tornado.web.RequestHandler):
    """The page, and the answers to what is drawn on it.

    For each request of the browser, tornado makes a Handler and calls initialize, then get or post.
    """

    def initialize(self, model):  # tornado hands on what serve has given to Application
        self.model = model

    def get(self):
        self.write((predict.HERE / "draw.html").read_bytes())

    def post(self):
        """Answers a picture with what is read in it, as JSON: with {} if there is no digit."""
        try:
            picture = find_digits.load_picture(io.BytesIO(self.request.body))
            self.write(describe(predict.read(self.model, picture)))  # tornado makes JSON of it
        except find_digits.NothingToRead:
            self.write({})


def describe(reading):
    """Returns what the page shows of a Reading, such as {"text": "2011? (67.9%)", …}, for JSON."""
    file = io.BytesIO()
    reading.page.seen().save(file, "PNG")
    return {
        "text": str(reading),
        # a data URL: an image packed into text, which the page shows as it would show a file
        "seen": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(),
        "probabilities": reading.probabilities[-1].tolist(),  # of the last digit
    }


async def serve(model):
    """Serves the page, and opens it in the browser, until Ctrl-C."""
    application = tornado.web.Application([("/", Handler, {"model": model})])
    sockets = tornado.netutil.bind_sockets(0, HOST)  # 0: on any port that is free
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    _, port = sockets[0].getsockname()
    print(f"Draw on http://{HOST}:{port}", flush=True)
    webbrowser.open(f"http://{HOST}:{port}")
    await asyncio.Event().wait()  # tornado answers meanwhile, for ever: nobody sets this event


def main(argv=None):
    parser = argparse.ArgumentParser(description="Draw digits on a page and see them read.")
    path = predict.HERE / "model.keras"
    parser.add_argument("--model", default=path, metavar="FILE.keras", help="main.py's network")
    args = parser.parse_args(argv)
    try:
        model = predict.load_model(args.model)
    except ValueError as error:
        parser.error(str(error))
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C
        asyncio.run(serve(model))


if __name__ == "__main__":
    main()
