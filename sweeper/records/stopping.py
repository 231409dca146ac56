"""The rules that end a trial before its time: the header's `stop`, checked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Threshold:
    """Ends a trial whose channel is beyond a value, or NaN, from epoch `after` on.

    above, below: the values that it must not pass; None where there is none.
    """

    channel: str
    above: float | None = None
    below: float | None = None
    after: int = 1


@dataclass(frozen=True, slots=True)
class Plateau:
    """Ends a trial whose channel has not got better by more than `min_change` for so long.

    length: in `unit`.
    """

    channel: str
    mode: Literal["min", "max"]
    length: int
    unit: Literal["epochs", "rows"] = "epochs"
    min_change: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """A trial is to end. rule: its name.    why: at which epoch, against what."""

    rule: str
    why: str

    @property
    def message(self) -> str:
        """The paragraph that is kept."""
        return f"{self.rule}: {self.why}"


@dataclass(frozen=True, slots=True)
class Halving:
    """Lets the best of a cohort go on from each rung.

    rungs: epochs, growing.    keep: the share that goes on.
    """

    channel: str
    mode: Literal["min", "max"]
    rungs: tuple[int, ...]
    keep: Fraction


# What one trial's own rows decide.
AloneRule: TypeAlias = Threshold | Plateau


@dataclass(frozen=True, slots=True)
class Stopping:
    """The rules of a sweep, in the header's order.

    alone: those that need one trial alone.    across: those that compare a cohort's trials.
    cohort: how many trials it has at most: blocks of those of a batch, by ordinal.
    """

    alone: tuple[AloneRule, ...] = ()
    across: tuple[Halving, ...] = ()
    cohort: int = 0

    @property
    def rungs(self) -> tuple[int, ...]:
        """The epochs at which trials are compared."""
        return tuple(sorted({rung for rule in self.across for rung in rule.rungs}))

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that the rules look at."""
        return tuple(dict.fromkeys(rule.channel for rule in (*self.alone, *self.across)))


NO_RULES = Stopping()
