"""Contrastive divergence and PCD against exact expectations of an RBM that can be enumerated."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.costs.cost import SumOfCosts
from pylearn2core.costs.ebm_estimation import NCE, SML, BernoulliNoise, CDk
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.engine import Bound, Order, Step, evaluate
from pylearn2core.errors import ConfigError
from pylearn2core.models.rbm import RBM
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.bgd import BGD
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import sharedX

ROWS = 400
SEEDS = range(20)


def data_of(pair: Any) -> np.ndarray:
    """Rows that are not the model's own distribution."""
    v = pair.exact.v
    chances = np.linspace(1, 2, len(v))
    return v[np.random.RandomState(0).choice(len(v), size=ROWS, p=chances / chances.sum())]


def estimates(pair: Any, cost: Any, rows: np.ndarray, moves: int = 0) -> list[list[np.ndarray]]:
    """The gradients that each seed gives, after `moves` steps of the cost's own updates."""
    grads, updates = cost.get_gradients(pair.model, sharedX(rows))
    tick = pt.vector("tick")
    step = Bound(Step(((tick,),), updates, ()))
    order = Order.of([slice(move, move + 1) for move in range(moves)], moves)
    particles = getattr(cost, "particles", None)
    found = []
    for seed in SEEDS:
        cost._rng.seed(seed)
        if particles is not None:
            rng = np.random.RandomState(seed)
            particles.set_value(rng.randint(2, size=(ROWS, 3)).astype(float))
            step.train((np.zeros(moves),), order)
        found.append([np.asarray(g) for g in evaluate(list(grads.values()))])
    return found


def assert_unbiased(found: list[list[np.ndarray]], expected: list[np.ndarray]) -> None:
    """Within three standard errors, which are small."""
    for one, right in zip(zip(*found, strict=True), expected, strict=True):
        stack = np.array(one)
        error = stack.std(axis=0, ddof=1) / np.sqrt(len(stack))
        assert (error < 0.02).all()
        np.testing.assert_array_less(abs(stack.mean(axis=0) - right), 3 * error)


@pytest.mark.parametrize("k", [1, 3])
def test_cd_k_is_the_exact_expectation_of_k_steps_from_the_data(pair: Any, k: int) -> None:
    rows = data_of(pair)
    data = pair.exact.weights_of(rows)
    after = data @ np.linalg.matrix_power(pair.exact.transition(), k)
    found = estimates(pair, CDk(nsteps=k), rows)
    assert_unbiased(found, pair.exact.gradients(data, after))


def test_pcd_with_chains_that_have_settled_is_the_gradient_of_the_likelihood(pair: Any) -> None:
    rows = data_of(pair)
    data, model = pair.exact.weights_of(rows), pair.exact.p_v()
    moves = 15
    uniform = np.full(len(data), 1 / len(data))
    left = uniform @ np.linalg.matrix_power(pair.exact.transition(), moves + 1) - model
    assert abs(left).max() < 1e-4  # the chains have forgotten where they began
    found = estimates(pair, SML(ROWS, 1), rows, moves)
    assert_unbiased(found, pair.exact.gradients(data, model))


def test_the_enumeration_is_right(pair: Any) -> None:
    exact, h = pair.exact, 1e-5
    np.testing.assert_allclose(exact.p_v() @ exact.transition(), exact.p_v(), rtol=1e-12)
    rows = data_of(pair)

    def nll(c: np.ndarray) -> float:
        other = type(exact)(exact.W, exact.b, c)
        return -float(other.weights_of(rows) @ np.log(other.p_v()))

    _, _, d_c = exact.gradients(exact.weights_of(rows), exact.p_v())
    for unit, step in enumerate(np.eye(len(exact.c)) * h):
        slope = (nll(exact.c + step) - nll(exact.c - step)) / (2 * h)
        assert d_c[unit] == pytest.approx(slope, rel=1e-6)


def trained(cost: Any, epochs: int, learning_rate: float = 0.1) -> Any:
    X = np.random.RandomState(1).randint(2, size=(60, 6)).astype(float)
    train = Train(
        DenseDesignMatrix(X=X),
        RBM(nvis=6, nhid=4, irange=0.1),
        SGD(
            learning_rate=learning_rate,
            batch_size=20,
            cost=cost,
            monitoring_dataset=DenseDesignMatrix(X=X),
            termination_criterion=EpochCounter(epochs),
        ),
    )
    train.rows = list(train)
    return train


def test_the_persistent_chain_moves_inside_the_epochs_program() -> None:
    # A learning rate of 0 leaves the model alone: the chain runs on its own.
    cost = SML(batch_size=500, nsteps=1, seed=3)
    model = trained(cost, epochs=0).model
    before = np.asarray(cost.particles.get_value())
    cost = SML(batch_size=500, nsteps=1, seed=3)
    train = trained(cost, epochs=5, learning_rate=0.0)
    after = np.asarray(cost.particles.get_value())
    assert set(np.unique(after)) == {0.0, 1.0}
    assert (before != after).any(axis=1).mean() > 0.9
    # Near-zero weights: the units are almost fair coins.
    assert abs(after.mean() - 0.5) < 4 * 0.5 / np.sqrt(after.size)
    np.testing.assert_array_equal(train.model.get_weights(), model.get_weights())


@pytest.mark.parametrize("cost", [CDk(1), SML(20, 1)], ids=["CDk", "SML"])
def test_training_records_no_objective_but_the_reconstruction_error(cost: Any) -> None:
    records = trained(cost, epochs=2).rows
    assert "objective" not in records[0]
    assert {"reconstruction_error", "h_mean", "bias_vis_max", "bias_hid_min"} <= set(records[0])


def test_the_same_seed_gives_the_same_training_and_another_another() -> None:
    runs = [trained(CDk(1, seed=seed), epochs=2).model.get_weights() for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: CDk(1),
        lambda: SML(20, 1),
        lambda: NCE(BernoulliNoise(p=np.full(6, 0.5)), noise_per_clean=2),
    ],
    ids=["CDk", "SML", "NCE"],
)
def test_a_training_that_goes_on_from_its_state_never_stopped(make: Any) -> None:
    whole, half = trained(make(), epochs=4), trained(make(), epochs=2)
    resumed = trained(make(), epochs=0)
    resumed.load_state_dict(half.state_dict())
    resumed.algorithm.termination_criterion._max_epochs = 4
    resumed.main_loop()
    for one, other in zip(
        whole.model.get_param_values(), resumed.model.get_param_values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    for name in ("particles", "log_partition"):
        if getattr(whole.algorithm.cost, name, None) is not None:
            values = [getattr(t.algorithm.cost, name).get_value() for t in (whole, resumed)]
            np.testing.assert_array_equal(*values)


def test_a_sum_of_costs_adds_sampled_gradients() -> None:
    pair_cost = SumOfCosts([[2.0, SML(10, 1, seed=1)], [0.5, CDk(1, seed=1)]])
    model = RBM(nvis=3, nhid=2)
    rows = sharedX(np.eye(3))
    both, updates = pair_cost.get_gradients(model, rows)
    assert pair_cost.expr(model, model.get_input_space().make_theano_batch()) is None
    assert pair_cost.costs[0].particles in updates
    alone = [cost.get_gradients(model, rows)[0] for cost in (SML(10, 1, seed=1), CDk(1, seed=1))]
    values = [evaluate(list(OrderedDict(grads).values())) for grads in (both, *alone)]
    for total, sml, cd in zip(*values, strict=True):
        np.testing.assert_allclose(total, 2.0 * sml + 0.5 * cd, rtol=1e-10)


def test_bgd_says_that_it_needs_a_value() -> None:
    data = DenseDesignMatrix(X=np.eye(3))
    with pytest.raises(ConfigError, match="value of CDk can't be computed"):
        BGD(cost=CDk(1), batch_size=3).setup(RBM(nvis=3, nhid=2), data)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_a_wrong_number_of_steps_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="nsteps: expected an integer > 0"):
        CDk(wrong)
