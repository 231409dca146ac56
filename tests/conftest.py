"""What every test shares: numbers in float64, and drivers that check the scheduler's state."""

import os

import pytest

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float64")  # before PyTensor is first imported
os.environ.setdefault("SWEEP_CHECK", "1")

# Contracts ship with the package: their asserts tell as much as those of a test's own file.
pytest.register_assert_rewrite("sweeper.testing")
