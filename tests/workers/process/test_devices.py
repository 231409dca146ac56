"""The checks of a worker's devices, as pure functions."""

from __future__ import annotations

import pytest

from sweeper.records import Resources
from sweeper.records.errors import ClusterError
from sweeper.workers.pool.setup import cores_of
from sweeper.workers.process import devices

GPU = Resources(gpus=1)


@pytest.mark.parametrize(
    ("given", "visible"),
    [(["0"], "0"), (["2", "3"], "2,3"), (["GPU-0a"], " GPU-0a "), ([], ""), ([], None)],
)
def test_a_worker_that_sees_just_its_gpus_goes_on(given, visible):
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    devices.check_visible(given, environ)


@pytest.mark.parametrize(
    ("given", "visible", "said"),
    [
        (["1"], "0,1", r"CUDA_VISIBLE_DEVICES is '0,1', .* given the GPUs \[1\]"),
        (["1"], None, r"CUDA_VISIBLE_DEVICES is unset, .* given the GPUs \[1\]"),
        ([], "0", r"CUDA_VISIBLE_DEVICES is '0', .* given the GPUs \[\]"),
        (["0", "1"], "1,0", r"is '1,0'"),
    ],
)
def test_a_worker_that_sees_other_gpus_stops(given, visible, said):
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    with pytest.raises(ClusterError, match=said):
        devices.check_visible(given, environ)


def test_a_gpu_that_jax_does_not_see_names_the_extra_to_install():
    with pytest.raises(ClusterError, match=r"JAX sees none\. .*pip install '\.\[cuda13\]'"):
        devices.check_platforms(["cpu"], ["0"], GPU)


def test_more_gpus_than_were_given_stop_the_worker():
    with pytest.raises(ClusterError, match=r"was given 1 GPUs, but JAX sees 2\."):
        devices.check_platforms(["gpu", "gpu"], ["0"], GPU)


def test_device_cpu_wants_no_gpu_of_jax():
    devices.check_platforms(["cpu"], ["0"], Resources(gpus=1, device="cpu"))
    devices.check_platforms(["gpu"], ["0"], GPU)


@pytest.mark.parametrize(
    ("worker", "cpus", "cores", "slice_"),
    [
        (0, 1, (4, 5, 6), (4,)),
        (2, 1, (4, 5, 6), (6,)),
        (1, 2, (0, 1, 2, 3), (2, 3)),
        (3, 1, (0, 1), (1,)),  # more workers than cores
        (1, 2, (0, 1, 2), (0, 1)),
        (0, 4, (0, 1), ()),  # fewer cores than one worker asks for
    ],
)
def test_each_worker_gets_its_slice_of_the_cores(worker, cpus, cores, slice_):
    assert cores_of(worker, cpus=cpus, cores=cores) == slice_
