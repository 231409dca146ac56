"""RBM and GaussianBinaryRBM as models: arguments, channels, sampling, constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest

from pylearn2core.config import yaml_parse
from pylearn2core.costs.ebm_estimation import CDk
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.energy_functions.rbm_energy import grbm_type_1, grbm_type_2
from pylearn2core.engine import evaluate
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.rbm import RBM, BlockGibbsSampler, GaussianBinaryRBM, sample
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import sharedX


def compute(*outputs: Any) -> list[Any]:
    values: list[Any] = pytensor.function([], list(outputs), mode="FAST_COMPILE")()
    return values


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_weights_are_drawn_as_pylearn2_draws_them() -> None:
    expected = np.random.RandomState(1001).uniform(-0.5, 0.5, (4, 3))
    np.testing.assert_array_equal(RBM(nvis=4, nhid=3).get_weights(), expected)
    other = np.random.RandomState(7).uniform(-0.1, 0.1, (4, 3))
    np.testing.assert_array_equal(RBM(nvis=4, nhid=3, irange=0.1, rng=7).get_weights(), other)


def test_parameters_come_in_pylearn2s_order() -> None:
    assert [p.name for p in RBM(nvis=4, nhid=3).get_params()] == ["W", "bias_vis", "bias_hid"]
    model = GaussianBinaryRBM(grbm_type_1(), nvis=4, nhid=3, learn_sigma=True)
    assert [p.name for p in model.get_params()] == ["W", "bias_vis", "bias_hid", "sigma_driver"]


def test_free_energies_are_those_of_the_enumeration(pair: Any) -> None:
    exact, model = pair.exact, pair.model
    energies = exact.energies()
    of_v, of_h = compute(
        model.free_energy(sharedX(exact.v)), model.free_energy_given_h(sharedX(exact.h))
    )
    np.testing.assert_allclose(of_v, -np.log(np.exp(-energies).sum(axis=1)), rtol=1e-10)
    np.testing.assert_allclose(of_h, -np.log(np.exp(-energies).sum(axis=0)), rtol=1e-10)


def test_pseudo_log_likelihood_is_that_of_the_enumeration(pair: Any) -> None:
    exact, expected = pair.exact, []
    log_p = {tuple(v): p for v, p in zip(exact.v, np.log(exact.p_v()), strict=True)}
    for v in exact.v:
        total = 0.0
        for unit in range(len(v)):
            other = v.copy()
            other[unit] = 1 - other[unit]
            total += log_p[tuple(v)] - np.logaddexp(log_p[tuple(v)], log_p[tuple(other)])
        expected.append(total)
    (found,) = compute(pair.model.pseudo_log_likelihood(sharedX(exact.v)))
    assert found == pytest.approx(np.mean(expected), rel=1e-9)


def test_a_gibbs_step_draws_from_the_conditionals(pair: Any) -> None:
    exact = pair.exact
    start = np.repeat(exact.v[5:6], 20000, axis=0)
    _, way = pair.model.gibbs_step_for_v(sharedX(start), MRG_RandomStreams(3))
    h_mean, h, v_mean, v = evaluate([way[n] for n in ("h_mean", "h_sample", "v_mean", "v_sample")])
    np.testing.assert_allclose(h_mean, sigmoid(start @ exact.W + exact.c), rtol=1e-10)
    np.testing.assert_allclose(v_mean, sigmoid(h @ exact.W.T + exact.b), rtol=1e-10)
    scatter = 4 * 0.5 / np.sqrt(len(start))
    np.testing.assert_allclose(h.mean(axis=0), h_mean[0], atol=scatter)
    np.testing.assert_allclose(v.mean(axis=0), v_mean.mean(axis=0), atol=scatter)


def test_long_chains_end_in_the_models_distribution(pair: Any) -> None:
    drawn = sample(pair.model, count=20000, steps=30, seed=4)
    found = pair.exact.weights_of(drawn)
    np.testing.assert_allclose(found, pair.exact.p_v(), atol=4 * 0.5 / np.sqrt(len(drawn)))


@pytest.mark.parametrize("kind", [grbm_type_1, grbm_type_2])
def test_gaussian_visibles_are_drawn_with_sigma_around_their_mean(kind: Any) -> None:
    sigma = 0.3 if kind is grbm_type_1 else np.array([0.3, 0.6])
    model = GaussianBinaryRBM(kind(), nvis=2, nhid=3, init_sigma=sigma)
    _, way = model.gibbs_step_for_v(sharedX(np.zeros((20000, 2))), MRG_RandomStreams(3))
    v, mean, h = evaluate([way["v_sample"], way["v_mean"], way["h_sample"]])
    W = model.get_weights()
    expected = h @ W.T * (sigma if kind is grbm_type_2 else 1.0)
    np.testing.assert_allclose(mean, expected, atol=1e-12)
    np.testing.assert_allclose((v - mean).std(axis=0), sigma * np.ones(2), rtol=0.03)


def test_mean_vis_takes_the_means_for_samples() -> None:
    model = GaussianBinaryRBM(grbm_type_1(), nvis=2, nhid=3, mean_vis=True)
    v, way = model.gibbs_step_for_v(sharedX(np.zeros((5, 2))), MRG_RandomStreams(3))
    np.testing.assert_array_equal(*evaluate([v, way["v_mean"]]))


def trained(model: Any, learning_rate: float, epochs: int = 1) -> list[Any]:
    data = DenseDesignMatrix(X=np.random.RandomState(0).randn(40, 3))
    algorithm = SGD(
        learning_rate=learning_rate,
        batch_size=40,
        cost=CDk(1),
        monitoring_dataset=data,
        termination_criterion=EpochCounter(epochs),
    )
    return list(Train(data, model, algorithm))


def test_sigma_stays_within_its_bounds_and_its_step_has_the_square_of_its_scale() -> None:
    def sigma_after(scale: float, rate: float, **bounds: float) -> float:
        model = GaussianBinaryRBM(
            grbm_type_1(),
            nvis=3,
            nhid=2,
            irange=0.01,
            init_sigma=2.0,
            learn_sigma=True,
            sigma_lr_scale=scale,
            **bounds,
        )
        trained(model, rate)
        return float(compute(model.sigma)[0])

    # Unit normal data under a sigma of 2: sigma has to fall.
    one, tenth = sigma_after(1.0, 0.01), sigma_after(0.1, 0.01)
    assert one < 2.0
    assert tenth - 2.0 == pytest.approx((one - 2.0) / 100, rel=1e-6)
    assert sigma_after(1.0, 100.0, min_sigma=0.25) == pytest.approx(0.25)
    assert sigma_after(0.5, 100.0, min_sigma=0.25) == pytest.approx(0.25)


def test_the_channels_are_pylearn2s() -> None:
    expected = {f"{n}_{s}" for n in ("bias_hid", "bias_vis", "h") for s in ("min", "mean", "max")}
    (first, *_) = trained(RBM(nvis=3, nhid=2), 0.01)
    assert set(first) - {
        "learning_rate",
        "training_seconds_this_epoch",
        "total_seconds_last_epoch",
    } == expected | {"reconstruction_error"}


def test_reconstruction_error_draws_the_hidden_units_alone(pair: Any) -> None:
    exact = pair.exact
    V = np.repeat(exact.v, 3000, axis=0)
    p_h = np.exp(-exact.energies())
    p_h /= p_h.sum(axis=1, keepdims=True)
    errors = ((sigmoid(exact.h @ exact.W.T + exact.b)[None] - exact.v[:, None]) ** 2).sum(axis=2)
    (found,) = evaluate([pair.model.reconstruction_error(sharedX(V), MRG_RandomStreams(1))])
    assert found == pytest.approx((p_h * errors).sum(axis=1).mean(), abs=0.02)


def test_visible_biases_can_start_from_the_datas_means() -> None:
    X = np.random.RandomState(0).randint(2, size=(50, 3)).astype(float)
    X[:, 2] = 1.0
    model = RBM(nvis=3, nhid=2, init_bias_vis_marginals=DenseDesignMatrix(X=X))
    p = 0.01 + 0.98 * X.mean(axis=0)
    np.testing.assert_allclose(model.bias_vis.get_value(), np.log(p / (1 - p)), rtol=1e-12)


def test_a_block_gibbs_sampler_moves_its_particles_and_clips_them() -> None:
    model = GaussianBinaryRBM(grbm_type_1(), nvis=2, nhid=3)
    sampler = BlockGibbsSampler(model, np.zeros((500, 2)), rng=1, steps=2, particles_clip=(-1, 1))
    (moved,) = evaluate(list(sampler.updates().values()))
    assert moved.min() == -1
    assert moved.max() == 1
    assert list(sampler.updates()) == [sampler.particles]


def test_a_yaml_file_written_for_pylearn2_builds_the_model() -> None:
    text = """!obj:pylearn2.models.rbm.GaussianBinaryRBM {
        nvis: 6, nhid: 4, irange: 0.05,
        energy_function_class: !obj:pylearn2.energy_functions.rbm_energy.grbm_type_1 {},
        learn_sigma: True, init_sigma: .4, init_bias_hid: -2., mean_vis: False,
        sigma_lr_scale: 1e-3
    }"""
    model = yaml_parse.load(text)
    assert compute(model.sigma)[0] == pytest.approx(0.4)
    np.testing.assert_array_equal(model.bias_hid.get_value(), np.full(4, -2.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RBM(nhid=3), "nvis: expected an integer > 0, got None"),
        (lambda: RBM(nvis=3, nhid=2, init_bias_vis=[0.0, 1.0]), r"array of shape \(3,\)"),
        (lambda: RBM(nvis=3, nhid=2, random_patches_src=np.ones((2, 4))), "2 rows of 3 numbers"),
        (lambda: GaussianBinaryRBM("type 1", nvis=3, nhid=2), "energy_function_class: expected"),
        (
            lambda: GaussianBinaryRBM(grbm_type_1(), nvis=3, nhid=2, init_sigma=[1.0, 1.0, 1.0]),
            "has one sigma for all units",
        ),
        (
            lambda: GaussianBinaryRBM(grbm_type_1(), nvis=3, nhid=2, min_sigma=0.0),
            "0 < min_sigma",
        ),
    ],
)
def test_wrong_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_real_visible_units_have_no_pseudo_likelihood() -> None:
    model = GaussianBinaryRBM(grbm_type_1(), nvis=3, nhid=2)
    with pytest.raises(UnsupportedError, match="does not implement pseudo_log_likelihood"):
        model.pseudo_log_likelihood(model.get_input_space().make_theano_batch())


def test_an_argument_that_does_nothing_here_is_told(caplog):
    RBM(nvis=3, nhid=2)
    assert caplog.text == ""
    RBM(nvis=3, nhid=2, base_lr=0.1)
    assert "do nothing here" in caplog.text
