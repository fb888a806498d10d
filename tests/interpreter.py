"""Prints the path of the interpreter that runs this, if it has the packages of environment.yml in their versions.

The Makefile asks any interpreter, so this runs on old ones too.
"""

import re
import sys

try:
    from importlib.metadata import version

    with open("environment.yml") as file:
        pins = re.findall(r"- ([\w-]+)==(\S+)(?!.* ;)", file.read())
    if all(version(name) == pin for name, pin in pins):
        print(sys.executable)
except ImportError:  # of which PackageNotFoundError is a kind
    pass
