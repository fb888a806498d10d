"""benchmark.py, without its hour: it changes what is there, and the READMEs show its rows."""

import bench_handwriting
import bench_lines
import pictures
import pytest
from helpers import rows


@pytest.mark.parametrize("name", bench_lines.LINES)
def test_changed_networks_still_read_digits(name):
    assert bench_lines.LINES[name]().output_shape == (None, 10)


@pytest.mark.parametrize("name", bench_handwriting.STEPS)
def test_changed_steps_are_steps_of_the_program(name):
    with bench_handwriting.STEPS[name]:  # AttributeError for what is not there
        pass


@pytest.mark.parametrize(
    ("readme", "heading", "names"),
    [
        ("mnist", "mnist/main.py", bench_lines.LINES),
        ("mnist", "mnist/find_digits.py", bench_handwriting.STEPS),
        ("tests", "pictures", ["real pages", *pictures.KINDS, "numbers", "sheets"]),
        ("tests", "pictures without a digit", [*pictures.EMPTY, *pictures.MISLEADING]),
    ],
)
def test_tables_have_the_rows_that_are_measured(readme, heading, names):
    assert [first for first, *_ in rows(readme, heading)] == [*names]
