"""The driver's pen: gathers changes and writes them to the store in batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.records import TrialChanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.driver.upload import SnapshotUpload
    from sweeper.records import Change, Ending, ExperimentText, Trial
    from sweeper.store.base import Store

WRITE_EVERY_S = 0.2
WRITE_AT = 5_000
BEAT_EVERY_S = 5.0


class Ledger:
    """Writes under one driver's generation. Raises what the store raises."""

    def __init__(self, store: Store, generation: int, upload: SnapshotUpload | None = None) -> None:
        self.store = store
        self._upload = upload
        self._generation = generation
        self._changes: list[Change] = []
        # The newest state of each trial is what matters; most pass three within one batch.
        self._states: dict[str, TrialChanged] = {}
        self._written = self._beat = time.monotonic()

    def add(self, change: Change) -> None:
        """Keep a change for the next write."""
        if isinstance(change, TrialChanged):
            self._states[change.trial] = change
        else:
            self._changes.append(change)

    def write_if_due(self) -> None:
        """Write what has gathered, at most a few times a second; say that the driver lives."""
        now = time.monotonic()
        if now - self._written >= WRITE_EVERY_S or len(self._changes) >= WRITE_AT:
            self.write()
        if now - self._beat >= BEAT_EVERY_S:
            self.beat()

    def beat(self) -> None:
        """Say that the driver lives, to readers of a published copy too."""
        self._beat = time.monotonic()
        self.store.heartbeat(self._generation, time.time())
        self._publish()

    def write(self) -> None:
        """Write what has gathered."""
        self._written = time.monotonic()
        if not self._changes and not self._states:
            return
        self.store.write(self._generation, [*self._changes, *self._states.values()])
        self._changes.clear()
        self._states.clear()
        self._publish()

    def add_trials(
        self, trials: Sequence[Trial], texts: Mapping[str, ExperimentText]
    ) -> list[Trial]:
        """Put a batch of trials behind those that are there. See `Store.add_trials`."""
        return self.store.add_trials(self._generation, trials, texts)

    def _publish(self) -> None:
        if self.store.publish(time.time()) and self._upload is not None:
            self._upload.put_if_due()

    def finish(self, ending: Ending) -> None:
        """Write the rest, and how the run ended."""
        self.write()
        self.store.finish(self._generation, ending, time.time())
