"""Where a trial and its attempts are."""

from __future__ import annotations

from enum import StrEnum


class TrialState(StrEnum):
    """PENDING -> LEASED -> RUNNING -> one of the final states."""

    PENDING = "pending"
    LEASED = "leased"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing but an explicit retry leads out of this state."""
        return self in _FINAL


_FINAL = {TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED, TrialState.CANCELLED}


class AttemptState(StrEnum):
    """RUNNING, then one of the rest, which never changes again."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether the attempt has come to its end."""
        return self is not AttemptState.RUNNING
