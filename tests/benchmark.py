"""Measures what a reader gets for the time, against what else there is: the READMEs' tables.

`make bench` runs all of it, on an idle machine; `python tests/benchmark.py xor mnist` runs the
parts that are named. Bounds follow each table; the exit status is 1 if one of them is missed.
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version

import bench_handwriting
import bench_lines
import bench_mnist
import bench_xor
import keras
import report


def measure_jax():
    """Runs both Keras examples on JAX."""
    bench_xor.measure_on_jax()
    bench_mnist.measure_on_jax()


PARTS = {
    "xor": bench_xor.measure,
    "mnist": bench_mnist.measure,
    "lines": bench_lines.measure,
    "steps": bench_handwriting.measure_steps,
    "handwriting": bench_handwriting.measure,
    "jax": measure_jax,
}


def main():
    parser = argparse.ArgumentParser(description="Measure the examples against what they replace.")
    text = f"{', '.join(PARTS)}; default: all but jax"
    parser.add_argument("parts", nargs="*", metavar="PART", help=text)
    parts = parser.parse_args().parts or [part for part in PARTS if part != "jax"]
    if not set(parts) <= PARTS.keys():
        parser.error(f"the parts are {', '.join(PARTS)}")
    on_jax = keras.backend.backend() == "jax"
    if any((part == "jax") != on_jax for part in parts):
        parser.error("set KERAS_BACKEND=jax for the part jax, and for no other")
    versions = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras"))
    print(f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores")
    for part in parts:
        PARTS[part]()
    if report.missed:
        sys.exit(f"missed: {len(report.missed)}")


if __name__ == "__main__":
    main()
