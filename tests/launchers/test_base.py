"""How many workers fit."""

from __future__ import annotations

import pytest

from sweeper.launchers.fit import Room, count_workers
from sweeper.records import Resources
from sweeper.records.errors import InputError

EIGHT = Room(cores=tuple(range(8)), gpus=4)


@pytest.mark.parametrize(
    ("resources", "trials", "workers"),
    [
        (Resources(cpus=1), 100, 8),
        (Resources(cpus=3), 100, 2),  # floor(8 / 3)
        (Resources(cpus=1), 5, 5),  # no more than trials
        (Resources(gpus=1), 100, 4),
        (Resources(gpus=2), 100, 2),
        (Resources(gpus=0.25), 100, 16),
        (Resources(gpus=0.3), 100, 12),  # three share one GPU
        (Resources(gpus=0.1), 100, 40),
        (Resources(cpus=8, gpus=1), 100, 4),  # cores are shared where GPUs are asked for
    ],
)
def test_as_many_workers_start_as_fit_and_have_something_to_do(resources, trials, workers):
    assert count_workers(resources, EIGHT, wanted=None, trials=trials) == workers


def test_fewer_workers_may_be_asked_for_but_not_more():
    assert count_workers(Resources(), EIGHT, wanted=3, trials=100) == 3
    with pytest.raises(InputError, match=r"workers: 9 were asked for, but 8 fit here"):
        count_workers(Resources(), EIGHT, wanted=9, trials=100)


def test_one_core_is_no_cores():
    one = Room(cores=(0,), gpus=1)
    with pytest.raises(InputError, match=r"2 were asked for, but 1 fits here: each takes 1 core,"):
        count_workers(Resources(), one, wanted=2, trials=2)
    with pytest.raises(InputError, match=r"takes 2 cores, but there is only 1 core\."):
        count_workers(Resources(cpus=2), one, wanted=None, trials=2)
    with pytest.raises(InputError, match=r"takes 2 GPUs, but there is only 1 GPU\."):
        count_workers(Resources(gpus=2), one, wanted=None, trials=2)


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (Resources(cpus=9), r"a worker takes 9 cores, but there are only 8 cores"),
        (Resources(gpus=5), r"a worker takes 5 GPUs, but there are only 4 GPUs"),
        (Resources(device="gpu"), r"`device: gpu` needs a GPU for each worker: add `gpus: 1`"),
    ],
)
def test_a_worker_that_does_not_fit_is_refused(resources, said):
    with pytest.raises(InputError, match=said):
        count_workers(resources, EIGHT, wanted=None, trials=1)
