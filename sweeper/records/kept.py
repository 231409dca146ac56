"""What the store is told, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sweeper.records.ending import Ending
from sweeper.records.events import Device, Row
from sweeper.records.plain import Value
from sweeper.records.plan import ExperimentText, Objective
from sweeper.records.states import AttemptState, TrialState


# ------------------------------------------------------------------ changes: scheduler to store
@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """Attempt `number` of a trial runs on a worker."""

    trial: str
    number: int
    worker: int
    device: Device
    time: float


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt is over, for good. Fields as in `Ended`."""

    trial: str
    number: int
    state: AttemptState
    time: float
    kind: str = ""
    message: str = ""
    traceback: str = ""
    info: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialChanged:
    """A trial has a new state."""

    trial: str
    state: TrialState
    time: float


Change: TypeAlias = AttemptStarted | AttemptEnded | TrialChanged | Row


# ------------------------------------------------------------------ what the store keeps
SweepState: TypeAlias = Literal["created", "running"] | Ending


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A run as the store keeps it.

    spec_path: the file as given.    spec_text: its whole text.    defines: of `-D name=value`.
    texts: text_id to the experiment's text.
    state: "created", "running", or how its last driver ended.
    generation: grows with each driver.    heartbeat: when the driver last said it lives.
    code: sha256 of each module of the user's beside the spec.
    """

    name: str
    created: float
    spec_path: str
    spec_text: str
    defines: Mapping[str, str]
    objective: Objective | None
    repeat: int
    texts: Mapping[str, ExperimentText]
    state: SweepState = "created"
    generation: int = 0
    host: str = ""
    pid: int = 0
    heartbeat: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)

    @property
    def ending(self) -> Ending | None:
        """How its last driver ended; None where none has, or one runs."""
        return self.state if isinstance(self.state, Ending) else None


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial as the store keeps it. attempts: number of its newest one, 0 before the first."""

    id: str
    ordinal: int
    values: Mapping[str, Value]
    text_id: str
    state: TrialState
    attempts: int


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt as the store keeps it. ended: None while it runs."""

    trial: str
    number: int
    state: AttemptState
    worker: int
    device: Device
    started: float
    ended: float | None
    kind: str
    message: str
    traceback: str
    info: Mapping[str, Value]
