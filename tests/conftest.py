"""What every test shares: numbers in float64, and drivers that check the scheduler's state."""

import os

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float64")  # before PyTensor is first imported
os.environ.setdefault("SWEEP_CHECK", "1")
