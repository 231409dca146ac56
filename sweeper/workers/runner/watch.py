"""What a trial's rows mean to the sweep's rules, looked at where the rows are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean
from sweeper.records import Stop, Stopping
from sweeper.workers.rules import Epochs, Follower, follow
from sweeper.workers.rules.plateau import Best


class Watch:
    """Follows one attempt's rows."""

    def __init__(self, stopping: Stopping) -> None:
        self._followers = [Follower(rule) for rule in stopping.alone]
        self._heard: set[str] = set()

    def see(self, phase: int, epoch: int, values: Mapping[str, float]) -> Stop | None:
        """Look at a row; what it says if the trial is to end."""
        first = None
        for place, follower in enumerate(self._followers):
            followed, stop = follow(follower, phase, epoch, values)
            if followed is follower:
                self._heard.update(values)
            self._followers[place] = followed
            first = first or stop
        return first

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
    def state(self) -> list[list[Any]]:
        """How far the rules have followed, as plain data."""
        return [[one.seen, astuple(one.epochs), astuple(one.best)] for one in self._followers]

    def load(self, state: Sequence[Sequence[Any]]) -> None:
        """Go on from what `state` said, of the same rules."""
        for place, (seen, epochs, best) in enumerate(state):
            rule = self._followers[place].rule
            self._followers[place] = Follower(rule, Epochs(*epochs), Best(*best), seen)
