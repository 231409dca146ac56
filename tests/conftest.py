"""What every test shares: numbers in float64, and drivers that check the scheduler's state."""

import atexit
import os
import shutil
import tempfile

import pytest

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float64")  # before PyTensor is first imported
os.environ.setdefault("SWEEP_CHECK", "1")

# Contracts ship with the package: their asserts tell as much as those of a test's own file.
pytest.register_assert_rewrite("sweeper.testing")

_STATE = tempfile.mkdtemp(prefix="sweeper-tests-")
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)
os.environ["XDG_STATE_HOME"] = _STATE
