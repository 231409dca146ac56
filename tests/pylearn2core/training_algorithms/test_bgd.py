"""Batch gradient descent, step by step, against a computation in NumPy alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin, SumOfCosts
from pylearn2core.costs.mlp import Default, WeightDecay
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.models.mlp import MLP, Softmax
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.bgd import BGD

ROWS, FEATURES, CLASSES, DECAY = 23, 4, 3, 0.01


def data() -> tuple[Any, Any]:
    rng = np.random.RandomState(5)
    y = rng.randint(CLASSES, size=ROWS)
    return rng.normal(size=(ROWS, FEATURES)) + y[:, None] * 0.7, y


def trained(epochs: int = 2, batch_size: int = 10, **kwargs: Any) -> tuple[Any, Train]:
    """([softmax_b, softmax_W] after training, the Train)."""
    X, y = data()
    dataset = DenseDesignMatrix(X=X, y=y.reshape(-1, 1), y_labels=CLASSES)
    layer_args = {"W_lr_scale": 0.5, "max_col_norm": 0.4}
    layer = Softmax(layer_name="y", n_classes=CLASSES, irange=0.5, **layer_args)
    algorithm = BGD(
        cost=SumOfCosts([Default(), WeightDecay({"y": DECAY})]),
        batch_size=batch_size,
        monitoring_dataset=dataset,
        termination_criterion=EpochCounter(epochs),
        **kwargs,
    )
    train = Train(dataset, MLP(nvis=FEATURES, layers=[layer]), algorithm)
    train.main_loop()
    return train.model.get_param_values(), train


class ByHand:
    """The same in NumPy, from the written description of the algorithm."""

    def __init__(self, mode: str | None, conjugate: bool, reset: bool, n_searches: int) -> None:
        rng = np.random.RandomState([2013, 1, 4])
        W = rng.uniform(-0.5, 0.5, (FEATURES, CLASSES))
        self.params = self.constrained([np.zeros(CLASSES), W])
        self.mode, self.conjugate, self.reset, self.n = mode, conjugate, reset, n_searches
        self.first = [0.5, 1.0] if mode else [0.001, 0.005, 0.01, 0.05, 0.1]
        self.direction = [np.zeros_like(p) for p in self.params]
        self.channels: dict[str, float] = {}
        self.sizes: list[float] = []

    @staticmethod
    def constrained(params: list[Any]) -> list[Any]:
        b, W = params
        norms = np.sqrt((W**2).sum(axis=0))
        return [b, W * np.clip(norms, 0, 0.4) / np.maximum(1e-7, norms)]

    def objective(self, X: Any, y: Any, params: list[Any]) -> float:
        z = X @ params[1] + params[0]
        z = z - z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return float(-log_p[np.arange(len(y)), y].mean() + DECAY * (params[1] ** 2).sum())

    def gradient(self, X: Any, y: Any) -> list[Any]:
        z = X @ self.params[1] + self.params[0]
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1.0
        p /= len(y)
        return [p.sum(axis=0), X.T @ p + 2 * DECAY * self.params[1]]

    def at(self, alpha: float) -> list[Any]:
        if alpha == 0.0:
            return self.params
        moved = zip(self.params, self.direction, [1.0, 0.5], strict=True)
        return self.constrained([p - alpha * scale * d for p, d, scale in moved])

    def minimize(self, X: Any, y: Any) -> None:
        steps = list(self.first)
        norm = 0.0 if self.reset else 1.0
        for _ in range(self.n):
            old = [d * norm for d in self.direction]
            g = self.gradient(X, y)
            if self.conjugate:

                def dot(a: Any, b: Any) -> float:
                    return float(sum((i * j).sum() for i, j in zip(a, b, strict=True)))

                beta = max(0.0, (dot(g, g) - dot(g, old)) / (1e-7 + dot(old, old)))
                g = [new + beta * before for new, before in zip(g, old, strict=True)]
            norm = float(np.sqrt(sum((part**2).sum() for part in g)))
            self.direction = [part / norm for part in g]

            def f(alpha: float) -> float:
                return self.objective(X, y, self.at(alpha))

            best, steps = (self.listed if self.mode is None else self.exhaustive)(steps, f)
            self.params = self.at(best)
            self.sizes.append(best)
            for name, value in (("size", best), ("grad", norm), ("mult", best / norm)):
                old_mean = self.channels.get(name)
                new_mean = value if old_mean is None else 0.01 * value + 0.99 * old_mean
                self.channels[name] = new_mean

    def listed(self, steps: list[float], f: Any) -> tuple[float, list[float]]:
        values = [f(step) for step in steps]
        lowest = min(values)
        if lowest > f(0.0):
            assert steps[0] > 3e-7  # the small problem never gets to the floor
            return 0.0, [step / 3 for step in steps]
        place = max(i for i, value in enumerate(values) if value == lowest)
        best = steps[place]
        if place == 0:
            return best, [step / 3 for step in steps]
        if place == len(steps) - 1:
            return best, [step * 2 for step in steps]
        if max(b / a for a, b in pairwise(steps)) > 5:
            return best, [step**0.99 * best**0.01 for step in steps]
        return best, steps

    def exhaustive(self, steps: list[float], f: Any) -> tuple[float, list[float]]:
        known = {0.0: f(0.0), **{step: f(step) for step in steps}}
        gain_before = 0.0
        while True:
            xs = sorted(known)
            best = min(xs, key=lambda x: known[x])
            at = xs.index(best)
            if at == 0:
                x = xs[1] / 2
            elif at == len(xs) - 1:
                x = 2 * best
            else:
                left, right = xs[at - 1], xs[at + 1]
                x = (best + (right if known[right] < known[left] else left)) / 2
            if x < 1e-20:
                break
            value = f(x)
            gain = known[best] - value
            many = len(known) > 10
            known[x] = value
            if 0 < gain < 0.01 * gain_before or many:
                break
            gain_before = gain
        xs = sorted(known)
        best = min(xs, key=lambda x: known[x])
        start = max(best if best > 0 else xs[1], 0.002)
        return best, [start / 2, start]


def by_hand(
    epochs: int = 2,
    batch_size: int = 10,
    n: int = 10,
    mode: str | None = None,
    conjugate: bool = False,
    reset: bool = True,
    reset_alpha: bool = True,
    scale: float = 1.0,
) -> ByHand:
    hand = ByHand(mode, conjugate, reset, n)
    X, y = data()
    rng = np.random.RandomState([2012, 10, 16])
    for _ in range(epochs):
        order = np.arange(ROWS)
        rng.shuffle(order)
        for start in range(0, ROWS, batch_size):
            rows = order[start : start + batch_size]
            before, first = hand.params, hand.first
            steps_after: list[Any] = []
            search = hand.listed if mode is None else hand.exhaustive

            def noted(steps: Any, f: Any, search: Any = search, out: Any = steps_after) -> Any:
                best, new = search(steps, f)
                out.append(new)
                return best, new

            name = "listed" if mode is None else "exhaustive"
            setattr(hand, name, noted)
            hand.minimize(X[rows], y[rows])
            setattr(hand, name, search)
            hand.first = first if reset_alpha else steps_after[-1]
            pairs = zip(before, hand.params, strict=True)
            hand.params = [(1 - scale) * old + scale * new for old, new in pairs]
    return hand


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {}),
        ({"reset_alpha": False, "updates_per_batch": 25}, {"reset_alpha": False, "n": 25}),
        ({"line_search_mode": "exhaustive"}, {"mode": "exhaustive"}),
        # Few searches: near the lowest point, rounding decides which step is the better.
        (
            {
                "line_search_mode": "exhaustive",
                "conjugate": True,
                "batch_size": ROWS,
                "updates_per_batch": 3,
            },
            {"mode": "exhaustive", "conjugate": True, "batch_size": ROWS, "n": 3},
        ),
        (
            {"conjugate": True, "reset_conjugate": False, "updates_per_batch": 3},
            {"conjugate": True, "reset": False, "n": 3},
        ),
        ({"scale_step": 0.25, "updates_per_batch": 4}, {"scale": 0.25, "n": 4}),
    ],
)
def test_every_search_takes_the_step_that_numpy_takes(arguments: Any, expected: Any) -> None:
    values, train = trained(**arguments)
    hand = by_hand(**expected)
    for value, wanted in zip(values, hand.params, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-9, atol=1e-12)
    channels = train.model.monitor.channels
    last = {name: channels[f"ave_{name}"].val_record[-1] for name in NAMES.values()}
    for short, name in NAMES.items():
        assert last[name] == pytest.approx(hand.channels[short], rel=1e-9)
    assert len(set(hand.sizes)) > 2  # the searches chose between steps
    assert train.model.monitor.get_examples_seen() == 2 * ROWS


NAMES = {"size": "step_size", "grad": "grad_size", "mult": "grad_mult"}


def test_conjugate_directions_solve_a_quadratic_in_as_many_searches_as_it_has_dimensions() -> None:
    A = np.diag([1.0, 3.0, 9.0])
    target = np.array([1.0, -2.0, 0.5])
    start = np.zeros(3)

    class Quadratic(DefaultDataSpecsMixin, Cost):
        """(w - target)' A (w - target) / 2, with w the first three biases."""

        def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
            w = model.get_params()[0] - target
            return 0.5 * (w * (A @ w)).sum() + 0.0 * data.sum() + 0.0 * model.get_params()[1].sum()

    losses = {}
    for conjugate in (True, False):
        layer = Softmax(layer_name="y", n_classes=3, irange=0.0)
        model = MLP(nvis=2, layers=[layer])
        model.get_params()[0].set_value(start)
        dataset = DenseDesignMatrix(X=np.ones((4, 2)))
        algorithm = BGD(
            cost=Quadratic(),
            batch_size=4,
            updates_per_batch=6,
            conjugate=conjugate,
            line_search_mode="exhaustive",
        )
        algorithm.setup(model, dataset)
        algorithm.train(dataset)
        w = model.get_params()[0].get_value() - target
        losses[conjugate] = 0.5 * w @ A @ w
    assert losses[True] < 0.1 * losses[False]
    assert losses[True] < 1e-3 * 0.5 * target @ A @ target


class NoValue(DefaultDataSpecsMixin, Cost):
    supervised = True

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        return None


def test_a_cost_without_a_value_is_refused_with_what_to_use_instead() -> None:
    X, y = data()
    dataset = DenseDesignMatrix(X=X, y=y.reshape(-1, 1), y_labels=CLASSES)
    layer = Softmax(layer_name="y", n_classes=CLASSES, irange=0.5)
    algorithm = BGD(cost=NoValue(), batch_size=10)
    with pytest.raises(ConfigError, match=r"value of NoValue can't be computed .* Train with SGD"):
        algorithm.setup(MLP(nvis=FEATURES, layers=[layer]), dataset)


def test_nan_in_the_data_ends_training_with_an_error() -> None:
    X, y = data()
    X[3, 1] = np.nan
    dataset = DenseDesignMatrix(X=X, y=y.reshape(-1, 1), y_labels=CLASSES)
    layer = Softmax(layer_name="y", n_classes=CLASSES, irange=0.5)
    algorithm = BGD(cost=Default(), batch_size=ROWS)
    algorithm.setup(MLP(nvis=FEATURES, layers=[layer]), dataset)
    with pytest.raises(NonFiniteError, match=r"objective is NaN in epoch 1"):
        algorithm.train(dataset)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"line_search_mode": "wide"}, "expected 'exhaustive' or none"),
        ({"init_alpha": [0.1, 0.05]}, "step sizes above 0 in ascending order"),
        ({"init_alpha": []}, "step sizes above 0"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BGD(cost=Default(), **arguments)


def test_batches_for_monitoring_need_a_dataset() -> None:
    X, y = data()
    dataset = DenseDesignMatrix(X=X, y=y.reshape(-1, 1), y_labels=CLASSES)
    layer = Softmax(layer_name="y", n_classes=CLASSES, irange=0.5)
    algorithm = BGD(cost=Default(), batch_size=10, monitoring_batches=2)
    with pytest.raises(ConfigError, match=r"BGD was given monitoring_batches"):
        algorithm.setup(MLP(nvis=FEATURES, layers=[layer]), dataset)
