"""Jobs that the original Pylearn2 ran: every channel, at every epoch, to a millionth.

The figures in jobs/*.json are Pylearn2 af81e5c's on Theano 1.0.5 (Python 3.7, NumPy 1.16.6, CPU,
floatX=float64), on scikit-learn's digits divided by 16, in the ranges that `Digits` has. Lists of
values begin before the first epoch. `param_stats` are [shape, mean, standard deviation, L2 norm],
`param_head` the first five values.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pylearn2core.utils import serial

JOBS = Path(__file__).parent / "jobs"
# Rounding alone moves values by less; the absolute part is for those that are nearly 0.
TOLERANCE = {"rtol": 1e-6, "atol": 1e-9}
TIMES = {"training_seconds_this_epoch", "total_seconds_last_epoch"}
QUICK = ("autoencoder_tied_mse", "tutorial_logreg")


class Trained:
    """A job after its training, and what the original's run gave."""

    def __init__(self, name: str) -> None:
        self.reference = json.loads((JOBS / f"{name}.json").read_text())
        self.train = serial.load_train_file(str(JOBS / f"{name}.yaml"))
        self.first = self.train.model.get_param_values()
        self.train.main_loop()
        self.monitor = self.train.model.monitor


@cache
def trained(name: str) -> Trained:
    path = list(sys.path)
    job = Trained(name)
    sys.path[:] = path
    return job


def names() -> Iterator[Any]:
    for path in sorted(JOBS.glob("*.yaml")):
        marks = () if path.stem in QUICK else (pytest.mark.slow,)
        yield pytest.param(path.stem, marks=marks)


@pytest.fixture(params=names())
def job(request: pytest.FixtureRequest) -> Trained:
    return trained(request.param)


def test_there_is_a_reference_for_every_job() -> None:
    assert {path.stem for path in JOBS.glob("*.yaml")} == {p.stem for p in JOBS.glob("*.json")}
    assert set(QUICK) < {path.stem for path in JOBS.glob("*.yaml")}


def test_every_channel_agrees_at_every_epoch(job: Trained) -> None:
    found = {name: one.val_record for name, one in job.monitor.channels.items()}
    expected = job.reference["channels"]
    assert set(found) - TIMES == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, **TOLERANCE, err_msg=name)


def test_as_many_epochs_batches_and_examples_were_seen(job: Trained) -> None:
    reference, monitor = job.reference, job.monitor
    assert monitor.get_epochs_seen() == reference["epochs"]
    assert monitor.get_batches_seen() == reference["batches_seen"]
    assert monitor.get_examples_seen() == reference["examples_seen"]
    for channel in monitor.channels.values():
        assert channel.batch_record == reference["batch_record"]
        assert channel.example_record == reference["example_record"]


def assert_same(arrays: list[Any], stats: dict[str, list[Any]], heads: dict[str, Any]) -> None:
    """Arrays against the original's; heads are keyed by place and name."""
    for array, (key, head) in zip(arrays, heads.items(), strict=True):
        shape, *moments = stats[key.split(":", 1)[1]]
        assert list(array.shape) == shape
        np.testing.assert_allclose(np.ravel(array)[:5], head, **TOLERANCE, err_msg=key)
        own = [array.mean(), array.std(), np.linalg.norm(array)]
        np.testing.assert_allclose(own, moments, **TOLERANCE, err_msg=key)


def test_parameters_begin_and_end_as_the_originals(job: Trained) -> None:
    model, reference = job.train.model, job.reference
    assert [param.name for param in model.get_params()] == reference["param_order"]
    assert_same(job.first, reference["param_stats_init"], reference["param_head_init"])
    last = model.get_param_values()
    assert_same(last, reference["param_stats"], reference["param_head"])


@pytest.mark.slow
def test_the_means_of_polyak_averaging_agree() -> None:
    job = trained("polyak")
    means = job.train.extensions[0]._worker.param_to_mean
    arrays = [means[param].get_value() for param in job.train.model.get_params()]
    assert_same(arrays, job.reference["polyak_mean_stats"], job.reference["polyak_mean_head"])
