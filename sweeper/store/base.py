"""What a store promises to the driver, which writes it alone, and to its readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sweeper.records import (
        AttemptRecord,
        Change,
        ExperimentText,
        Row,
        SweepRecord,
        SweepState,
        Trial,
        TrialRecord,
        TrialState,
    )


StoreLocation: TypeAlias = Path | str


class StoreReader(Protocol):
    """What was recorded. A reader sees one moment: that of its first question."""

    def sweep(self) -> SweepRecord:
        """The run itself."""

    def trials(self) -> list[TrialRecord]:
        """Every trial, by ordinal."""

    def attempts(self, trial: str | None = None) -> list[AttemptRecord]:
        """The attempts of one trial or of all, by trial's ordinal and number."""

    def rows(self, trial: str | None = None) -> Iterator[Row]:
        """The history of one trial or of all, by trial's ordinal, phase and epoch.

        It is the newest attempt's rows, and of each earlier attempt the rows before the first one
        of a newer attempt: what that one went on from.
        """

    def counts(self) -> dict[TrialState, int]:
        """Number of trials in each state; every state has a key."""

    def proposed(self) -> list[Trial]:
        """Every trial, as it was proposed, by ordinal."""

    def batches(self) -> tuple[int, ...]:
        """For each batch in which trials came, the ordinal that its first new one has.

        A batch has no trial of its own where the next one, or the number of trials, is the same.
        """

    def unfinished(self) -> list[Trial]:
        """The trials whose state is not final, as they were proposed, by ordinal."""

    def close(self) -> None:
        """Let go of the store. Closing twice is closing once."""


class Store(StoreReader, Protocol):
    """What a driver writes, beside what it can read.

    Every write carries the generation that `claim` gave, is one transaction, and raises
    FencedError when another driver has claimed the store since. A store that can't be written (a
    full disk, a lock) raises StoreError and keeps what was written before.
    """

    def claim(self, host: str, pid: int, now: float) -> int:
        """Become the store's one driver and return the new generation.

        Raises StoreBusyError, which names host and process, while another driver lives.
        """

    def heartbeat(self, generation: int, now: float) -> None:
        """Say that the driver lives."""

    def write(self, generation: int, changes: Sequence[Change]) -> int:
        """Record `changes` in their order; return how many were dropped.

        Dropped is what comes from an attempt that is over or was never started, and what would
        change a trial whose state is final. An attempt is over when it ended or a newer one of
        its trial started. The same row written twice is one row.
        """

    def add_trials(
        self,
        generation: int,
        trials: Sequence[Trial],
        texts: Mapping[str, ExperimentText] | None = None,
    ) -> list[Trial]:
        """Put a batch of trials behind those that are there; return them as they are kept.

        A trial that is there already stays as it is and where it is. The others get the ordinals
        that follow, in their order, and wait.    texts: those of these trials that may be new.
        """

    def finish(self, generation: int, state: SweepState, now: float) -> None:
        """Record how the run ended; "created" leaves it as if no driver had been there."""

    def reopen(self, generation: int, trials: Collection[str]) -> list[str]:
        """Let those of `trials` that failed or were cancelled wait again; the ones that did."""

    def publish(self, now: float) -> bool:
        """Let readers elsewhere see what was written, if it is due; True if it was done."""


class Backend(Protocol):
    """Makes and opens stores of one kind.

    place: of a run's store: a path, or a name with the scheme of its backend before it.
    published: whether the driver holds the store alone and publishes copies, which is what
    readers read; None: where the disk is a network's.
    """

    def create(
        self,
        place: StoreLocation,
        sweep: SweepRecord,
        trials: Iterable[Trial],
        *,
        published: bool | None = None,
    ) -> Store:
        """A new store that holds `sweep` and `trials`, its first batch, written in one transaction.

        Raises StoreError if there is one already or it can't be written.
        """

    def open(self, place: StoreLocation, *, published: bool | None = None) -> Store:
        """The store of a run, for a driver that goes on with it.

        Raises StoreBusyError if another process holds it alone, StoreError if there is no store
        or a later version of this program made it.
        """

    def read(self, place: StoreLocation, *, published: bool | None = None) -> StoreReader:
        """The store of a run, read-only; works while a driver writes it. Raises StoreError."""
