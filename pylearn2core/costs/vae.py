"""Costs of a variational autoencoder."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.errors import ConfigError


class _Criterion(DefaultDataSpecsMixin, Cost):
    """num_samples: draws of the latent units for each example."""

    supervised = False

    def __init__(self, num_samples: int = 1) -> None:
        if isinstance(num_samples, bool) or not isinstance(num_samples, int) or num_samples < 1:
            raise ConfigError(
                f"{type(self).__name__}: num_samples must be an integer > 0, got {num_samples!r}."
            )
        self.num_samples = num_samples

    def is_stochastic(self) -> bool:
        """True: the latent units are drawn anew for each batch."""
        return True


class VAECriterion(_Criterion):
    """Minus the lower bound on the log-likelihood, mean over examples, in nats.

    num_samples: draws of the latent units for each example.
    Channels: kl_divergence_term and expectation_term, whose difference the bound is; they draw
    for themselves.
    """

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        """The criterion, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        return -model.log_likelihood_lower_bound(data, self.num_samples).mean()

    def get_monitoring_channels(
        self, model: Any, data: Any, **kwargs: Any
    ) -> OrderedDict[str, Any]:
        """The two terms of the bound, means over examples."""
        self.get_data_specs(model)[0].validate(data)
        divergence, expectation = model.log_likelihood_lower_bound(
            data, self.num_samples, return_individual_terms=True
        )
        return OrderedDict(
            kl_divergence_term=divergence.mean(), expectation_term=expectation.mean()
        )


class ImportanceSamplingCriterion(_Criterion):
    """Minus the importance sampling estimate of the log-likelihood, mean over examples, in nats.

    num_samples: draws of the latent units for each example; the more, the tighter. With one it is
    the criterion of VAECriterion, its divergence estimated from the draw.
    """

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        """The criterion, a scalar."""
        self.get_data_specs(model)[0].validate(data)
        return -model.log_likelihood_approximation(data, self.num_samples).mean()
