"""Functions of neural networks: in NumPy, and what an expression was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt
from pytensor.scalar.math import Sigmoid
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.special import Softmax, log_softmax

from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol


def softmax_numpy(x: Array) -> Array:
    """Probabilities of each row."""
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    values: Array = shifted / shifted.sum(axis=1, keepdims=True)
    return values


def pseudoinverse_softmax_numpy(x: Array) -> Array:
    """A z whose softmax is x, with a mean of 0.    x: a vector, or rows."""
    logs = np.log(x)
    values: Array = logs - logs.mean(axis=-1, keepdims=True)
    return values


def sigmoid_numpy(x: Array) -> Array:
    """1 / (1 + exp(-x)), with NumPy."""
    values: Array = 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x)))
    return values


def inverse_sigmoid_numpy(x: Array) -> Array:
    """log(x / (1 - x)): 0 becomes minus infinity, 1 infinity."""
    with np.errstate(divide="ignore"):
        values: Array = np.log(x) - np.log1p(-np.asarray(x))
    return values


def arg_of_softmax(Y_hat: Symbol) -> Symbol:
    """The z of an expression that is softmax(z). Raises ConfigError where it is none."""
    owner = getattr(Y_hat, "owner", None)
    if owner is None or not isinstance(owner.op, Softmax):
        raise ConfigError(f"expected the output of a softmax, got {Y_hat!r}.")
    return owner.inputs[0]


def arg_of_sigmoid(Y_hat: Symbol) -> Symbol:
    """The z of an expression that is sigmoid(z). Raises ConfigError where it is none."""
    owner: Any = getattr(Y_hat, "owner", None)
    if owner is not None and isinstance(owner.op, DimShuffle):
        owner = owner.inputs[0].owner
    is_one = owner is not None and isinstance(owner.op, Elemwise)
    if not is_one or not isinstance(owner.op.scalar_op, Sigmoid):
        raise ConfigError(f"expected the output of a sigmoid, got {Y_hat!r}.")
    return owner.inputs[0]


def kl(Y: Symbol, Y_hat: Symbol, batch_axis: int) -> Symbol:
    """The mean over its units of the KL divergence of each example; Y_hat is sigmoid(z)."""
    each = elemwise_kl(Y, Y_hat)
    return each.mean(axis=[axis for axis in range(each.ndim) if axis != batch_axis])


def elemwise_kl(Y: Symbol, Y_hat: Symbol) -> Symbol:
    """Each unit's KL divergence from Y_hat = sigmoid(z) to binary Y: its cross-entropy."""
    z = arg_of_sigmoid(Y_hat)
    return Y * pt.softplus(-z) + (hyper(1.0) - Y) * pt.softplus(z)


def softmax_ratio(numer: Symbol, denom: Symbol) -> Symbol:
    """softmax(a) / softmax(b), from a and b, for two outputs of a softmax."""
    a, b = arg_of_softmax(numer), arg_of_softmax(denom)
    return pt.exp(log_softmax(a, axis=1) - log_softmax(b, axis=1))


def compute_precision(tp: Any, fp: Any) -> Symbol:
    """The share of what was found that is true; 0 where nothing was found."""
    return tp / pt.maximum(hyper(1.0), tp + fp)


def compute_recall(y: Symbol, tp: Symbol) -> Symbol:
    """The share of what is true that was found.    y: zeros and ones."""
    return tp / pt.maximum(hyper(1.0), y.sum())


def compute_f1(precision: Symbol, recall: Symbol) -> Symbol:
    """The harmonic mean of the two; a sum of less than 1 counts as 1, as in Pylearn2."""
    return hyper(2.0) * precision * recall / pt.maximum(hyper(1.0), precision + recall)
