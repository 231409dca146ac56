"""Costs of autoencoders: reconstruction errors, and a penalty for busy hidden units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytensor.tensor as pt
from pytensor.scalar.math import Sigmoid

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.errors import ConfigError
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.costs.kinds import AutoencoderLike
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Symbol


class GSNFriendlyCost(DefaultDataSpecsMixin, Cost):
    """A cost that compares inputs with their reconstruction."""

    supervised = False

    @staticmethod
    def cost(target: Symbol, output: Symbol) -> Symbol:
        """The error of `output`, a scalar, where `target` was wanted."""
        raise NotImplementedError

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The error of the model's reconstruction of `data`."""
        self.get_data_specs(model)[0].validate(data)
        return self.cost(data, cast("AutoencoderLike", model).reconstruct(data))


class MeanSquaredReconstructionError(GSNFriendlyCost):
    """Mean over examples of the summed squared differences."""

    @staticmethod
    def cost(targets: Symbol, outputs: Symbol) -> Symbol:
        """The error, a scalar.  targets, outputs: shape (batch, features)."""
        return pt.sqr(targets - outputs).sum(axis=1).mean()


class MeanBinaryCrossEntropy(GSNFriendlyCost):
    """Mean over examples of the summed binary cross-entropies."""

    @staticmethod
    def cost(target: Symbol, output: Symbol) -> Symbol:
        """The error, a scalar.  target, output: shape (batch, features), in [0, 1]."""
        return _cross_entropy(target, output).sum(axis=1).mean()


class SparseActivation(DefaultDataSpecsMixin, Cost):
    """Return coeff x sum_j KL(p || q_j), q_j the batch's mean of |hidden unit j|.

    p: the wanted mean activation, in (0, 1).
    """

    supervised = False

    def __init__(self, coeff: float, p: float) -> None:
        if not 0.0 < p < 1.0:
            raise ConfigError(f"SparseActivation: p must be in (0, 1), got {p!r}.")
        self.coeff = coeff
        self.p = p

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The penalty, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        active = abs(cast("AutoencoderLike", model).encode(data)).mean(axis=0)
        p, rest, one = hyper(self.p), hyper(1.0 - self.p), hyper(1.0)
        divergence = p * pt.log(p / active) + rest * pt.log(rest / (one - active))
        penalty = hyper(self.coeff) * divergence.sum()
        penalty.name = "sparse_activation_penalty"
        return penalty


def _cross_entropy(target: Symbol, output: Symbol) -> Symbol:
    """-x log y - (1 - x) log(1 - y), from z where y = sigmoid(z): y itself saturates."""
    one = hyper(1.0)
    owner = getattr(output, "owner", None)
    if owner is not None and isinstance(getattr(owner.op, "scalar_op", None), Sigmoid):
        z = owner.inputs[0]
        return target * pt.softplus(-z) + (one - target) * pt.softplus(z)
    return -(target * pt.log(output) + (one - target) * pt.log(one - output))
