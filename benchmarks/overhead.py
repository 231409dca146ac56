"""What a trial costs beside its own work: trivial trials through the real `sweep launch`.

    python benchmarks/overhead.py                       # 100 and 2,000 trials of 10 rows
    python benchmarks/overhead.py --sizes 1000 10000 100000

Start-up (Ray, imports, workers) is paid once a launch, so each figure is the difference between two
sizes that follow one another, divided by the difference in trials: equal figures mean that the cost
of a trial does not grow with their number.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MODULE = '''
class Trivial:
    """Yields rows of two channels and does nothing else."""

    def __init__(self, x, rows):
        self.x = x
        self.rows = rows

    def __iter__(self):
        for epoch in range(self.rows):
            yield {"objective": float(self.x), "epoch": float(epoch)}
'''
SPEC = """
sweep:
  name: overhead
  objective: {{channel: objective, mode: min}}
  grid:
    x: {{range: [0, {trials}, 1]}}
---
!obj:trivial.Trivial {{ x: {{{{ x }}}}, rows: {rows} }}
"""
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """One launch. peak_kb: the driver's own largest resident memory."""

    trials: int
    wall_s: float
    peak_kb: int
    files: int


def peak_kb(pid: int) -> int:
    """The largest resident memory of a process so far, 0 when it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0


def measure(folder: Path, trials: int, rows: int, workers: int | None) -> Measured:
    """Launch one sweep of trivial trials in `folder` and wait for it."""
    folder.mkdir()
    (folder / "trivial.py").write_text(MODULE)
    spec, out = folder / "overhead.yaml.j2", folder / "run"
    spec.write_text(SPEC.format(trials=trials, rows=rows))
    command = [sys.executable, "-m", "sweeper", "launch", str(spec), "--out", str(out)]
    if workers:
        command += ["--workers", str(workers)]
    started, peak = time.monotonic(), 0
    with (folder / "log").open("w") as log:
        driver = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        while driver.poll() is None:
            peak = max(peak, peak_kb(driver.pid))
            time.sleep(POLL_S)
    if driver.returncode:
        raise SystemExit((folder / "log").read_text())
    wall_s = time.monotonic() - started
    return Measured(trials, wall_s, peak, sum(path.is_file() for path in out.rglob("*")))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 2000], metavar="TRIALS")
    parser.add_argument("--rows", type=int, default=10, help="rows a trial")
    parser.add_argument("--workers", type=int, help="default: as many as fit")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        runs = [
            measure(Path(scratch) / str(trials), trials, chosen.rows, chosen.workers)
            for trials in sorted(set(chosen.sizes))
        ]
    for run in runs:
        print(
            f"{run.trials:>7} trials of {chosen.rows} rows: {run.wall_s:.2f} s, "
            f"driver {run.peak_kb / 1024:.0f} MB, {run.files} files"
        )
    for few, many in pairwise(runs):
        more = many.trials - few.trials
        print(f"\nof each trial from {few.trials} to {many.trials}:")
        print(f"  time            {(many.wall_s - few.wall_s) / more * 1000:.3f} ms")
        print(f"  driver's memory {(many.peak_kb - few.peak_kb) / more:.2f} kB")
        print(f"  files           {(many.files - few.files) / more * 1000:.1f} for 1,000 trials")


if __name__ == "__main__":
    main()
