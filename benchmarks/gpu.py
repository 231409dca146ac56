"""The engine on a GPU, without Ray: steps by the width of the pack, and whole grids.

`python benchmarks/gpu.py [--steps a b c d] [--grids a d] [-k 1 8 32 128 256]`. Needs JAX with its
GPU plugin; PyTorch with CUDA is the other side where it is installed. Runs on a CPU too, to try it.
Prints the device, microseconds a trial-step by K with the width that the engine would choose, and
seconds of whole grids (the trials of benchmarks/grid, run by the runner in this process) for the
engine's own K and for one trial at a time, beside PyTorch's trials one after the other.
"""

from __future__ import annotations

import os

_CORES = os.sched_getaffinity(0)
os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float32")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")  # a header's float32

import argparse  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "grid")]

import step as one_step  # noqa: E402

os.sched_setaffinity(0, _CORES)  # step.py is for one core

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from pylearn2core.engine import width  # noqa: E402


def has_torch() -> str:
    """PyTorch's device, "" where it is not installed."""
    try:
        import torch
    except ImportError:
        return ""
    return "cuda" if torch.cuda.is_available() else "cpu"


def bound_us(job: one_step.Job) -> float:
    """Microseconds of the step's matrix products at the speed of one large product."""
    size = 4096 if jax.default_backend() != "cpu" else 1024
    big = jnp.ones((size, size), dtype="float32")
    product = jax.jit(lambda a: a @ a)
    took = one_step.microseconds(lambda: product(big).block_until_ready(), 1)
    return job.operations * took / (2 * size**3)


def steps(name: str, widths: list[int]) -> None:
    job = one_step.JOBS[name]
    per_epoch = job.rows // job.batch
    least = bound_us(job)
    print(f"\n{name}: {job.title}; microseconds a trial-step (bound by products: {least:.2f})")
    by_hand = one_step.microseconds(one_step.in_jax(job), per_epoch)
    print(f"{'JAX by hand, a call a step':36}{by_hand:10.2f}")
    if has_torch():
        eager = one_step.microseconds(one_step.in_torch(job, has_torch()), per_epoch)
        print(f"{'PyTorch eager':36}{eager:10.2f}{by_hand / eager:8.2f} x JAX by hand")
    print(f"{'K':>6}{'own batches':>14}{'the same':>12}{'x JAX by hand':>15}{'x bound':>9}")
    for n_slots in widths:
        took = [
            one_step.microseconds(
                one_step.here(job, n_slots, common=common), per_epoch * n_slots, seconds=1.0
            )
            for common in (False, True)
        ]
        best = min(took)
        print(
            f"{n_slots:6}{took[0]:14.2f}{took[1]:12.2f}{by_hand / best:15.2f}{best / least:9.2f}",
            flush=True,
        )
    chosen = width(one_step.requests(job, 1, common=True)[0])
    print(f"the engine's own K: {chosen}")


# ------------------------------------------------------------------ whole grids
def grid(name: str, most: int) -> None:
    import jobs

    job = jobs.JOBS[name]
    count = min(most, len(job.trials))
    with tempfile.TemporaryDirectory() as scratch:
        data = jobs.make_data(job, Path(scratch))
        print(f"\n{name}: {job.title}, {count} trials, {job.epochs} epochs; seconds")
        sides = {
            "here": lambda: ours(name, data, Path(scratch), None, count),
            "here, pack: 1": lambda: ours(name, data, Path(scratch), 1, count),
        }
        if has_torch():
            sides[f"PyTorch on {has_torch()}"] = lambda: torch_trials(name, data, count)
        first = 0.0
        for title, run in sides.items():
            took = run()
            first = first or took
            print(f"{title:36}{took:10.2f}{took / first:8.2f} x ours", flush=True)


def ours(name: str, data: Path, folder: Path, pack: int | None, count: int) -> float:
    """Seconds of all trials, compilation with it, by the runner of a worker."""
    import importlib.util

    import jobs

    from sweeper import spec as specs
    from sweeper.records import Ended, RunnerSetup, TrialTask
    from sweeper.workers.interruption import Interruption
    from sweeper.workers.runner import Runner

    # benchmarks/grid is a folder with a __main__.py: its spec is taken from there.
    found = importlib.util.spec_from_file_location("grid_main", HERE / "grid" / "__main__.py")
    assert found is not None
    assert found.loader is not None
    grid_main = importlib.util.module_from_spec(found)
    found.loader.exec_module(grid_main)
    path = folder / f"grid-{name}.yaml.j2"
    path.write_text(grid_main.spec_text(name, jobs.JOBS[name], data, "auto"))
    expansion = specs.expand(specs.load(path))
    trials = expansion.trials[:count]
    tasks = [
        TrialTask(one.id, 1, one.text_id, one.tokens, seed=0, pack=pack, mates=len(trials))
        for one in trials
    ]
    setup = RunnerSetup(
        run_dir=str(folder / "run"),
        spec_path=str(path),
        channels=("*objective", "*misclass"),
        modules=("grid_models",),
        floatX="float32",
    )
    runner = Runner(setup, 0)
    began = time.perf_counter()
    ends = [
        item
        for item in runner.run(tasks, expansion.texts, Interruption())
        if isinstance(item, Ended)
    ]
    took = time.perf_counter() - began
    bad = [end.message for end in ends if end.message]
    if bad or len(ends) != len(tasks):
        raise SystemExit(f"{len(bad)} trials failed: {bad[:1]}")
    return took


def torch_trials(name: str, data: Path, count: int) -> float:
    import jobs
    import peer_torch

    job = jobs.JOBS[name]
    began = time.perf_counter()
    for trial in job.trials[:count]:
        one = peer_torch.Trial(job, data, **trial, device=has_torch())
        for _ in range(job.epochs):
            one.epoch()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", nargs="*", choices=one_step.JOBS, default=list(one_step.JOBS))
    parser.add_argument("--grids", nargs="*", default=["a", "d"])
    parser.add_argument("-k", "--widths", nargs="+", type=int, default=[1, 8, 32, 64, 128, 256])
    parser.add_argument("--trials", type=int, default=1000, help="of a grid, at most")
    chosen = parser.parse_args()
    device = jax.devices()[0]
    print(f"{device.device_kind} ({jax.default_backend()}), JAX {jax.__version__}")
    for name in chosen.steps:
        steps(name, chosen.widths)
    for name in chosen.grids:
        grid(name, chosen.trials)


if __name__ == "__main__":
    main()
