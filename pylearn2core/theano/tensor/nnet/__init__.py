"""`theano.tensor.nnet`: the functions of neural networks, on the last axis where they have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytensor import tensor as T
from pytensor.tensor.special import log_softmax
from pytensor.tensor.special import softmax as _softmax

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "crossentropy_categorical_1hot",
    "elu",
    "hard_sigmoid",
    "logsoftmax",
    "relu",
    "selu",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "softmax",
    "softmax_with_bias",
    "softplus",
    "softsign",
    "ultra_fast_sigmoid",
]

sigmoid = T.sigmoid
softplus = T.softplus
# Theano's was an approximation that saved time in C; the function itself is as fast as it by now.
ultra_fast_sigmoid = T.sigmoid


def softmax(x: Symbol) -> Symbol:
    """Probabilities along the last axis: each row sums to 1; a vector is one row, as in Theano."""
    return _softmax(_rows(x), axis=-1)


def logsoftmax(x: Symbol) -> Symbol:
    """The logarithm of `softmax(x)`."""
    return log_softmax(_rows(x), axis=-1)


def _rows(x: Symbol) -> Symbol:
    x = T.as_tensor_variable(x)
    return T.shape_padleft(x) if x.ndim == 1 else x


def softmax_with_bias(x: Symbol, b: Symbol) -> Symbol:
    """`softmax(x + b)`; b: one value a column."""
    return softmax(x + b)


def hard_sigmoid(x: Symbol) -> Symbol:
    """A sigmoid of three straight pieces: 0.2 x + 0.5, between 0 and 1."""
    return T.clip(x * _like(x, 0.2) + _like(x, 0.5), _like(x, 0.0), _like(x, 1.0))


def softsign(x: Symbol) -> Symbol:
    """`x / (1 + |x|)`."""
    return x / (1 + T.abs(x))


def relu(x: Symbol, alpha: Symbol = 0) -> Symbol:
    """`max(x, alpha x)` for alpha in [0, 1]; the gradient at 0 is the mean of its two sides'."""
    if isinstance(alpha, int) and alpha == 0:
        return _like(x, 0.5) * (x + T.abs(x))
    return _like(x, 0.5) * ((1 + alpha) * x + (1 - alpha) * T.abs(x))


def elu(x: Symbol, alpha: Symbol = 1) -> Symbol:
    """`x` above 0, `alpha (exp(x) - 1)` below. Source: Clevert et al. 2015."""
    return T.switch(x > 0, x, alpha * T.expm1(x))


def selu(x: Symbol) -> Symbol:
    """`elu` that keeps mean 0 and variance 1. Source: Klambauer et al. 2017."""
    return _like(x, 1.0507009873554805) * elu(x, _like(x, 1.6732632423543772))


def binary_crossentropy(output: Symbol, target: Symbol) -> Symbol:
    """`-(t log(o) + (1 - t) log(1 - o))` for each element; output: in (0, 1)."""
    return -(target * T.log(output) + (1 - target) * T.log(1 - output))


def sigmoid_binary_crossentropy(output: Symbol, target: Symbol) -> Symbol:
    """`binary_crossentropy(sigmoid(output), target)`, exact where the sigmoid is 0 or 1."""
    return target * softplus(-output) + (1 - target) * softplus(output)


def categorical_crossentropy(coding_dist: Symbol, true_dist: Symbol) -> Symbol:
    """The cross-entropy of each row.

    coding_dist: shape (rows, classes), probabilities.
    true_dist: the same, or shape (rows,), the number of the right class.
    """
    coding_dist = T.as_tensor_variable(coding_dist)
    true_dist = T.as_tensor_variable(true_dist)
    if true_dist.ndim == coding_dist.ndim:
        return -(true_dist * T.log(coding_dist)).sum(axis=-1)
    if true_dist.ndim == coding_dist.ndim - 1:
        return crossentropy_categorical_1hot(coding_dist, true_dist)
    raise TypeError(
        f"true_dist has {true_dist.ndim} axes; expected {coding_dist.ndim} (distributions) or "
        f"{coding_dist.ndim - 1} (class numbers)"
    )


def crossentropy_categorical_1hot(coding_dist: Symbol, classes: Symbol) -> Symbol:
    """`-log` of the probability of the right class. classes: shape (rows,), integers."""
    # Column numbers by a sum: PyTensor's arange of a shape fails in JAX from 128 on, and so does
    # an index of pairs.
    numbers = T.cumsum(T.ones_like(coding_dist), axis=-1) - 1
    right = T.eq(T.shape_padright(classes), numbers)
    return -T.switch(right, T.log(coding_dist), _like(coding_dist, 0.0)).sum(axis=-1)


def _like(x: Symbol, value: float) -> Symbol:
    """`value` in the dtype of `x`, so that float32 stays float32."""
    dtype = T.as_tensor_variable(x).dtype
    return T.constant(value, dtype=dtype) if "float" in dtype else value
