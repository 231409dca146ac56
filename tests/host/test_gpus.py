"""GPUs are counted, named and left to a process by its variables and what nvidia-smi lists."""

from __future__ import annotations

import pytest

from sweeper.host import gpus

LISTING = "GPU 0: NVIDIA H200 (UUID: GPU-0a)\nGPU 1: NVIDIA H200 (UUID: GPU-1b)\n"


@pytest.mark.parametrize(
    ("environ", "listing", "number"),
    [
        ({}, LISTING, 2),
        ({}, "", 0),
        ({"CUDA_VISIBLE_DEVICES": "1"}, LISTING, 1),
        ({"CUDA_VISIBLE_DEVICES": "4,5, 6"}, "", 3),
        ({"CUDA_VISIBLE_DEVICES": "GPU-0a,GPU-1b"}, LISTING, 2),
        ({"CUDA_VISIBLE_DEVICES": ""}, LISTING, 0),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, LISTING, 0),
        ({"SWEEP_LOGICAL_GPUS": "1", "SWEEP_NUM_GPUS": "4"}, "", 4),
        ({"SWEEP_NUM_GPUS": "4"}, "", 0),
    ],
)
def test_gpus_are_counted_as_this_process_may_use_them(environ, listing, number):
    assert gpus.count(environ, listing) == number


def test_a_gpu_is_known_by_its_uuid_where_nvidia_smi_tells_it():
    assert gpus.uuids(["1", "0"], LISTING) == ("GPU-1b", "GPU-0a")
    assert gpus.uuids(["GPU-1b"], LISTING) == ("GPU-1b",)
    assert gpus.uuids(["3"], "") == ("3",)
