"""What the driver itself looks at in the rows: the objective."""

from __future__ import annotations

import difflib
import math
import struct
from contextlib import closing
from typing import TYPE_CHECKING

from sweeper.records import AttemptState, TrialState
from sweeper.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweeper.records import Ended, ExperimentText, Objective, Row

_FLOAT64 = struct.Struct("=d")


class Watch:
    """Keeps the best value of the objective, and finds out that no trial has its channel.

    best: (trial, value) among the trials that did not fail, None before there is one.
    fault: a paragraph for the user, "" while nothing is wrong.
    """

    def __init__(self, objective: Objective | None, texts: Mapping[str, ExperimentText]) -> None:
        self.best: tuple[str, float] | None = None
        self.fault = ""
        self._objective = objective
        self._bests: dict[str, float] = {}  # each trial's own
        # An experiment of several phases may have the channel in a later one only.
        self._in_phases = any(_has_phases(text.text) for text in texts.values())
        self._is_known = objective is None
        self._heard: set[str] = set()
        self._places: dict[tuple[str, ...], int | None] = {}

    def recall(self, run_dir: Path) -> None:
        """Look at the rows that were recorded before this driver."""
        if self._objective is not None:
            with closing(SqlStore.read(run_dir)) as store:
                failed = {one.id for one in store.trials() if one.state is TrialState.FAILED}
                for row in store.rows():
                    if row.trial not in failed:
                        self.see(row)

    def see(self, row: Row) -> None:
        """Look at one row."""
        objective = self._objective
        if objective is None:
            return
        place = self._place(row.channels)
        if place is None:
            self._miss(row)
            return
        self._is_known = True
        (value,) = _FLOAT64.unpack_from(row.data, _FLOAT64.size * place)
        if math.isnan(value):
            return
        sign = 1 if objective.mode == "min" else -1
        own = self._bests.get(row.trial)
        if own is None or sign * value < sign * own:
            self._bests[row.trial] = value
        if self.best is None or sign * value < sign * self.best[1]:
            self.best = (row.trial, value)

    def see_end(self, ended: Ended) -> None:
        """Look at an attempt's end: a trial that finished has shown all its channels."""
        if ended.outcome is AttemptState.FAILED:
            self._forget(ended.trial)
        if not self._is_known and ended.outcome is AttemptState.FINISHED:
            self._complain(ended.trial)

    def _forget(self, trial: str) -> None:
        self._bests.pop(trial, None)
        if self.best is not None and self.best[0] == trial:
            assert self._objective is not None
            choose = min if self._objective.mode == "min" else max
            self.best = choose(self._bests.items(), key=lambda item: item[1], default=None)

    def _place(self, channels: tuple[str, ...]) -> int | None:
        """Where the objective stands in rows of this shape."""
        if channels not in self._places:
            assert self._objective is not None
            name = self._objective.channel
            self._places[channels] = channels.index(name) if name in channels else None
        return self._places[channels]

    def _miss(self, row: Row) -> None:
        if self._is_known:
            return
        self._heard.update(row.channels)
        if not self._in_phases:
            self._complain(row.trial)

    def _complain(self, trial: str) -> None:
        assert self._objective is not None
        name = self._objective.channel
        there_are = ", ".join(sorted(self._heard)) or "none: it reported no row"
        close = difflib.get_close_matches(name, self._heard, n=1)
        meant = f" Did you mean {close[0]!r}?" if close else ""
        self.fault = self.fault or (
            f"sweep.objective.channel: {name!r} is no channel that trial {trial} records.{meant}"
            f" Its channels are: {there_are}."
        )


def _has_phases(text: str) -> bool:
    """Whether an experiment's YAML is a list of phases, or has several documents."""
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    listed = bool(lines) and lines[0].lstrip().startswith(("[", "- "))
    return listed or any(line.startswith("---") for line in lines[1:])
