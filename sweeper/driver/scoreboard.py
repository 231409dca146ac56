"""What the driver itself looks at in the rows: the objective, and how far each trial came."""

from __future__ import annotations

import math
import operator
import re
import struct
from typing import TYPE_CHECKING

from pylearn2core.words import did_you_mean, shortened
from sweeper.records import AttemptState, TrialChanged, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweeper.records import Change, Ended, ExperimentText, Objective, Row
    from sweeper.store.base import StoreReader

_TOLD = 1000  # characters
_FLOAT64 = struct.Struct("=d")
_TRAIN = re.compile(r"(&\S+\s+)?!obj:(pylearn2|pylearn2core)\.train\.Train(?=[\s{]|$)")


class Scoreboard:
    """Keeps the best value of the objective, and finds out that no trial has its channel.

    best: (trial, value) among the trials that did not fail, None before there is one; NaN and
    infinity are no candidates.
    fault: a paragraph for the user, "" while nothing is wrong.
    hint: what may be wrong, while it may yet turn out well.
    known: of each trial that is not over, (phase, epoch) of its last row.
    """

    def __init__(self, objective: Objective | None, texts: Mapping[str, ExperimentText]) -> None:
        self.best: tuple[str, float] | None = None
        self.fault = ""
        self.hint = ""
        self.known: dict[str, tuple[int, int]] = {}
        self._objective = objective
        self._bests: dict[str, float] = {}  # each trial's own
        # A Train records all its channels in each row; phases and the user's own Python need not.
        self._is_shown_at_once = True
        self.add_texts(texts.values())
        self._is_known = objective is None
        self._beats = operator.lt if objective is None or objective.mode == "min" else operator.gt
        self._heard: set[str] = set()
        self._places: dict[tuple[str, ...], int | None] = {}

    def add_texts(self, texts: Iterable[ExperimentText]) -> None:
        """Trials of these texts are there."""
        if not all(_is_one_train(text.text) for text in texts):
            self._is_shown_at_once = False

    def recall(self, store: StoreReader) -> None:
        """Look at the rows that were recorded before this driver."""
        states = {one.id: one.state for one in store.trials()}
        for row in store.rows():
            if states[row.trial] is not TrialState.FAILED:
                self.see(row)
        for trial, state in states.items():
            if state.is_final:
                self.known.pop(trial, None)

    def see(self, row: Row) -> None:
        """Look at one row."""
        self.known[row.trial] = (row.phase, row.epoch)
        if self._objective is None:
            return
        place = self._places[row.channels] if row.channels in self._places else self._find(row)
        if place is None:
            self._miss(row)
            return
        if not self._is_known:
            self._is_known, self.hint = True, ""
        (value,) = _FLOAT64.unpack_from(row.data, place)
        own = self._bests.get(row.trial)
        if math.isfinite(value) and (own is None or self._beats(value, own)):
            self._bests[row.trial] = value
            if self.best is None or self._beats(value, self.best[1]):
                self.best = (row.trial, value)

    def see_end(self, ended: Ended) -> None:
        """Look at an attempt's end: a trial that finished has shown all its channels."""
        if ended.outcome is AttemptState.FAILED:
            self._forget(ended.trial)
        if ended.outcome is not AttemptState.FINISHED:
            return
        if not self._is_known:
            self._complain(ended.trial)
        elif "channels" in ended.info and not self.hint:
            self.hint = f"sweep.channels: {ended.info['channels']}"

    def see_change(self, change: Change) -> None:
        """Look at what is kept: a trial fails without an `Ended` where it lost its worker."""
        if isinstance(change, TrialChanged) and change.state.is_final:
            self.known.pop(change.trial, None)
            if change.state is TrialState.FAILED:
                self._forget(change.trial)

    def _forget(self, trial: str) -> None:
        self._bests.pop(trial, None)
        if self.best is not None and self.best[0] == trial:
            assert self._objective is not None
            choose = min if self._objective.mode == "min" else max
            self.best = choose(self._bests.items(), key=lambda item: item[1], default=None)

    def _find(self, row: Row) -> int | None:
        """Where the objective lies in the data of rows of this shape."""
        assert self._objective is not None
        name, channels = self._objective.channel, row.channels
        place = _FLOAT64.size * channels.index(name) if name in channels else None
        self._places[channels] = place
        return place

    def _miss(self, row: Row) -> None:
        if self._is_known:
            return
        self._heard.update(row.channels)
        if self._is_shown_at_once:
            self._complain(row.trial)
        elif not self.hint:
            assert self._objective is not None
            self.hint = f"no row has {self._objective.channel!r} yet.{self._there_are()}"

    def _complain(self, trial: str) -> None:
        assert self._objective is not None
        name = self._objective.channel
        self.fault = self.fault or (
            f"sweep.objective.channel: {name!r} is no channel that trial {trial} records."
            f"{self._there_are()}"
        )

    def _there_are(self) -> str:
        assert self._objective is not None
        there_are = shortened(", ".join(sorted(self._heard)), _TOLD) or "none: it reported no row"
        meant = did_you_mean(self._objective.channel, self._heard, "sentence")
        return f"{meant} Its channels are: {there_are}."


def _is_one_train(text: str) -> bool:
    """Whether an experiment's YAML is surely one document whose root is a Train."""
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    is_train = bool(lines) and _TRAIN.match(lines[0].lstrip()) is not None
    return is_train and not any(line.startswith("---") for line in lines[1:])
