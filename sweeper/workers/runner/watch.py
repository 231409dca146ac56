"""What a trial's rows mean to the sweep's rules, looked at where the rows are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean
from sweeper.records import Stop, Stopping
from sweeper.workers.rules import BELOW, Climb, Epochs, Follower, climb, follow
from sweeper.workers.rules.plateau import Best


class Watch:
    """Follows one attempt's rows."""

    def __init__(self, stopping: Stopping) -> None:
        self._followers = [Follower(rule) for rule in stopping.alone]
        self._heard: set[str] = set()
        self._rungs = stopping.rungs
        # Of the objective: the rules across trials have one channel.
        self._channel = stopping.across[0].channel if stopping.across else None
        self._climb = BELOW

    def see(self, phase: int, epoch: int, values: Mapping[str, float]) -> Stop | None:
        """Look at a row; what it says if the trial is to end."""
        first = None
        for place, follower in enumerate(self._followers):
            followed, stop = follow(follower, phase, epoch, values)
            if followed is follower:
                self._heard.update(values)
            self._followers[place] = followed
            first = first or stop
        if self._channel is not None and self._channel in values:
            self._see_objective(phase, epoch, values[self._channel])
        return first

    def _see_objective(self, phase: int, epoch: int, value: float) -> None:
        self._climb = climb(self._climb, self._rungs, phase, epoch, value)
        if self._climb.missed:
            raise ConfigError(
                f"sweep.stop: epoch {self._climb.missed} is a rung, and no row of it has the"
                f" objective {self._channel!r}: the next that has it is of epoch"
                f" {self._climb.epochs.now}. Report it at each rung, or choose other rungs."
            )

    @property
    def reached(self) -> tuple[tuple[int, float], ...]:
        """(rung, the objective there) of each rung so far."""
        return self._climb.values

    @property
    def rung(self) -> int:
        """The last rung that the trial has come to, 0 before the first."""
        return self._climb.top

    def check(self) -> None:
        """Raise ConfigError where the trial is through and no row had a rule's channel."""
        for follower in self._followers:
            name = follower.rule.channel
            if follower.seen or not self._heard:
                continue
            meant = did_you_mean(name, self._heard, "sentence")
            raise ConfigError(
                f"sweep.stop: a rule looks at the channel {name!r}, which no row of this trial"
                f" has.{meant} Its channels are: {', '.join(sorted(self._heard))}."
            )

    # -------------------------------------------------------------- checkpoints
    @property
    def state(self) -> list[Any]:
        """How far the rules have followed, as plain data."""
        alone = [[one.seen, astuple(one.epochs), astuple(one.best)] for one in self._followers]
        return [alone, [astuple(self._climb.epochs), list(self._climb.values)]]

    def load(self, state: Sequence[Any]) -> None:
        """Go on from what `state` said, of the same rules. Empty: nothing was followed."""
        alone, climbed = state or ((), None)
        if climbed is not None:
            epochs, values = climbed
            self._climb = Climb(Epochs(*epochs), tuple(map(tuple, values)))
        for place, (seen, epochs, best) in enumerate(alone):
            rule = self._followers[place].rule
            self._followers[place] = Follower(rule, Epochs(*epochs), Best(*best), seen)
