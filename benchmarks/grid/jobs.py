"""The sweeps that the grid benchmark runs: data, sizes and axes, the same for every side."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Job:
    """One sweep.

    widths: of the layers, from input to output; two mean a softmax regression.
    kind: "classifier" (cross-entropy of a softmax) or "autoencoder" (tied, tanh, cross-entropy).
    rates, seeds, orders: the axes: learning rate, seed of the first weights, seed of the shuffles.
    """

    title: str
    kind: str
    widths: tuple[int, ...]
    rows: int
    batch_size: int
    epochs: int
    momentum: float
    rates: tuple[float, ...]
    seeds: tuple[int, ...] = (0,)
    orders: tuple[int, ...] = (0,)

    @property
    def trials(self) -> list[dict[str, float]]:
        """One mapping of axis names to values a trial."""
        points = itertools.product(self.rates, self.seeds, self.orders)
        return [dict(zip(("rate", "seed", "order"), point, strict=True)) for point in points]


def _rates(count: int) -> tuple[float, ...]:
    return tuple(float(f"{rate:.4g}") for rate in np.geomspace(0.01, 0.3, count))


JOBS = {
    "a": Job(
        "softmax 784-10", "classifier", (784, 10), 50_000, 200, 15, 0.0, _rates(8), tuple(range(8))
    ),
    "a2": Job(
        "softmax 784-10, own orders",
        "classifier",
        (784, 10),
        50_000,
        200,
        15,
        0.0,
        _rates(8),
        (0,),
        tuple(range(8)),
    ),
    "b": Job(
        "tied autoencoder 784-200",
        "autoencoder",
        (784, 200),
        50_000,
        100,
        3,
        0.0,
        _rates(8),
        tuple(range(8)),
    ),
    "c": Job(
        "MLP 784-500-500-10", "classifier", (784, 500, 500, 10), 50_000, 100, 2, 0.5, _rates(8)
    ),
    "d": Job(
        "MLP 64-32-10", "classifier", (64, 32, 10), 1_000, 32, 50, 0.5, _rates(16), tuple(range(16))
    ),
}


def make_data(job: Job, folder: Path) -> Path:
    """Write (and return) an .npz of X_train, y_train, X_valid, y_valid; float32 in [0, 1]."""
    path = folder / f"data-{job.widths[0]}-{job.rows}.npz"
    if not path.exists():
        rng = np.random.default_rng(0)
        rows = job.rows + job.rows // 5
        centres = rng.random((10, job.widths[0]))
        y = rng.integers(0, 10, rows)
        X = np.clip(centres[y] + rng.normal(0, 0.5, (rows, job.widths[0])), 0, 1).astype("float32")
        train = slice(0, job.rows)
        valid = slice(job.rows, None)
        np.savez(path, X_train=X[train], y_train=y[train], X_valid=X[valid], y_valid=y[valid])
    return path
