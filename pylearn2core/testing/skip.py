"""Skipping tests for what is not there."""

from __future__ import annotations

import importlib.util
from unittest import SkipTest

from pylearn2core import paths


def skip_if_no_data() -> None:
    """Skip the test where PYLEARN2_DATA_PATH is not set."""
    if not paths.environ("PYLEARN2_DATA_PATH"):
        raise SkipTest("PYLEARN2_DATA_PATH is not set.")


def skip_if_no_scipy() -> None:
    """Nothing: SciPy is always there."""


def skip_if_no_sklearn() -> None:
    """Skip the test where scikit-learn is not installed."""
    _skip_without("sklearn")


def skip_if_no_matplotlib() -> None:
    """Skip the test where Matplotlib is not installed."""
    _skip_without("matplotlib")


def skip_if_no_h5py() -> None:
    """Skip the test where h5py is not installed."""
    _skip_without("h5py")


def skip_if_no_gpu() -> None:
    """Skip the test: no test here needs Theano's own GPU code."""
    raise SkipTest("there is no cuda-convnet here; JAX chooses the device.")


def _skip_without(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise SkipTest(f"{module} is not installed.")
