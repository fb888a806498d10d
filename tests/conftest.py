"""Fixtures: a trained network (one for each worker), few digits, and programs run in-process."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import ROOT, run

# All tests run on the CPU: each worker would reserve the memory of a GPU for itself, and on a GPU
# the same seed need not give the same numbers.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
# A worker for each core needs no more threads: on two cores all tests take 127 s instead of 143.
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """One epoch on all the digits, as a reader runs it: the folder of the model, and the output."""
    folder = tmp_path_factory.mktemp("mnist")
    status, out, err = run("mnist", "--epochs", 1, "--model", folder / "model.keras")
    return SimpleNamespace(folder=folder, status=status, out=out, err=err)


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """An .npz file with few of the digits, for runs that need no more."""
    path = tmp_path_factory.mktemp("few") / "few.npz"
    with np.load(ROOT / "mnist" / "mnist.npz") as arrays:
        np.savez(path, **{name: values[:600] for name, values in arrays.items()})
    return path


@pytest.fixture
def printed(capsys):
    """Returns a function that runs a program's main and returns what it printed."""

    def call(main, *arguments):
        capsys.readouterr()
        main([str(argument) for argument in arguments])
        return capsys.readouterr().out

    return call


@pytest.fixture
def refused(capsys):
    """Returns a function that runs a program's main and returns the line that refuses it.

    Nothing else is printed but the usage, and above all nothing is trained.
    """

    def call(main, *arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        usage, _, line = err.rpartition("error: ")
        assert (stop.value.code, out) == (2, "")
        assert usage.startswith("usage: ")
        assert line.count("\n") == 1
        return line

    return call
