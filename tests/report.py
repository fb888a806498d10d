"""How the parts of benchmark.py print: rows of a Markdown table, and bounds below it."""

import time

missed = []  # bounds


def row(*cells):
    print("|", " | ".join(cells), "|", flush=True)


def head(first, *others):
    """Begins a table; its first column is text, the others are numbers."""
    print()
    row(first, *others)
    row("---", *["---:" for _ in others])


def check(kept, bound):
    """Prints a bound, and whether it is kept."""
    print(bound, "ok" if kept else "MISSED", flush=True)
    if not kept:
        missed.append(bound)


def timed(function, *arguments, **options):
    """Returns the time in seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result
