"""How far a run is, as its user sees it."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from contextlib import closing

from sweeper.runs.open import open_to_read

TOY = """\
import time

class Toy:
    def __init__(self, x, epochs):
        self.x, self.epochs = x, epochs

    def __iter__(self):
        for epoch in range(self.epochs):
            time.sleep(0.05)
            yield {"loss": self.x / (epoch + 1)}
"""
GRID = """\
sweep:
  name: toy
  objective: {channel: loss, mode: min}
  workers: 1
  grid: {x: [1, 2, 3, 4]}
---
!obj:toy.Toy { x: {{ x }}, epochs: {{ epochs | default(3) }} }
"""


def table(sweep, run):
    code, out, _ = sweep("report", run, "--format", "csv")
    assert code == 0
    return list(csv.DictReader(io.StringIO(out)))


def until(look, timeout_s=90):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come so far")


def states(sweep, run):
    return Counter(row["state"] for row in table(sweep, run))


def driver_of(run_dir):
    with closing(open_to_read(run_dir)) as store:
        return store.sweep().pid
