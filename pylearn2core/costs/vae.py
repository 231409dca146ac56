"""Costs of a variational autoencoder."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.errors import ConfigError

if TYPE_CHECKING:
    from pylearn2core.costs.kinds import VAELike
    from pylearn2core.protocols import ModelLike
    from pylearn2core.types import Symbol


class _Criterion(DefaultDataSpecsMixin, Cost):
    """Minus a mean over examples of what needs draws of the latent units."""

    supervised = False

    def __init__(self, num_samples: int = 1) -> None:
        if isinstance(num_samples, bool) or not isinstance(num_samples, int) or num_samples < 1:
            raise ConfigError(
                f"{type(self).__name__}: num_samples must be an integer > 0, got {num_samples!r}."
            )
        self.num_samples = num_samples
        self._drawn: tuple[Any, Any, Any] = (None, None, None)

    def _draw(self, model: ModelLike, data: Symbol) -> Symbol:
        raise NotImplementedError

    def _draw_once(self, model: ModelLike, data: Symbol) -> Symbol:
        """What `_draw` gives for this batch: the same draws however often it is asked for.

        So a channel agrees with the objective, and what they share is computed once.
        """
        known, batch, _ = self._drawn
        if known is not model or batch is not data:
            self.get_data_specs(model)[0].validate(data)
            self._drawn = model, data, self._draw(model, data)
        return self._drawn[2]

    def is_stochastic(self) -> bool:
        """True: the latent units are drawn anew for each batch."""
        return True


class VAECriterion(_Criterion):
    """Minus the lower bound on the log-likelihood, mean over examples, in nats.

    num_samples: draws of the latent units for each example.
    Channels: kl_divergence_term and expectation_term, means over examples; the objective is their
    difference.
    """

    def _draw(self, model: ModelLike, data: Symbol) -> Symbol:
        return cast("VAELike", model).log_likelihood_lower_bound(
            data, self.num_samples, return_individual_terms=True
        )

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The criterion, a scalar."""
        divergence, expectation = self._draw_once(model, data)
        return (divergence - expectation).mean()

    def get_monitoring_channels(
        self, model: ModelLike, data: Symbol, **kwargs: Any
    ) -> OrderedDict[str, Symbol]:
        """The two terms of the bound, means over examples."""
        divergence, expectation = self._draw_once(model, data)
        return OrderedDict(
            kl_divergence_term=divergence.mean(), expectation_term=expectation.mean()
        )


class ImportanceSamplingCriterion(_Criterion):
    """Minus the importance sampling estimate of the log-likelihood, mean over examples, in nats.

    num_samples: draws of the latent units for each example; the more, the tighter. With one it is
    the criterion of VAECriterion, its divergence estimated from the draw.
    """

    def _draw(self, model: ModelLike, data: Symbol) -> Symbol:
        return cast("VAELike", model).log_likelihood_approximation(data, self.num_samples)

    def expr(self, model: ModelLike, data: Symbol, **kwargs: Any) -> Symbol:
        """The criterion, a scalar."""
        return -self._draw_once(model, data).mean()
