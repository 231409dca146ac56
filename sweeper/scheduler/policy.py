"""Choices: how much to lease, what to try again, when to give up."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sweeper.records import Ended, Halving

# So many trials are seen before a sweep in which all of them failed is given up.
FIRST_TRIALS = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """How trials are leased and tried again.

    retries, retry_on, max_failures: as in SweepSpec.
    target_s: seconds of work that a lease should hold.    max_lease: trials a lease, at most.
    across: the rules that compare trials.
    max_held: a worker that holds so many attempts at their rungs begins no other while another
    worker is busy.
    """

    retries: int = 1
    retry_on: Literal["lost", "error"] = "lost"
    max_failures: int | None = None
    target_s: float = 1.0
    max_lease: int = 256
    across: tuple[Halving, ...] = ()
    max_held: int = 128


def lease_size(
    policy: Policy, *, seconds: float | None, left: int, workers: int, slots: int = 1
) -> int:
    """How many trials to lease at once, from 1.

    seconds: what one trial takes of a worker's time, None if not known yet.
    left: trials of this text to lease.    slots: how many a worker runs side by side: a lease
    fills them, for empty ones take as long as full ones.
    """
    if seconds is None:
        return min(slots, left)
    wanted = int(policy.target_s / seconds) if seconds > 0 else policy.max_lease
    # Half of an even share: near the end the others still find something to take.
    share = ceil(left / (2 * workers))
    size = max(1, min(wanted, policy.max_lease, share))
    return min(left, ceil(size / slots) * slots)


def average(seconds: float | None, latest: float) -> float:
    """What a trial takes, after one more took `latest`: the newest counts for half."""
    return latest if seconds is None else (seconds + latest) / 2


def retries_error(policy: Policy, ended: Ended, charges: int) -> bool:
    """Whether a failed attempt is made again."""
    return policy.retry_on == "error" and ended.kind == "error" and charges < policy.retries


def too_many_failures(policy: Policy, *, finished: int, failed: int) -> bool:
    """Whether the sweep ends here."""
    if policy.max_failures is None:
        return finished == 0 and failed >= FIRST_TRIALS
    return failed >= max(1, policy.max_failures)
