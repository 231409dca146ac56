"""What every test shares: numbers in float64, set before PyTensor is first imported."""

import os

import pytest

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float64")

# Contracts ship with the package: their asserts tell as much as those of a test's own file.
pytest.register_assert_rewrite("sweeper.testing")
