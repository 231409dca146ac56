"""Score matching and its denoising kind: values by their definitions, gradients by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest

from pylearn2core.corruption import BinomialCorruptor, GaussianCorruptor
from pylearn2core.costs.ebm_estimation import SM, SMD
from pylearn2core.energy_functions.rbm_energy import grbm_type_1, grbm_type_2
from pylearn2core.errors import ConfigError
from pylearn2core.models.mnd import DiagonalMND
from pylearn2core.models.rbm import RBM, GaussianBinaryRBM
from pylearn2core.utils import sharedX

NVIS, NHID, ROWS = 4, 3, 7
TYPES = {"type 1": grbm_type_1, "type 2": grbm_type_2}
X = np.random.RandomState(0).randn(ROWS, NVIS)


def function(inputs: list[Any], outputs: Any) -> Any:
    """Compiled in little time: these graphs run on a handful of rows."""
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE")


def grbm(kind: str) -> Any:
    """One with parameters that are not special in any way, sigma among them."""
    model = GaussianBinaryRBM(TYPES[kind](), nvis=NVIS, nhid=NHID, learn_sigma=True)
    rng = np.random.RandomState(2)
    values = [rng.uniform(-1, 1, p.get_value().shape) for p in model.get_params()]
    values[-1] = 0.8 + 0.2 * values[-1]
    model.set_param_values(values)
    return model


def free_energies(kind: str, params: list[np.ndarray], V: np.ndarray) -> np.ndarray:
    """The energies' definitions, in NumPy."""
    W, b, c, sigma = params
    if kind == "type 1":
        own, inputs = (0.5 * V**2 - V * b).sum(axis=1) / sigma**2, (V @ W + c) / sigma**2
    else:
        own, inputs = ((V - b) ** 2 / (2 * sigma**2)).sum(axis=1), (V / sigma) @ W + c
    return own - np.log1p(np.exp(inputs)).sum(axis=1)


def scores(kind: str, params: list[np.ndarray], V: np.ndarray, h: float = 1e-4) -> np.ndarray:
    steps = h * np.eye(NVIS)
    sides = [[free_energies(kind, params, V + s * step) for s in (1, -1)] for step in steps]
    return np.stack([-(up - down) / (2 * h) for up, down in sides], axis=1)


def sm_value(kind: str, params: list[np.ndarray], V: np.ndarray, h: float = 1e-3) -> float:
    squares = 0.5 * scores(kind, params, V) ** 2
    steps = h * np.eye(NVIS)
    seconds = [
        (
            2 * free_energies(kind, params, V)
            - free_energies(kind, params, V + step)
            - free_energies(kind, params, V - step)
        )
        / h**2
        for step in steps
    ]
    return float((squares + np.stack(seconds, axis=1)).mean())


def differences(model: Any, value: Any, h: float = 1e-5) -> list[np.ndarray]:
    """d value(params) / d params by central differences."""
    start = [np.array(p) for p in model.get_param_values()]
    found = []
    for place, param in enumerate(start):
        slope = np.zeros_like(param)
        for index in np.ndindex(param.shape):
            sides = []
            for sign in (1, -1):
                moved = [p.copy() for p in start]
                moved[place][index] += sign * h
                sides.append(value(moved))
            slope[index] = (sides[0] - sides[1]) / (2 * h)
        found.append(slope)
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_free_energy_and_score_are_those_of_the_definition(kind: str) -> None:
    model = grbm(kind)
    V = model.get_input_space().make_theano_batch()
    found = function([V], [model.free_energy(V), model.score(V)])(X)
    params = model.get_param_values()
    np.testing.assert_allclose(found[0], free_energies(kind, params, X), rtol=1e-10)
    np.testing.assert_allclose(found[1], scores(kind, params, X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", TYPES)
def test_free_energy_sums_the_hidden_units_of_the_energy_out(kind: str) -> None:
    model = grbm(kind)
    h = np.array([[a, b, c] for a in (0.0, 1) for b in (0.0, 1) for c in (0.0, 1)])
    v = np.repeat(X[:1], len(h), axis=0)
    energy = model.energy_function.energy([sharedX(v), sharedX(h)])
    chances = model.energy_function.log_P_H_given_V(sharedX(h), sharedX(v))
    energies, free, log_p = function([], [energy, model.free_energy(sharedX(X[:1])), chances])()
    assert -np.log(np.exp(-energies).sum()) == pytest.approx(free[0], rel=1e-10)
    np.testing.assert_allclose(log_p, free[0] - energies, rtol=1e-8)


@pytest.mark.parametrize("kind", TYPES)
def test_sm_and_its_gradients_are_those_of_differences(kind: str) -> None:
    model = grbm(kind)
    V = model.get_input_space().make_theano_batch()
    grads, _ = SM().get_gradients(model, V)
    value, *found = function([V], [SM().expr(model, V), *grads.values()])(X)
    assert value == pytest.approx(sm_value(kind, model.get_param_values(), X), rel=1e-5)

    compiled = function([V], SM().expr(model, V))

    def by_graph(params: list[np.ndarray]) -> float:
        model.set_param_values(params)
        return float(compiled(X))

    for one, right in zip(found, differences(model, by_graph), strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-5, atol=1e-8)


def test_the_general_divergence_equals_that_of_the_rbm() -> None:
    model = grbm("type 1")

    class Bare:
        """The same model, of which nothing is known but its score."""

        get_input_space = model.get_input_space
        get_input_source = model.get_input_source
        score = model.score

    values = function([], [SM().expr(m, sharedX(X)) for m in (model, Bare())])()
    assert values[0] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize("kind", TYPES)
def test_smd_and_its_gradients_are_those_of_its_definition(kind: str) -> None:
    model, stdev = grbm(kind), 0.4
    noisy = X + stdev * np.random.RandomState(1).randn(*X.shape)

    class Fixed(GaussianCorruptor):
        def __call__(self, inputs: Any) -> Any:
            return sharedX(noisy)

    grads, _ = SMD(Fixed(stdev)).get_gradients(model, sharedX(X))
    cost = SMD(Fixed(stdev)).expr(model, sharedX(X))
    value, *found = function([], [cost, *grads.values()])()

    def by_definition(params: list[np.ndarray]) -> float:
        wanted = (X - noisy) / stdev**2
        return float(((scores(kind, params, noisy) - wanted) ** 2).mean())

    assert value == pytest.approx(by_definition(model.get_param_values()), rel=1e-6)
    for one, right in zip(found, differences(model, by_definition), strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-4, atol=1e-6)


def test_smd_of_type_1_is_a_denoising_autoencoders_error() -> None:
    # J_SMD = J_DAE / sigma^4 where the noise has the model's own sigma.
    model = grbm("type 1")
    sigma = float(model.get_param_values()[-1])
    corruptor = GaussianCorruptor(sigma)
    noisy = sharedX(X + sigma * np.random.RandomState(1).randn(*X.shape))
    corruptor._corrupt = lambda x: noisy
    error = ((model.reconstruct(noisy) - sharedX(X)) ** 2).mean()
    found = function([], [SMD(corruptor).expr(model, sharedX(X)), error])()
    assert found[0] == pytest.approx(found[1] / sigma**4, rel=1e-10)


def test_the_optimum_of_sm_is_the_mean_and_variance_of_a_gaussian() -> None:
    # For a Gaussian score matching is maximum likelihood (Hyvarinen 2005, section 3.1).
    model = DiagonalMND(NVIS, init_beta=1.0, init_mu=0.0, min_beta=1e-3, max_beta=1e3)
    model.set_param_values([X.mean(axis=0), 1 / X.var(axis=0)])
    V = model.get_input_space().make_theano_batch()
    grads, _ = SM().get_gradients(model, V)
    for grad in function([V], list(grads.values()))(X):
        np.testing.assert_allclose(grad, 0.0, atol=1e-12)


@pytest.mark.parametrize("cost", [SM(), SMD(GaussianCorruptor(0.3))], ids=["SM", "SMD"])
def test_binary_visible_units_have_no_score(cost: Any) -> None:
    model = RBM(nvis=NVIS, nhid=NHID)
    with pytest.raises(ConfigError, match="visible units of RBM are binary"):
        cost.expr(model, model.get_input_space().make_theano_batch())


def test_noise_of_unknown_density_is_refused() -> None:
    with pytest.raises(ConfigError, match="the density of the noise of a BinomialCorruptor"):
        SMD(BinomialCorruptor(0.3))
