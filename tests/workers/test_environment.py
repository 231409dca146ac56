"""What stands in a worker's environment before PyTensor and JAX are imported."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from importlib.metadata import version

import pytest

from sweeper.records import Resources
from sweeper.workers import environment


def test_every_library_gets_as_many_threads_as_the_worker_has_cores():
    made = environment.of_process(Resources(cpus=3), {})
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        assert made[name] == "3"


def test_a_worker_without_a_gpu_keeps_jax_on_the_cpu():
    assert environment.of_process(Resources(), {})["JAX_PLATFORMS"] == "cpu"
    on_cpu = Resources(gpus=1, device="cpu")
    assert environment.of_process(on_cpu, {})["JAX_PLATFORMS"] == "cpu"
    assert "JAX_PLATFORMS" not in environment.of_process(Resources(gpus=1), {})


def test_workers_that_share_a_gpu_divide_its_memory():
    name = "XLA_PYTHON_CLIENT_MEM_FRACTION"
    quarter = environment.of_process(Resources(gpus=0.25), {})
    assert 4 * float(quarter[name]) <= 0.9 + 1e-9
    assert name not in environment.of_process(Resources(gpus=1), {})


def test_the_spec_s_floatx_comes_after_the_user_s_own_flags(tmp_path):
    made = environment.of_host("float32", tmp_path, {"PYTENSOR_FLAGS": "floatX=float64,mode=JAX"})
    expected = f"floatX=float64,mode=JAX,floatX=float32,compiledir={tmp_path},"
    assert made["PYTENSOR_FLAGS"].startswith(expected)


def test_pytensor_takes_the_last_floatx_and_the_worker_s_own_compile_folder(tmp_path):
    flags = environment.of_host("float32", tmp_path, {"PYTENSOR_FLAGS": "floatX=float64"})
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
    made = environment.of_host("float32", tmp_path, {}, precision)
    code = (
        "import jax, numpy as np; x = np.ones((2, 2), np.float32);"
        "print(jax.jit(lambda x: x @ x).lower(x).as_text())"
    )
    environ = {**os.environ, **made, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert f"precision = [{asked}, {asked}]" in done.stdout


def test_the_compiled_programs_lie_in_the_user_s_own_folder(tmp_path):
    folder = environment.jax_cache({"XDG_CACHE_HOME": str(tmp_path)})
    assert folder.parent == tmp_path / "sweeper"
    assert folder.name.startswith(f"jax-{version('jax')}-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert environment.jax_cache({"XDG_CACHE_HOME": str(tmp_path)}) == folder


def test_a_cache_that_cannot_be_made_there_is_made_elsewhere(tmp_path):
    (tmp_path / "file").write_text("")
    folder = environment.jax_cache({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_programs_that_were_used_longest_ago_make_room(tmp_path):
    for age, name in enumerate(["jax-2/new", "jax-2/middle", "jax-1/old", "jax-1/oldest"]):
        path = tmp_path / f"{name}-cache"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - 1000))  # read, written
    (tmp_path / "jax-1" / "another file").write_bytes(bytes(1000))
    environment.trim(tmp_path, 250)
    left = {path.name for path in tmp_path.glob("*/*")}
    assert left == {"new-cache", "middle-cache", "another file"}


def test_the_cache_is_trimmed_before_a_worker_uses_it(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "CACHE_BYTES", 150)
    folder = environment.jax_cache({"XDG_CACHE_HOME": str(tmp_path)})
    for name in ("a-cache", "b-cache"):
        (folder / name).write_bytes(bytes(100))
    environment.jax_cache({"XDG_CACHE_HOME": str(tmp_path)})
    assert len(list(folder.iterdir())) == 1


def test_another_processor_has_another_folder():
    amd, intel = "model name\t: AMD EPYC\nflags\t: avx2\n", "model name\t: Xeon\nflags\t: avx512\n"
    assert environment._processor(amd) != environment._processor(intel)
    assert environment._processor(amd) == environment._processor(amd + amd)
