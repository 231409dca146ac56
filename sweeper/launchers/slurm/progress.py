"""Whether a start got a run any further: `python -m sweeper.launchers.slurm.progress RUN NOTE`.

Run after each start that ended for want of time. Ends with 1, and says why, where several in a
row reached nothing new: a trial that takes longer than the time limit and can't be saved would
else go back into the queue without end.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records.errors import SweepError
from sweeper.runs.open import open_to_read

if TYPE_CHECKING:
    from sweeper.records import Row, TrialState

FRUITLESS_STARTS = 3


def reached(run_dir: Path) -> int:
    """How far the run is: trials that are over, and the different rows of the rest."""
    with closing(open_to_read(run_dir)) as store:
        counts: dict[TrialState, int] = dict(store.counts())
        over = sum(number for state, number in counts.items() if state.is_final)
        left = {trial.id for trial in store.unfinished()}
        rows = {_place(row) for row in store.rows() if row.trial in left}
    return over * (1 << 32) + len(rows)


def _place(row: Row) -> tuple[str, int, int]:
    return row.trial, row.phase, row.epoch


def fruitless(before: dict[str, int], now: int) -> dict[str, int]:
    """Count a start. before: as this function returned it, {} before the first."""
    reached_before, count = before.get("reached", 0), before.get("fruitless", 0)
    if now > reached_before:
        return {"reached": now, "fruitless": 0}
    return {"reached": reached_before, "fruitless": count + 1}


def main(arguments: list[str]) -> int:
    """Count this start; returns the exit code."""
    run_dir, note = map(Path, arguments)
    try:
        before = json.loads(note.read_text()) if note.exists() else {}
        now = fruitless(before, reached(run_dir))
        note.write_text(json.dumps(now))
    except (OSError, ValueError, SweepError) as error:
        print(f"how far the run is can't be told: {error}")
        return 1
    if now["fruitless"] < FRUITLESS_STARTS:
        return 0
    print(
        f"{FRUITLESS_STARTS} starts in a row ended for want of time and reached nothing new, so"
        " this job does not go back into the queue. Ask for more `time`, or write"
        " `checkpoint_every` into the spec's header and launch it anew."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
