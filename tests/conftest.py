"""What every test shares: numbers in float64, set before PyTensor is first imported."""

import os

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float64")
