"""One root error, a few kinds; each says how a run ends by it, and so knows its exit code."""

from __future__ import annotations

from typing import ClassVar

from sweeper.records.ending import Ending, EndKind


class SweepError(Exception):
    """Root of the errors that the command line prints as one paragraph.

    kind: how a run ends that this error ends.
    """

    kind: ClassVar[EndKind] = EndKind.CRASHED

    @property
    def exit_code(self) -> int:
        """What the process exits with when this error ends it."""
        return self.kind.exit_code


class InputError(SweepError):
    """The user's input is wrong: spec, option, folder, module.

    The message says where, what was found, what was expected and what to do.
    """

    kind = EndKind.INPUT


class StoreError(SweepError):
    """The store can't be read or written (missing, locked, full disk, later version)."""

    kind = EndKind.STORE


class StoreBusyError(StoreError):
    """Another driver is alive on this run."""


class FencedError(StoreError):
    """A write came from a driver whose generation is over."""

    kind = EndKind.TAKEN_OVER


class DamageError(StoreError):
    """A file of a run is not what was written there: cut, edited, bit-flipped, or a stranger's."""


def damage(place: object, found: str, *, left: str, todo: str) -> DamageError:
    """The paragraph of such a file.

    found: what is wrong with it.    left, todo: what can be read all the same, and what to do;
    sentences.
    """
    return DamageError(f"{place}: damaged, or no file of ours: {found}. {left} {todo}")


class ClusterError(SweepError):
    """The cluster's fault: Ray can't start, no worker comes up, devices do not match."""

    kind = EndKind.CLUSTER


def ending_of(error: BaseException) -> Ending:
    """How a run ended that this ended."""
    reason = str(error) or type(error).__name__
    if isinstance(error, KeyboardInterrupt):
        return Ending(EndKind.INTERRUPTED, reason)
    return Ending(error.kind if isinstance(error, SweepError) else EndKind.CRASHED, reason)
