"""Score matching, plain and denoising: fit d log p(v) / dv, in which no partition function is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.corruption import GaussianCorruptor
from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.errors import ConfigError
from pylearn2core.space import VectorSpace
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike
    from pylearn2core.space import Space
    from pylearn2core.types import Symbol


class SM(DefaultDataSpecsMixin, Cost):
    """Score matching: mean over examples and units of score^2 / 2 + d score / dv.

    The mean over units, not the sum, so that the learning rate need not know how many there are.
    The model has `score`, and, to be faster, `score_divergence`.
    lambd: the weight of Kingma and LeCun's penalty on the curvature; 0, as that is not here.
    Source: Swersky et al. 2011, equation 4; Hyvarinen 2005.
    """

    supervised = False

    def __init__(self, lambd: float = 0.0) -> None:
        if lambd:
            raise ConfigError(f"SM: lambd can only be 0 here, got {lambd!r}.")

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The objective, a scalar."""
        space = self.get_data_specs(model)[0]
        space.validate(data)
        _check_real(model, "SM")
        squares = hyper(0.5) * pt.sqr(model.score(data)).mean()
        units = space.get_total_dimension()
        value = squares + _mean_divergence(model, data, space) / hyper(units)
        value.name = "SM"
        return value


class SMD(DefaultDataSpecsMixin, Cost):
    """Denoising score matching: mean squared difference from the score of the noise.

    At noisy data x' = x + noise, the model's score should point back to x as that of the noise's
    own density does: (x - x') / stdev^2.
    corruptor: a GaussianCorruptor, or one with `corruption_free_energy(corrupted, data)`, a vector.
    Source: Vincent 2011, equation 4.3, with a mean in place of half a sum.
    """

    supervised = False

    def __init__(self, corruptor: Any) -> None:
        if not (
            isinstance(corruptor, GaussianCorruptor) or hasattr(corruptor, "corruption_free_energy")
        ):
            raise ConfigError(
                f"SMD: the density of the noise of a {type(corruptor).__name__} is not known. Take "
                "!obj:pylearn2core.corruption.GaussianCorruptor { stdev: 0.4 }."
            )
        self.corruptor = corruptor

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The objective, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        _check_real(model, "SMD")
        corrupted = self.corruptor(data)
        value = pt.sqr(model.score(corrupted) - self._score_of_noise(corrupted, data)).mean()
        value.name = "SMD"
        return value

    def _score_of_noise(self, corrupted: Symbol, data: Symbol) -> Symbol:
        if hasattr(self.corruptor, "corruption_free_energy"):
            energy = self.corruptor.corruption_free_energy(corrupted, data)
            return pt.grad(-energy.sum(), corrupted)
        return (data - corrupted) / pt.sqr(hyper(self.corruptor.corruption_level))

    def is_stochastic(self) -> bool:
        """Yes: the noise."""
        return True


def _check_real(model: ModelLike, cost: str) -> None:
    if not getattr(model, "has_real_visibles", True):
        raise ConfigError(
            f"{cost}: the visible units of {type(model).__name__} are binary, so it has no density "
            "whose score could be matched. Take CDk, SML or NCE, or a GaussianBinaryRBM."
        )


def _mean_divergence(model: ModelLike, data: Symbol, space: Space) -> Symbol:
    """The sum over i of d score_i / d v_i, mean over the examples; a scalar."""
    if hasattr(model, "score_divergence"):
        return model.score_divergence(data).mean()
    if not isinstance(space, VectorSpace):
        raise ConfigError(
            f"SM: {type(model).__name__} has inputs in {space} and no score_divergence(V). "
            "Define it."
        )
    # Each example once for each unit: row i of an example's copies takes the derivative of score_i.
    units = space.get_total_dimension()
    eye = pt.constant(np.eye(units, dtype=data.dtype))
    copies = (data[:, None, :] + pt.zeros_like(eye)[None]).reshape((-1, units))
    which = (pt.zeros_like(data)[:, None, :] + eye[None]).reshape((-1, units))
    slopes = pt.grad((model.score(copies) * which).sum(), copies)
    return (slopes * which).sum(axis=1).mean() * hyper(units)
