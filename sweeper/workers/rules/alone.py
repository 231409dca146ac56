"""The rules that need one trial alone: followed where its rows are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records import Plateau, Stop
from sweeper.workers.rules import plateau, threshold
from sweeper.workers.rules.epochs import START, Epochs, count
from sweeper.workers.rules.plateau import NONE_YET, Best

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import AloneRule


@dataclass(frozen=True, slots=True)
class Follower:
    """One rule, as far as it has followed one trial.

    seen: how many of its rows had the rule's channel.
    """

    rule: AloneRule
    epochs: Epochs = START
    best: Best = NONE_YET
    seen: int = 0


def follow(
    follower: Follower, phase: int, epoch: int, values: Mapping[str, float]
) -> tuple[Follower, Stop | None]:
    """Look at one more row of the trial."""
    rule = follower.rule
    value = values.get(rule.channel)
    if value is None:
        return follower, None
    epochs, best = count(follower.epochs, phase, epoch), follower.best
    if isinstance(rule, Plateau):
        best = plateau.see(rule, best, epochs.now, value)
        name, why = "plateau", plateau.judge(rule, best, epochs.now)
    else:
        name, why = "threshold", threshold.judge(rule, epochs.now, value)
    followed = Follower(rule, epochs, best, follower.seen + 1)
    return followed, Stop(name, why) if why else None
