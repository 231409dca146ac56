"""The rules that end a trial before its time: the header's `stop`, checked."""

from __future__ import annotations

from dataclasses import dataclass
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


# What one trial's own rows decide.
AloneRule: TypeAlias = Threshold | Plateau


@dataclass(frozen=True, slots=True)
class Stopping:
    """The rules of a sweep. alone: those that need one trial alone, in the header's order."""

    alone: tuple[AloneRule, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that the rules look at."""
        return tuple(dict.fromkeys(rule.channel for rule in self.alone))


NO_RULES = Stopping()
