"""Renews the second half of environment.yml: the packages that its first half needs in turn, at the newest versions.

`make lock` runs this, with uv at hand, which resolves once for Linux, macOS and Windows, and takes of each package the
newest version that runs on Python 3.11, 3.12 and 3.13 alike.
"""

import re
import subprocess
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "environment.yml"
MARK = "      # what those need in turn, as `make lock` writes it\n"


def split(text):
    """Returns the text of environment.yml up to and with the mark, and the requirements before and after it."""
    head, _, tail = text.partition(MARK)
    direct, indirect = (re.findall(r"^      - (.*?)(?:  #.*)?$", half, re.MULTILINE) for half in (head, tail))
    return head + MARK, direct, indirect


def render(head, direct, resolved):
    """Returns the text of environment.yml with the resolved requirements, less the direct ones, after the mark."""
    return head + "".join(f"      - {line}\n" for line in sorted(resolved) if line not in direct)


def main():
    head, direct, _ = split(FILE.read_text())
    command = ["uv", "pip", "compile", "--universal", "--python-version=3.11", "--fork-strategy=fewest", "-"]
    command += ["--no-annotate", "--no-header"]
    resolved = subprocess.run(command, input="\n".join(direct), stdout=subprocess.PIPE, text=True, check=True).stdout
    FILE.write_text(render(head, direct, resolved.splitlines()))


if __name__ == "__main__":
    main()
