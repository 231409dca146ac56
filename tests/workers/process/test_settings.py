"""What stands in a worker's environment before PyTensor and JAX are imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sweeper.records import Resources
from sweeper.workers.process import settings


def test_every_library_gets_as_many_threads_as_the_worker_has_cores():
    made = settings.of_process(Resources(cpus=3), {})
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        assert made[name] == "3"


def test_a_worker_without_a_gpu_keeps_jax_on_the_cpu():
    assert settings.of_process(Resources(), {})["JAX_PLATFORMS"] == "cpu"
    on_cpu = Resources(gpus=1, device="cpu")
    assert settings.of_process(on_cpu, {})["JAX_PLATFORMS"] == "cpu"
    assert "JAX_PLATFORMS" not in settings.of_process(Resources(gpus=1), {})


def test_workers_that_share_a_gpu_divide_its_memory():
    name = "XLA_PYTHON_CLIENT_MEM_FRACTION"
    quarter = settings.of_process(Resources(gpus=0.25), {})
    assert 4 * float(quarter[name]) <= 0.9 + 1e-9
    assert name not in settings.of_process(Resources(gpus=1), {})


def test_the_spec_s_floatx_comes_after_the_user_s_own_flags(tmp_path):
    made = settings.of_host("float32", tmp_path, {"PYTENSOR_FLAGS": "floatX=float64,mode=JAX"})
    expected = f"floatX=float64,mode=JAX,floatX=float32,compiledir={tmp_path},"
    assert made["PYTENSOR_FLAGS"].startswith(expected)


def test_pytensor_takes_the_last_floatx_and_the_worker_s_own_compile_folder(tmp_path):
    flags = settings.of_host("float32", tmp_path, {"PYTENSOR_FLAGS": "floatX=float64"})
    code = "import pytensor; print(pytensor.config.floatX, pytensor.config.compiledir)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=flags, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["float32", str(tmp_path)]


@pytest.mark.parametrize(
    ("precision", "asked"),
    [("float32", "HIGHEST"), ("tf32", "HIGH"), ("bfloat16", "DEFAULT")],
)
def test_a_programs_products_are_made_at_the_precision_of_the_header(tmp_path, precision, asked):
    made = settings.of_host("float32", tmp_path, {}, precision)
    code = (
        "import jax, numpy as np; x = np.ones((2, 2), np.float32);"
        "print(jax.jit(lambda x: x @ x).lower(x).as_text())"
    )
    environ = {**os.environ, **made, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert f"precision = [{asked}, {asked}]" in done.stdout
