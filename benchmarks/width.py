"""How many times faster K trials run as a pack than one by one: the table of ADR 9.

`python benchmarks/width.py [-k 4 8 16 32]`. One core, CPU time, so that it stands a busy machine;
"own" with batches of their own, "same" with the same ones, shared.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import step

from pylearn2core.engine import width

JOBS = (
    step.Job("softmax 64-10, 32", (64, 10), 32, 1000, 0.0),
    step.Job("MLP 64-32-10, 8", (64, 32, 10), 8, 400, 0.5),
    step.Job("MLP 64-32-10, 32", (64, 32, 10), 32, 1000, 0.5),
    step.Job("softmax 784-10, 20", (784, 10), 20, 2000, 0.0),
    step.Job("MLP 64-100-10, 32", (64, 100, 10), 32, 640, 0.5),
    step.Job("MLP 784-30-10, 10", (784, 30, 10), 10, 200, 0.5),
    step.Job("MLP 64-32-10, 256", (64, 32, 10), 256, 2560, 0.5),
    step.Job("MLP 64-100-100-10, 32", (64, 100, 100, 10), 32, 640, 0.5),
    step.Job("MLP 784-100-10, 10", (784, 100, 10), 10, 200, 0.5),
    step.Job("softmax 784-10, 200", (784, 10), 200, 4000, 0.0),
    step.Job("MLP 64-256-256-10, 32", (64, 256, 256, 10), 32, 320, 0.5),
    step.Job("softmax 784-10, 1000", (784, 10), 1000, 5000, 0.0),
    step.Job("MLP 784-100-10, 100", (784, 100, 10), 100, 1000, 0.5),
    step.Job("MLP 784-500-10, 100", (784, 500, 10), 100, 500, 0.5),
    step.Job("MLP 784-500-500-10, 100", (784, 500, 500, 10), 100, 300, 0.5),
)


def cpu_us(run: Callable[[], object], steps: int, *, seconds: float = 0.7) -> float:
    """Best of several timings, microseconds of CPU time a step. run: does `steps` steps."""
    run()
    best, end, times = float("inf"), time.process_time() + seconds, 0
    while times < 3 or time.process_time() < end:
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
        times += 1
    return best / steps * 1e6


def row(job: step.Job, widths: list[int]) -> str:
    steps = job.rows // job.batch
    alone = cpu_us(step.here(job, 1, common=True), steps)
    gains = [
        alone / cpu_us(step.here(job, n_slots, common=common), steps * n_slots)
        for common in (False, True)
        for n_slots in widths
    ]
    request = step.requests(job, 1, common=True)[0]
    work = request.step.compiled.work(request.step, request.passes)
    share = work.rows / work.moved
    facts = f"{work.operations:10.1e}{work.moved:10.1e}{share:7.2f}{alone:9.1f}"
    return (
        f"{job.title:24}{facts}" + "".join(f"{gain:7.2f}" for gain in gains) + f"{width(request):6}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", "--widths", nargs="+", type=int, default=[4, 8, 16, 32])
    widths = parser.parse_args().widths
    heads = [f"{how}{n_slots}".rjust(7) for how in ("own", "same") for n_slots in widths]
    print(f"{'':24}{'operations':>10}{'moved':>10}{'rows':>7}{'us':>9}{''.join(heads)}{'K':>6}")
    for job in JOBS:
        print(row(job, widths), flush=True)


if __name__ == "__main__":
    main()
