"""`theano.tensor`: all of PyTensor's, with the names of Theano's that it dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytensor import tensor as _tensor
from pytensor.gradient import grad, hessian, jacobian
from pytensor.tensor import *  # noqa: F403 - this module is that one with more names
from pytensor.tensor import TensorType, reciprocal, specify_broadcastable
from pytensor.tensor import abs as abs_
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.sharedvar import TensorSharedVariable

from pylearn2core.theano.gradient import Lop, Rop
from pylearn2core.theano.tensor import nnet, shared_randomstreams

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

inv = reciprocal

wscalar = TensorType("int16", shape=())
wvector = TensorType("int16", shape=(None,))
wmatrix = TensorType("int16", shape=(None, None))

__all__ = [name for name in dir(_tensor) if not name.startswith("_")] + [
    "DimShuffle",
    "Elemwise",
    "Lop",
    "Rop",
    "TensorSharedVariable",
    "abs_",
    "addbroadcast",
    "grad",
    "hessian",
    "inv",
    "jacobian",
    "nnet",
    "patternbroadcast",
    "shared_randomstreams",
    "wmatrix",
    "wscalar",
    "wvector",
]


def addbroadcast(x: Symbol, *axes: int) -> Symbol:
    """`x` with these axes declared to have length 1, so that they broadcast."""
    return specify_broadcastable(x, *axes) if axes else _tensor.as_tensor_variable(x)


def patternbroadcast(x: Symbol, broadcastable: Any) -> Symbol:
    """`x` with the axes declared to have length 1 whose entry is true.

    broadcastable: bools, one an axis. An axis that is known to have length 1 stays known.
    """
    x = _tensor.as_tensor_variable(x)
    if len(broadcastable) != x.ndim:
        raise ValueError(f"{len(broadcastable)} bools given for {x.ndim} axes of {x}")
    return addbroadcast(x, *(axis for axis, one in enumerate(broadcastable) if one))
