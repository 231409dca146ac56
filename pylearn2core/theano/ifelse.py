"""`theano.ifelse`."""

from pytensor.ifelse import IfElse, ifelse

__all__ = ["IfElse", "ifelse"]
