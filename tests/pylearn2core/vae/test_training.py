"""Training: noise is new for each batch, runs on the device, resumes, and the bound rises."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy.stats import bernoulli

from pylearn2core import checkpoint
from pylearn2core.config import yaml_parse
from pylearn2core.costs.cost import SumOfCosts
from pylearn2core.costs.vae import ImportanceSamplingCriterion, VAECriterion
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.models.vae import BernoulliVector, DiagonalGaussian
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.learning_rule import Adam
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import serial

YAML = """
!obj:pylearn2.train.Train {
    dataset: &train !obj:pylearn2.datasets.digits.Digits { which_set: train },
    model: !obj:pylearn2.models.vae.VAE {
        nvis: &nvis 64,
        nhid: &nhid 4,
        seed: 3,
        prior: !obj:pylearn2.models.vae.prior.DiagonalGaussianPrior {},
        conditional: !obj:pylearn2.models.vae.conditional.BernoulliVector {
            name: 'conditional',
            mlp: !obj:pylearn2.models.mlp.MLP {
                layers: [
                    !obj:pylearn2.models.mlp.RectifiedLinear {
                        layer_name: 'h_1', dim: 20, irange: 0.1,
                    },
                ],
            },
        },
        posterior: !obj:pylearn2.models.vae.conditional.DiagonalGaussian {
            name: 'posterior',
            mlp: !obj:pylearn2.models.mlp.MLP {
                layers: [
                    !obj:pylearn2.models.mlp.RectifiedLinear {
                        layer_name: 'h_1', dim: 20, irange: 0.1,
                    },
                ],
            },
        },
    },
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        batch_size: 100,
        learning_rate: 2e-2,
        learning_rule: !obj:pylearn2.training_algorithms.learning_rule.Momentum {
            init_momentum: 0.9,
        },
        monitoring_dataset: { 'train': *train },
        cost: !obj:pylearn2.costs.vae.VAECriterion { num_samples: 1 },
        termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 40 },
    },
}
"""
X = np.random.RandomState(0).uniform(size=(60, 5))


def training(model: Any, cost: Any, **kwargs: Any) -> Train:
    data = DenseDesignMatrix(X=X)
    options = {"learning_rate": 0.01, "batch_size": 20, "learning_rule": Adam()} | kwargs
    stop = EpochCounter(options.pop("epochs", 4))
    algorithm = SGD(cost=cost, monitoring_dataset=data, termination_criterion=stop, **options)
    return Train(data, model, algorithm)


def records(train: Train) -> list[dict[str, float]]:
    return [dict(record) for record in train]


def without_times(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: v for name, v in row.items() if "seconds" not in name} for row in rows]


def test_an_experiment_in_pylearn2s_names_learns() -> None:
    import pylearn2  # noqa: F401 - makes the names known

    rows = records(yaml_parse.load(YAML))
    channels = {name for name in rows[0] if "seconds" not in name}
    assert channels == {
        "learning_rate",
        "momentum",
        "train_objective",
        "train_kl_divergence_term",
        "train_expectation_term",
        "train_reconstruction_error",
        *(f"train_posterior_sigma_{kind}" for kind in ("min", "max", "mean", "std")),
    }
    # At first all is 1/2: 64 log 2 nats, and next to no divergence.
    assert rows[0]["train_objective"] == pytest.approx(64 * np.log(2), rel=1e-3)
    assert rows[0]["train_kl_divergence_term"] < 0.1
    # A Bernoulli for each pixel, at its mean over the data, is all that no latent unit can do.
    pixels = yaml_parse.load("!obj:pylearn2.datasets.digits.Digits { which_set: train }").X
    without_latent_units = bernoulli(pixels.mean(axis=0)).entropy().sum()
    assert rows[-1]["train_objective"] < without_latent_units


@pytest.mark.parametrize(
    ("conditional", "cost"),
    [
        (BernoulliVector, VAECriterion()),
        (DiagonalGaussian, VAECriterion(3)),
        (DiagonalGaussian, ImportanceSamplingCriterion()),
        (BernoulliVector, ImportanceSamplingCriterion(3)),
    ],
    ids=["bound", "gaussian-bound-3", "gaussian-importance", "importance-3"],
)
def test_an_epoch_is_one_program(
    make_vae: Any, cost: Any, conditional: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="pylearn2core.engine.pack.compiled"):
        rows = records(training(make_vae(conditional), cost, epochs=15))
    assert caplog.messages == []
    assert rows[-1]["objective"] < rows[0]["objective"]


def test_each_batch_has_noise_of_its_own(make_vae: Any) -> None:
    """With a learning rate of 0 and the same rows, only the noise can change the objective."""
    rows = records(training(make_vae(), VAECriterion(), learning_rate=0.0, epochs=3))
    assert len({row["objective"] for row in rows}) == 4
    assert len({row["reconstruction_error"] for row in rows}) == 1


def test_the_two_terms_add_up_to_the_objective(make_vae: Any) -> None:
    """They come from one draw, so to the last digits; and so do the terms of a sum of costs."""
    cost = SumOfCosts([[2.0, VAECriterion()], [0.5, ImportanceSamplingCriterion(2)]])
    for row in records(training(make_vae(), cost, epochs=1)):
        bound = row["kl_divergence_term"] - row["expectation_term"]
        assert row["term_0_mean"] == pytest.approx(bound, rel=1e-12)
        whole = 2.0 * row["term_0_mean"] + 0.5 * row["term_1"]
        assert row["objective"] == pytest.approx(whole, rel=1e-12)


def test_steps_of_training_draw_new_noise(make_vae: Any) -> None:
    """Plain steps from one place with one batch: twice the same step would need the same noise."""
    model = make_vae()
    start = model.get_param_values()
    train = training(
        model, VAECriterion(), learning_rule=None, batch_size=60, epochs=3, learning_rate=0.1
    )
    steps = []
    for _ in train:
        steps.append(model.get_param_values()[-4] - start[-4])
        model.set_param_values(start)
    moved = [step for step in steps if np.abs(step).max() > 0]
    assert len(moved) == 3
    assert np.abs(moved[0] - moved[1]).max() > 1e-6
    assert np.abs(moved[1] - moved[2]).max() > 1e-6


def test_mean_of_many_noisy_gradients_is_the_gradient_of_the_mean(
    exact: Any, evaluate: Callable[..., Any]
) -> None:
    """With the true posterior the bound touches log p(x), so their gradients are the same.

    That of log p(x) by the prior's means m is d mean / d m times the gradient of a Gaussian.
    """
    row = np.array([[0.4, 1.0, -1.0]])
    W = np.array([[1.0, 0.5], [2.0, -0.25], [0.0, 1.0]])
    expected = W.T @ np.linalg.solve(exact.covariance, row[0] - exact.mean)
    x = pt.dmatrix()
    data = np.tile(row, (20_000, 1))
    gradients, _ = VAECriterion().get_gradients(exact.model, x)
    found = -evaluate(gradients[exact.model.prior.prior_mu], {x: data})
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_equal_seeds_give_equal_runs_and_others_do_not(make_vae: Any) -> None:
    runs = [
        without_times(records(training(make_vae(seed=seed), VAECriterion()))) for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_resuming_equals_never_having_stopped(make_vae: Any, tmp_path: Path) -> None:
    whole = without_times(records(training(make_vae(), VAECriterion(), epochs=6)))
    first = training(make_vae(), VAECriterion(), epochs=3)
    records(first)
    checkpoint.save(first, tmp_path / "half.npz")
    second = training(make_vae(), VAECriterion(), epochs=6)
    checkpoint.load(second, tmp_path / "half.npz")
    rest = without_times(records(second))
    assert rest[-3:] == whole[-3:]


@pytest.mark.parametrize("suffix", [".pkl", ".npz"])
def test_a_saved_vae_comes_back(suffix: str, tmp_path: Path, evaluate: Callable[..., Any]) -> None:
    import pylearn2  # noqa: F401

    train = yaml_parse.load(YAML.replace("max_epochs: 40", "max_epochs: 1"))
    records(train)
    path = tmp_path / f"vae{suffix}"
    serial.save(path, train.model)
    again = serial.load(path)
    for one, other in zip(train.model.get_params(), again.get_params(), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.get_value(), other.get_value())
    draws = evaluate(again.sample(3)[0])
    assert draws.shape == (3, 64)


def test_the_default_cost_is_the_bound(make_vae: Any) -> None:
    cost = make_vae().get_default_cost()
    assert isinstance(cost, VAECriterion)
    assert cost.num_samples == 1
    assert cost.is_stochastic()
