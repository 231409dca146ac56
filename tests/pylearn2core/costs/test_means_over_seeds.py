"""Costs that draw noise: their means over seeds are the exact expectations.

For a handful of inputs every mask can be written down, so the expectation is a sum in NumPy over
all of them, each with its probability. Each example stands in the data many times, and each copy
has noise of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytensor
import pytest
from scipy.special import expit, log_softmax

from pylearn2core.corruption import (
    BinomialCorruptor,
    BinomialSampler,
    DropoutCorruptor,
    GaussianCorruptor,
    MultinomialSampler,
    OneHotCorruptor,
    SaltPepperCorruptor,
)
from pylearn2core.costs.autoencoder import MeanBinaryCrossEntropy, MeanSquaredReconstructionError
from pylearn2core.costs.mlp.dropout import Dropout
from pylearn2core.engine import evaluate
from pylearn2core.models.autoencoder import (
    Autoencoder,
    DenoisingAutoencoder,
    HigherOrderContractiveAutoencoder,
    StackedDenoisingAutoencoder,
)
from pylearn2core.models.mlp import MLP, Softmax, Tanh

SEEDS = range(20)
COPIES = 100
RNG = np.random.RandomState(0)
ROWS = RNG.uniform(0.1, 0.9, size=(4, 4))
DIGITS = np.eye(3)[[0, 2, 1, 0]]
# So far off lies one mean of 20 in 1,300 where all is right (Student's t); the seeds are fixed.
DEVIATIONS = 4.0


def copies(rows: Any) -> Any:
    return pytensor.shared(np.repeat(rows, COPIES, axis=0))


def over_seeds(draw: Callable[[int], Any], seeds: Iterable[int] = SEEDS) -> Any:
    """The values that `draw` gives for each seed, as the engine computes them."""
    return np.array([evaluate([draw(seed)])[0] for seed in seeds])


def assert_mean(values: Any, expected: Any) -> None:
    """The mean over the seeds is `expected`, give or take its own standard error."""
    values = np.asarray(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert np.all(error > 0), "nothing was random"
    assert np.all(np.abs(values.mean(axis=0) - expected) < DEVIATIONS * error)
    # An error as large as the value would let anything through.
    assert np.all(error < 0.1 * np.maximum(np.abs(expected), 0.1))


def masks(n: int, keep: float) -> Iterator[tuple[Any, float]]:
    """Every mask of n numbers, and its probability."""
    for bits in product((0.0, 1.0), repeat=n):
        mask = np.array(bits)
        yield mask, float(np.prod(np.where(mask == 1, keep, 1 - keep)))


# Corruptors -----------------------------------------------------------------------------------

SHARES = ROWS / ROWS.sum(axis=1, keepdims=True)
# corruptor, data, mean and mean square of the noisy numbers
CORRUPTORS: list[tuple[Callable[[int], Any], Any, Any, Any]] = [
    (lambda seed: BinomialCorruptor(0.3, seed), ROWS, 0.7 * ROWS, 0.7 * ROWS**2),
    (lambda seed: DropoutCorruptor(0.3, seed), ROWS, ROWS, ROWS**2 / 0.7),
    (lambda seed: GaussianCorruptor(0.5, seed), ROWS, ROWS, ROWS**2 + 0.25),
    (lambda seed: SaltPepperCorruptor(0.4, seed), ROWS, 0.6 * ROWS + 0.2, 0.6 * ROWS**2 + 0.2),
    (lambda seed: OneHotCorruptor(0.4, seed), ROWS, 0.6 * ROWS + 0.1, 0.6 * ROWS**2 + 0.1),
    (lambda seed: BinomialSampler(rng=seed), ROWS, ROWS, ROWS),
    (lambda seed: MultinomialSampler(rng=seed), SHARES, SHARES, SHARES),
]


@pytest.mark.parametrize(
    ("make", "rows", "mean", "square"),
    CORRUPTORS,
    ids=lambda value: type(value(1)).__name__ if callable(value) else "",
)
def test_a_corruptors_moments(make: Any, rows: Any, mean: Any, square: Any) -> None:
    drawn = over_seeds(lambda seed: make(seed + 1)(copies(rows)))
    drawn = drawn.reshape(len(SEEDS), *rows.shape[:1], COPIES, *rows.shape[1:])
    assert_mean(drawn.mean(axis=2), mean)
    assert_mean((drawn**2).mean(axis=2), square)


# Dropout --------------------------------------------------------------------------------------


def classifier(seed: int) -> MLP:
    """Weights that do not depend on the seed; the noise does."""
    layers = [Tanh(layer_name="h", dim=3, irange=1.0), Softmax(3, "y", irange=1.0)]
    mlp = MLP(nvis=4, layers=layers, seed=seed)
    rng = np.random.RandomState(7)
    for param in mlp.get_params():
        param.set_value(rng.normal(size=param.get_value().shape))
    return mlp


def expected_dropout_cost(mlp: Any) -> float:
    """Inputs stay with 0.8 and count 1.25 times, hidden units with 0.5 and count twice."""
    below, above = mlp.layers
    total = 0.0
    for first, p_first in masks(4, 0.8):
        hidden = np.tanh(ROWS * first * 1.25 @ below.get_weights() + below.get_biases())
        for second, p_second in masks(3, 0.5):
            z = hidden * second * 2.0 @ above.get_weights() + above.get_biases()
            costs = -(DIGITS * log_softmax(z, axis=1)).sum(axis=1)
            total += p_first * p_second * costs.mean()
    return total


@pytest.mark.parametrize(
    ("per_example", "seeds"),
    # With one mask for all examples a seed is one draw: it takes more of them.
    [(True, SEEDS), (False, range(200))],
)
def test_the_dropout_cost(per_example: bool, seeds: range) -> None:
    cost = Dropout(
        default_input_include_prob=0.5,
        default_input_scale=2.0,
        input_include_probs={"h": 0.8},
        input_scales={"h": 1.25},
        per_example=per_example,
    )
    data = copies(ROWS), copies(DIGITS)
    values = over_seeds(lambda seed: cost.expr(classifier(seed), data), seeds)
    assert_mean(values, expected_dropout_cost(classifier(0)))


# Autoencoders ---------------------------------------------------------------------------------


def seen(autoencoder: Any) -> Any:
    """The same weights for each seed."""
    rng = np.random.RandomState(3)
    for param in autoencoder.get_params():
        param.set_value(2.0 * rng.normal(size=param.get_value().shape))
    return autoencoder


def denoising(seed: int) -> Any:
    corruptor = BinomialCorruptor(0.3, seed + 1)
    return seen(DenoisingAutoencoder(corruptor, 4, 3, "sigmoid", "sigmoid"))


def stacked(seed: int) -> Any:
    parts = [Autoencoder(4, 3, "sigmoid", "sigmoid"), Autoencoder(3, 2, "tanh", None)]
    return seen(StackedDenoisingAutoencoder(parts, BinomialCorruptor(0.3, seed + 1)))


def by_hand(autoencoder: Any, rows: Any) -> Any:
    """What an autoencoder, or a stack of two, makes of rows that are noisy already."""
    if isinstance(autoencoder, StackedDenoisingAutoencoder):
        first, second = autoencoder.autoencoders
        low = expit(rows @ first.get_weights() + first.hidbias.get_value())
        high = np.tanh(low @ second.get_weights() + second.hidbias.get_value())
        rows = high @ second.w_prime.get_value() + second.visbias.get_value()
        return expit(rows @ first.w_prime.get_value() + first.visbias.get_value())
    low = expit(rows @ autoencoder.get_weights() + autoencoder.hidbias.get_value())
    return expit(low @ autoencoder.w_prime.get_value() + autoencoder.visbias.get_value())


def squares(back: Any) -> Any:
    return ((ROWS - back) ** 2).sum(axis=1).mean()


def cross_entropies(back: Any) -> Any:
    return -(ROWS * np.log(back) + (1 - ROWS) * np.log(1 - back)).sum(axis=1).mean()


@pytest.mark.parametrize("make", [denoising, stacked])
@pytest.mark.parametrize(
    ("cost", "error"),
    [
        (MeanSquaredReconstructionError(), squares),
        (MeanBinaryCrossEntropy(), cross_entropies),
    ],
    ids=["squares", "cross-entropies"],
)
def test_the_error_of_reconstruction_from_noisy_inputs(make: Any, cost: Any, error: Any) -> None:
    model = make(0)
    expected = sum(p * error(by_hand(model, ROWS * mask)) for mask, p in masks(4, 0.7))
    assert_mean(over_seeds(lambda seed: cost.expr(make(seed), copies(ROWS))), expected)


def test_the_higher_order_penalty() -> None:
    def make(seed: int) -> Any:
        corruptor = BinomialCorruptor(0.3, seed + 1)
        return seen(HigherOrderContractiveAutoencoder(corruptor, 2, 4, 3, "sigmoid", "sigmoid"))

    model = make(0)

    def jacobian(rows: Any) -> Any:
        hidden = expit(rows @ model.get_weights() + model.hidbias.get_value())
        return model.get_weights()[None] * (hidden * (1 - hidden))[:, None, :]

    expected = sum(
        p * ((jacobian(ROWS) - jacobian(ROWS * mask)) ** 2).mean() for mask, p in masks(4, 0.7)
    )
    assert_mean(over_seeds(lambda seed: make(seed).higher_order_penalty(copies(ROWS))), expected)
