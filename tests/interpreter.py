"""Tells the Makefile whether the interpreter that runs this has the packages of environment.yml, and its path.

Prints `ready`, or else its version, of which .venv is then to be made, and the path; fails where neither will do. Only
the direct packages count: one of theirs that was upgraded since does no harm.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


def has_the_packages():
    with open("environment.yml") as file:
        direct, _, _ = file.read().partition("# what those need in turn")
    try:
        return all(version(name) == pin for name, pin in re.findall(r"- ([\w-]+)==(\S+)", direct))
    except PackageNotFoundError:
        return False


if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit("TensorFlow does not support this version")
if has_the_packages():
    print("ready", sys.executable)
elif find_spec("ensurepip"):
    print("{}.{}".format(*sys.version_info), sys.executable)
else:
    sys.exit("this Python makes no .venv: Debian's needs python3-venv for that")
