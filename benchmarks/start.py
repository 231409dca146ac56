"""How long the command line takes to answer: the best of several runs, and the median.

python benchmarks/start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
SPEC = """
sweep:
  grid: {a: {range: [0, 100, 1]}, b: {range: [0, 100, 1]}}
---
!obj:mine.Experiment { a: {{ a }}, b: {{ b }} }
"""


def seconds(*command: str) -> list[float]:
    """Wall seconds of RUNS runs, sorted."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sweeper", *command], check=True, stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - started)
    return sorted(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        spec = Path(scratch) / "grid.yaml.j2"
        spec.write_text(SPEC)
        for command in (["--help"], ["expand", "--count", str(spec)], ["expand", str(spec)]):
            times = seconds(*command)
            shown = " ".join(part if part != str(spec) else "10000-POINTS" for part in command)
            print(f"sweep {shown}: best {times[0]:.2f} s, median {statistics.median(times):.2f} s")


if __name__ == "__main__":
    main()
