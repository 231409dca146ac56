"""Gradients of every layer, autoencoder and cost against central differences.

Where noise is drawn, its random states are held still, so that each evaluation sees the same noise.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradient_cases import CASES, ONE_HOT, X, batch_of, check, compiled, dropout, mlp

import pylearn2core.costs
import pylearn2core.models
from pylearn2core.costs.autoencoder import (
    GSNFriendlyCost,
)
from pylearn2core.costs.cost import Cost
from pylearn2core.costs.ebm_estimation import NCE, SM, SMD, SML, CDk
from pylearn2core.costs.mlp import Default
from pylearn2core.costs.vae import ImportanceSamplingCriterion, VAECriterion
from pylearn2core.models.autoencoder import (
    AbstractAutoencoder,
)
from pylearn2core.models.mlp import (
    ConvNonlinearity,
    Layer,
)
from pylearn2core.models.mlp.affine import Affine
from pylearn2core.models.mlp.dense import Dense
from pylearn2core.models.mlp.weighted import Weighted


def case_id(case: tuple[type, str, Any]) -> str:
    return "-".join(filter(None, [case[0].__name__, case[1]]))


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_gradients_agree_with_central_differences(case: tuple[type, str, Any]) -> None:
    check(*case[2]())


def test_a_wrong_gradient_does_not_agree() -> None:
    class Wrong(Default):
        def get_gradients(self, model: Any, data: Any, **kwargs: Any) -> Any:
            grads, updates = super().get_gradients(model, data, **kwargs)
            return {param: grad * 1.0001 for param, grad in grads.items()}, updates

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check(mlp(), Wrong(), (X, ONE_HOT))


def test_noise_is_held_still_and_is_not_left_out() -> None:
    model, cost, arrays = dropout()
    batch, variables = batch_of(cost, model)
    value = compiled(variables, [cost.expr(model, batch)])
    plain = compiled(variables, [Default().expr(model, batch)])
    assert value(*arrays) == value(*arrays) != plain(*arrays)


# Nothing is left out --------------------------------------------------------------------------

ABSTRACT = {
    Layer,
    Weighted,
    Dense,
    Affine,
    ConvNonlinearity,
    AbstractAutoencoder,
    Cost,
    GSNFriendlyCost,
}
# Costs of energy-based models and of variational autoencoders have tests of their own.
ELSEWHERE = {
    NCE: "energy/test_nce.py",
    SM: "energy/test_score_matching.py",
    SMD: "energy/test_score_matching.py",
    CDk: "energy/test_sampled_gradients.py",
    SML: "energy/test_sampled_gradients.py",
    VAECriterion: "vae/test_bounds.py",
    ImportanceSamplingCriterion: "vae/test_bounds.py",
}


def public_classes() -> Iterator[type]:
    """The layers, their nonlinearities, the autoencoders and the costs that are there."""
    kinds = (Layer, ConvNonlinearity, AbstractAutoencoder, Cost)
    for package in (pylearn2core.models, pylearn2core.costs):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in inspect.getmembers(module, inspect.isclass):
                if issubclass(value, kinds) and not name.startswith("_"):
                    yield value


def test_every_layer_autoencoder_and_cost_has_a_case() -> None:
    assert set(public_classes()) == {case[0] for case in CASES} | ABSTRACT | set(ELSEWHERE)


@pytest.mark.parametrize("cls", ELSEWHERE)
def test_the_costs_that_have_no_case_here_have_tests_elsewhere(cls: type) -> None:
    file = Path(__file__).parents[1] / ELSEWHERE[cls]
    assert cls.__name__ in file.read_text()
