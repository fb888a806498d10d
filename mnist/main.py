# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["keras==3.15.1", "matplotlib==3.11.2", "numpy==2.4.6", "pillow==13.0.0", "tensorflow==2.21.0"]
# ///
"""Handwritten digits: a convolutional network learns to read MNIST's, and then reads yours.

The post's section "MNIST". The network's three convolutions (LeCun et al. 1998) have batch normalization (Ioffe and
Szegedy 2015) after pooling, where there is less to compute. It is trained with Adam (Kingma and Ba 2015) and a learning
rate that rises and then falls along a cosine (Loshchilov and Hutter 2017), on digits moved about by up to a pixel,
towards smoothed labels (Szegedy et al. 2016). The README says how that was chosen, and whose the digits are.
"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import textwrap
import warnings
from pathlib import Path

try:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter, ImageOps
except ImportError as error:
    sys.exit(f"main.py: error: {error}; set up first: make run, or one of the other ways in README.md")

HERE = Path(__file__).resolve().parent if "__file__" in globals() else Path()  # a notebook has no __file__


def load_digits(path):
    """Returns x_train (n, 28, 28), y_train (n,), x_test and y_test, uint8, from an .npz file with Keras's four names.

    Ends the program with a clear line where the file holds anything else; what is pickled in it stays so.
    """
    try:
        with np.load(path) as arrays:
            x_train, y_train, x_test, y_test = (arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
        for x, y in (x_train, y_train), (x_test, y_test):
            if x.dtype != np.uint8 or x.shape != (len(y), 28, 28) or len(x) == 0:
                raise ValueError(f"images are {x.dtype} {x.shape}, not uint8 ({len(y)}, 28, 28)")
            if y.dtype != np.uint8 or y.shape != (len(x),) or y.max() > 9:
                raise ValueError("labels are not uint8 from 0 to 9, one an image")
    except Exception as error:
        fail(f"{path} does not hold digits like MNIST's: {error}")
    return x_train, y_train, x_test, y_test


def build_model():
    """Returns the untrained network, from images (n, 28, 28, 1) of 0 to 255 to the probabilities (n, 10) of digits."""
    import keras  # here and not above, so that --help need not wait for TensorFlow
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.RandomTranslation(1 / 28, 1 / 28, fill_mode="constant", interpolation="nearest"),
            layers.Conv2D(16, 5, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(48, 3, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(64, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def shuffled_batches(x, y, batch_size):
    """Returns a tf.data.Dataset of the images x (n, 28, 28) and labels y (n,), one-hot, in another order each epoch."""
    import keras
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False  # TensorFlow 2.21 ends an epoch with a wait of up to its length for the autotuner
    return (
        tf.data.Dataset.from_tensor_slices((x[..., np.newaxis], keras.utils.to_categorical(y, 10)))
        .shuffle(len(x))
        .batch(batch_size, drop_remainder=True)
        .prefetch(1)
        .with_options(options)
    )


def train(x, y, epochs=4, batch_size=128, seed=1, verbose=2):
    """Returns the network, trained on the images x (n, 28, 28) and their labels y (n,), both uint8."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    batch_size = min(batch_size, len(x))
    steps = len(x) // batch_size * epochs
    warm_up = steps // 10
    learning_rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=0.01, warmup_steps=warm_up
    )

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    one_or_all = tf.distribute.MirroredStrategy(devices) if len(devices) > 1 else tf.distribute.get_strategy()
    with one_or_all.scope():
        model = build_model()
        model.compile(
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
            optimizer=keras.optimizers.Adam(learning_rate, beta_2=0.95),
            metrics=["accuracy"],
            jit_compile=False,  # XLA would make convolutions several times slower on a CPU
        )

    model.fit(shuffled_batches(x, y, batch_size), epochs=epochs, shuffle=False, verbose=verbose)
    return model


def evaluate(probabilities, y):
    """Returns the mean cross-entropy and the accuracy of the probabilities (n, 10) on the labels y (n,)."""
    loss = -np.log(probabilities[np.arange(len(y)), y].clip(1e-7)).mean()
    return loss, (probabilities.argmax(axis=1) == y).mean()


def save(model, path):
    """Keeps the trained network in `path`, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        finished = Path(folder) / "model.keras"
        model.save(finished)
        write(path, finished.read_bytes())


def load_model(path):
    """Returns the network kept in `path`; ends the program with a clear line where there is none, or another one."""
    if not path.exists():
        fail(f"there is no trained network in {path} yet; train one first: python main.py")
    import keras

    try:
        model = keras.saving.load_model(path, compile=False)  # which runs no code that the file brings along
    except Exception as error:
        fail(f"{path} holds no network: {error}")
    if (model.input_shape, model.output_shape) != ((None, 28, 28, 1), (None, 10)):
        fail(f"{path} holds another network than this example's; train one: python main.py")
    return model


def plot_training(path, accuracy, x, y, answers):
    """Draws the accuracy of each epoch, and each image of x (n, 28, 28) whose answer is not its label, into a PNG."""
    from matplotlib.figure import Figure

    wrong = np.flatnonzero(answers != y)
    columns = max(10, int(len(wrong) ** 0.5))
    rows = max(1, -(-len(wrong) // columns))
    figure = Figure(figsize=(8, 3 + 10 * rows / columns), dpi=100, layout="constrained")
    curve, mistakes = figure.subplots(2, height_ratios=(3, 10 * rows / columns))
    curve.plot(range(1, len(accuracy) + 1), accuracy, "o-", label="training digits, moved about")
    curve.axhline((answers == y).mean(), color="C1", linestyle="--", label="test digits, after training")
    curve.set(xlabel="epoch", ylabel="accuracy", xticks=range(1, len(accuracy) + 1))
    curve.legend(loc="lower right")
    page = np.full((rows, 38, columns, 28), 255, np.uint8)  # 10 rows of pixels above each digit are for its caption
    for number, index in enumerate(wrong):
        row, column = divmod(number, columns)
        page[row, 10:, column] = 255 - x[index]
        mistakes.text(28 * column + 14, 38 * row + 5, f"{y[index]} → {answers[index]}", ha="center", va="center")
    mistakes.imshow(page.reshape(rows * 38, columns * 28), cmap="gray", vmin=0, vmax=255)
    mistakes.set(title=f"{len(wrong)} of {len(y)} test digits misread: what they are → what was read")
    mistakes.axis("off")
    save_figure(figure, path)


def rgb(image):
    """Returns an image as floats (h, w, 3), at most 500 pixels a side, with paper (or ink) where it is transparent."""
    image = ImageOps.exif_transpose(image)
    if image.mode[0] in "IF":  # more than 8 bits
        values = np.asarray(image, "float32")
        image = Image.fromarray(np.uint8(255 * (values - values.min()) / max(1e-9, np.ptp(values))))
    image = image.convert("RGBA")
    image.thumbnail((500, 500), Image.BOX)
    values, alpha = np.split(np.asarray(image, "float32"), [3], axis=2)
    if 0 < alpha.max() > alpha.min():
        seen = values[alpha[..., 0] > alpha.max() / 2]  # either ink alone or a sheet with ink on it
        paper = np.median(seen, 0) if seen.std(0).max() > 30 else 255 * (seen.mean() < 128)
        values = paper + (values - paper) * alpha / 255
    return values


def spread(values, pixels, extreme=ImageFilter.MaxFilter):
    """Dilates an array (h, w): each value spreads to so many pixels around, if larger. With MinFilter, erodes it."""
    for _ in range(pixels):
        values = np.asarray(Image.fromarray(values).filter(extreme(3)))
    return values


def contrast(values):
    """Returns how far each pixel of an image (h, w, 3) stands out from the paper: 0 for paper, up to 1 for ink."""
    h, w, _ = values.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].reshape(2, -1)
    plane = np.stack([x * 0 + 1, x, y], axis=1)
    light = (plane @ np.linalg.lstsq(plane, values.reshape(-1, 3))[0]).reshape(values.shape)
    rest = values - light
    skew = (rest * rest * rest).mean((0, 1))  # ink is what differs much on a small area
    best = np.abs(skew).argmax()  # of red, green and blue
    gray, light = values[..., best], light[..., best]
    if skew[best] > 0:  # light ink on dark paper
        gray, light = 255 - gray, 255 - light
    small = Image.fromarray(np.float32(gray - light))
    small.thumbnail((32, 32), Image.BOX)
    closed = spread(spread(np.asarray(small), 7), 7, ImageFilter.MinFilter)  # without the ink
    paper = light + np.asarray(Image.fromarray(closed).resize((w, h), Image.BICUBIC))
    return (paper - gray) / (paper.clip(0) + 20)


def find_digit(ink, noise):
    """Returns the mask of the largest connected component, and of what is near it, and the threshold that tells ink."""
    threshold = ink.max() / 2
    for _ in range(5):  # Ridler and Calvard's, set a little higher
        if threshold < max(0.03, 3 * noise):
            raise ValueError("no digit to be seen, nothing stands out from the paper")
        threshold = 0.6 * ink[ink >= threshold].mean()
    mask = ink > threshold
    h, w = mask.shape
    coarse = Image.fromarray(np.float32(mask)).resize((-(-w // 3), -(-h // 3)), Image.BOX)
    labels = Image.fromarray(np.int32(spread(np.asarray(coarse), 1) > 0.2))  # connected, even where the pen skipped
    number = 1
    while (rest := np.argwhere(np.asarray(labels) == 1)).size:
        number += 1
        ImageDraw.floodfill(labels, tuple(rest[0, ::-1].tolist()), number)
    labels = np.asarray(labels.resize((w, h), Image.NEAREST)) * mask
    areas = np.bincount(labels[mask])
    rows, columns = np.nonzero(mask)
    box = labels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    rim = np.concatenate([box[0], box[-1], box[:, 0], box[:, -1]])
    areas[(np.bincount(rim, minlength=len(areas)) > len(rim) / 2) & (areas < box.size / 2)] = 0  # a frame
    rows, columns = np.nonzero(labels == areas.argmax())
    near = max(np.ptp(rows), np.ptp(columns)) // 4 + 1
    close = labels[max(0, rows.min() - near) : rows.max() + near, max(0, columns.min() - near) : columns.max() + near]
    digit = np.isin(labels, np.intersect1d(close, np.flatnonzero(areas > areas.max() / 20)))
    if digit.sum() <= areas.sum() / 2 or max(np.ptp(rows), np.ptp(columns)) < 8:
        raise ValueError("no digit to be seen, only specks")
    ring = spread(np.float32(digit), max(h, w) // 50 + 1) > digit
    if not ring.any() or ink[ring].mean() > 0.3 * ink[digit].mean():
        raise ValueError("no digit to be seen, only shadows")
    return digit, threshold


def prepare(image):
    """Returns the digit in a picture, made like MNIST's: (28, 28), uint8. Raises ValueError where there is none."""
    ink = contrast(rgb(image))
    low, high = np.percentile(ink, [5, 20])  # both of them paper
    noise = (high - low) / 0.8
    ink = ink - high - 0.8 * noise
    digit, threshold = find_digit(ink, noise)

    ink = np.float32(np.clip(ink / threshold / 2, 0, 1) * spread(np.float32(digit), 1))
    rows, columns = np.nonzero(digit)
    ink = Image.fromarray(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    zoom = max(1, 100 / max(ink.size))
    ink = np.float32(np.asarray(ink.resize([round(side * zoom) for side in ink.size], Image.BICUBIC)) > 0.5)

    # A stroke is as wide as twice its area over its perimeter; MNIST's are 2 to 3.2 pixels wide in the box of 20.
    unit = max(ink.shape) / 20
    width = 2 * ink.sum() / np.hypot(*np.gradient(np.pad(ink, 1))).sum()
    grow = round((np.clip(width, 2 * unit, 3.2 * unit) - width) / 2)
    grown = spread(np.pad(ink, abs(grow)), abs(grow), ImageFilter.MaxFilter if grow > 0 else ImageFilter.MinFilter)
    ink = Image.fromarray(np.uint8(255 * (grown if grown.any() else ink)))

    ink = np.asarray(ImageOps.contain(ink.crop(ink.getbbox()), (20, 20), Image.BOX))
    corner = []  # that brings the center of mass to the center, as far as there is room
    for axis, side in enumerate(ink.shape):
        center = np.average(np.arange(side) + 0.5, weights=ink.sum(axis=1 - axis))
        corner.append(min(max(round(14 - center), 0), 28 - side))
    return np.pad(ink, [(first, 28 - side - first) for first, side in zip(corner, ink.shape, strict=True)])


def read(path):
    """Returns what prepare makes of the image file `path`; ends the program with a clear line where it cannot."""
    try:
        with (
            warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning),
            Image.open(path) as image,
        ):
            return prepare(image)
    except Exception as error:
        fail(f"{path}: {error}")


def plot_predictions(path, pictures, digits, lines):
    """Draws each picture, what the network saw of it, (28, 28), and what it said into a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 2.6 * len(lines)), dpi=100, layout="constrained")
    rows = figure.subplots(len(lines), 2, squeeze=False)
    for (left, right), picture, digit, line in zip(rows, pictures, digits, lines, strict=True):
        with Image.open(picture) as image:
            left.imshow(ImageOps.exif_transpose(image).convert("RGBA"))
        right.imshow(255 - digit, cmap="gray", vmin=0, vmax=255)
        left.set_title(Path(line).name, loc="left")
        left.axis("off")
        right.axis("off")
    save_figure(figure, path)


def save_figure(figure, path):
    picture = io.BytesIO()
    figure.savefig(picture)
    write(path, picture.getvalue())


@contextlib.contextmanager
def quiet_tensorflow():
    """Drops what TensorFlow's C++ side says at start-up, which no setting of its own silences, and passes on the rest.

    Standard error goes through a process of its own, so that a crash report arrives even after a crash.
    """
    chatter = rb"WARNING: All log messages before absl|To enable the following instructions|[IW]\d{4} |E\d{4} .*cuInit"
    sieve = f"import re, sys\nfor line in sys.stdin.buffer: re.match({chatter}, line) or sys.stderr.buffer.write(line)"
    terminal = os.dup(2)
    with subprocess.Popen([sys.executable, "-Suc", sieve], stdin=subprocess.PIPE, start_new_session=True) as process:
        os.dup2(process.stdin.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def write(path, content):
    """Puts the bytes `content` into the file `path`, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def whole_number(text):
    if not text.isdecimal() or not 0 < int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {2**32 - 1}")
    return int(text)


def writable(text):
    path = Path(text)
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK) and path.exists() == path.is_file()):
        raise argparse.ArgumentTypeError(f"{text} cannot be written; name a file in a folder that you may write to")
    return path


def model_file(text):
    path = Path(text)
    if path.suffix != ".keras" or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} does not name a .keras file in a folder that exists")
    return path


def fail(message, status=2):
    """Ends the program with one line on standard error; status 2 for wrong input, 1 for what failed on the way."""
    print("main.py: error:", textwrap.shorten(str(message), 500, placeholder=" ..."), file=sys.stderr)
    sys.exit(status)


def main():
    parser = argparse.ArgumentParser(
        description="Trains a network on MNIST, or reads digits with it.", allow_abbrev=False
    )
    parser.error = fail
    add = parser.add_argument
    add("--epochs", type=whole_number, default=4, metavar="N", help="passes over the data (%(default)s)")
    add("--batch-size", type=whole_number, default=128, metavar="N", help="images a step (%(default)s)")
    add("--seed", type=whole_number, default=1, metavar="N", help="of all that is random (%(default)s)")
    add("--data", type=Path, default=HERE / "mnist.npz", metavar="FILE.npz", help="train on other images")
    add(
        "--model", type=model_file, default=HERE / "model.keras", metavar="FILE.keras", help="where the network is kept"
    )
    add("--predict", type=Path, nargs="+", metavar="IMAGE", help="read these digits, with the network kept")
    add(
        "--plot",
        type=writable,
        nargs="?",
        const=f"{HERE / 'plot.png'}",
        metavar="FILE",
        help="draw what came out as a PNG",
    )
    args = parser.parse_args(sys.argv[1:] if "__file__" in globals() else [])
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # the faster kernels, which TensorFlow leaves off on AMD's CPUs

    if args.predict:
        digits = np.stack([read(path) for path in args.predict])
        with quiet_tensorflow():
            probabilities = load_model(args.model).predict(digits[..., np.newaxis], verbose=0)
        lines = [f"{path}: {p.argmax()} ({p.max():.1%})" for path, p in zip(args.predict, probabilities, strict=True)]
        print("\n".join(lines), flush=True)
        if args.plot:
            plot_predictions(args.plot, args.predict, digits, lines)
    else:
        x_train, y_train, x_test, y_test = load_digits(args.data)
        print(f"{len(x_train)} digits to train on, {len(x_test)} to test with", flush=True)
        with quiet_tensorflow():
            bar = sys.stdout.isatty() and os.get_terminal_size().columns >= 80  # or it would fill line after line
            model = train(x_train, y_train, args.epochs, args.batch_size, args.seed, 1 if bar else 2)
            probabilities = model.predict(x_test[..., np.newaxis], batch_size=1000, verbose=0)
            loss, accuracy = evaluate(probabilities, y_test)
            print(f"Test loss: {loss:.4f}\nTest accuracy: {accuracy:.4f}", flush=True)
            try:
                save(model, args.model)
            except OSError as error:
                fail(f"the model could not be kept: {error}", 1)
        if args.plot:
            plot_training(args.plot, model.history.history["accuracy"], x_test, y_test, probabilities.argmax(axis=1))


if __name__ == "__main__":
    try:
        main()
    except ImportError as error:
        fail(f"{error}; set up first: make run, or one of the other ways in README.md", 1)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except Exception as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where nothing can be printed, not to try again at the end
        if not isinstance(error, BrokenPipeError):  # the reader of `python main.py | head -1` has seen enough
            fail(error, 1)
