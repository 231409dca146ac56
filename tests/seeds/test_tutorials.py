"""The tutorial "Your models in Pylearn2", files and commands unchanged; its numbers by NumPy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

EPOCHS, BATCH, RATE, SEED = 15, 200, 1e-3, 1234
SETS = ("train", "valid", "test")


# ------------------------------------------------------------------ what the commands print
def records(output: str) -> list[dict[str, float]]:
    """The channels of each epoch, from the lines `\tname: value`."""
    found: list[dict[str, float]] = []
    for name, value in re.findall(r"^\t([\w ]+): (\S+)$", output, flags=re.MULTILINE):
        if name == "Epochs seen":
            found.append({})
        found[-1][name] = float(value)
    return found


def channel(output: str, name: str) -> list[float]:
    return [record[name] for record in records(output)]


# ------------------------------------------------------------------ the same in NumPy
def batches(n: int) -> Iterator[np.ndarray]:
    """The rows of each batch of an epoch; Pylearn2's generator, shuffled anew for each epoch."""
    rng = np.random.RandomState([2012, 10, 5])
    while True:
        order = np.arange(n)
        rng.shuffle(order)
        yield order.reshape(-1, BATCH)


class LogisticRegression:
    def __init__(self) -> None:
        self.W = np.random.RandomState(SEED).uniform(size=(784, 10))
        self.b = np.zeros(10)

    def scores(self, X: np.ndarray) -> np.ndarray:
        z = X @ self.W + self.b
        return z - z.max(axis=1, keepdims=True)

    def objective(self, X: np.ndarray, y: np.ndarray) -> float:
        z = self.scores(X)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y[:, 0]]))

    def error(self, X: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean(self.scores(X).argmax(axis=1) != y[:, 0]))

    def step(self, X: np.ndarray, y: np.ndarray) -> None:
        p = np.exp(self.scores(X))
        d = (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y[:, 0]]) / len(X)
        self.W -= RATE * (X.T @ d)
        self.b -= RATE * d.sum(axis=0)


class Autoencoder:
    def __init__(self) -> None:
        self.W = np.random.RandomState(SEED).uniform(size=(784, 200))
        self.b, self.c = np.zeros(200), np.zeros(784)

    def objective(self, X: np.ndarray) -> float:
        """-x log s(z) - (1 - x) log(1 - s(z)) is softplus(z) - x z: finite for every finite z."""
        z = np.tanh(X @ self.W + self.b) @ self.W.T + self.c
        return float(np.mean((np.logaddexp(0, z) - X * z).sum(axis=1)))

    def step(self, X: np.ndarray) -> None:
        h = np.tanh(X @ self.W + self.b)
        dz = (1 / (1 + np.exp(-(h @ self.W.T + self.c))) - X) / len(X)
        da = (dz @ self.W) * (1 - h**2)
        self.W -= RATE * (X.T @ da + dz.T @ h)
        self.b -= RATE * da.sum(axis=0)
        self.c -= RATE * dz.sum(axis=0)


def trained(model: Any, *arrays: np.ndarray) -> Iterator[Any]:
    """The model before training and after each epoch."""
    yield model
    for order, _ in zip(batches(len(arrays[0])), range(EPOCHS), strict=False):
        for rows in order:
            model.step(*(array[rows] for array in arrays))
        yield model


def float64(arrays: list[Any]) -> list[Any]:
    return [array.astype("float64") if array.dtype == "float32" else array for array in arrays]


@pytest.fixture(scope="module")
def logistic_regression(tutorial: Any) -> dict[str, list[float]]:
    """Channel name to its values, by NumPy."""
    data = {name: float64(tutorial.arrays(f"{name}_X", f"{name}_y")) for name in SETS}
    expected: dict[str, list[float]] = {
        f"{n}_{c}": [] for n in SETS for c in ("objective", "error")
    }
    for model in trained(LogisticRegression(), *data["train"]):
        for name, arrays in data.items():
            expected[f"{name}_objective"].append(model.objective(*arrays))
            expected[f"{name}_error"].append(model.error(*arrays))
    return expected


# ------------------------------------------------------------------ the tests
def test_the_tutorials_command_splits_a_pickle_of_python_2(tutorial: Any) -> None:
    X, y = tutorial.arrays("valid_X", "valid_y")
    assert (X.dtype, X.shape) == (np.dtype("float32"), (200, 784))
    assert (y.dtype, y.shape) == (np.dtype("int64"), (200, 1))
    rng = np.random.default_rng(20)
    rng.uniform(size=(10, 784)), rng.uniform(size=(10, 784))
    rng.integers(0, 10, size=600), rng.uniform(size=(600, 784))
    np.testing.assert_array_equal(y[:, 0], rng.integers(0, 10, size=200))


@pytest.mark.parametrize("name", SETS)
def test_the_training_script_shows_the_objectives_that_numpy_computes(
    tutorial: Any, logistic_regression: dict[str, list[float]], name: str
) -> None:
    output = tutorial.run_once("-m", "pylearn2core.scripts.train", "log_reg.yaml")
    assert channel(output, "Epochs seen") == list(range(EPOCHS + 1))
    found = channel(output, f"{name}_objective")
    np.testing.assert_allclose(found, logistic_regression[f"{name}_objective"], rtol=1e-10)


def test_the_tutorials_own_command_shows_the_classification_error(
    monitored: Any, logistic_regression: dict[str, list[float]]
) -> None:
    output = monitored.python(
        "-c",
        "from pylearn2.utils import serial; \
train_obj = serial.load_train_file('log_reg.yaml'); \
train_obj.main_loop()",
    )
    for name in SETS:
        for quantity in ("objective", "error"):
            found = channel(output, f"{name}_{quantity}")
            expected = logistic_regression[f"{name}_{quantity}"]
            np.testing.assert_allclose(found, expected, rtol=1e-10, err_msg=f"{name}_{quantity}")


def test_the_saturated_autoencoder_trains_as_the_stable_formula_says(tutorial: Any) -> None:
    output = tutorial.python("-m", "pylearn2.scripts.train", "autoencoder.yaml")
    (X,) = float64(tutorial.arrays("train_X"))
    expected = [model.objective(X) for model in trained(Autoencoder(), X)]
    # The sigmoid of the first scores is 1 in float64: without the stable form this is infinite.
    assert min(Autoencoder().W.sum(axis=1)) > 40
    np.testing.assert_allclose(channel(output, "train_objective"), expected, rtol=1e-9)


def test_the_saturated_autoencoder_stays_finite_in_float32(tutorial: Any) -> None:
    output = tutorial.python(
        "-c",
        "from pylearn2.utils import serial; \
train_obj = serial.load_train_file('autoencoder.yaml'); \
train_obj.main_loop()",
        flags="floatX=float32",
    )
    (X,) = float64(tutorial.arrays("train_X"))
    found = channel(output, "train_objective")
    assert len(found) == EPOCHS + 1
    assert all(math.isfinite(value) for value in found)
    np.testing.assert_allclose(found[0], Autoencoder().objective(X), rtol=1e-4)
