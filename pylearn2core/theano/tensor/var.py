"""`theano.tensor.var`."""

from pytensor.tensor.variable import TensorConstant, TensorVariable

__all__ = ["TensorConstant", "TensorVariable"]
