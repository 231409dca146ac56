"""The store's tables, written by a driver and read by anyone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweeper.store import faults
from sweeper.store.fence import sift
from sweeper.store.liveness import driver_lives
from sweeper.store.sql import codec, queries, schema, version2, writes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import sqlalchemy as sa

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
    from sweeper.store.sql.file import SqlFile


class SqlStore:
    """`base.Store` in an open file. Made by `backend`."""

    def __init__(self, file: SqlFile) -> None:
        self._file = file
        self._shapes: dict[tuple[str, ...], int] = {}

    def fill(self, sweep: SweepRecord, trials: Iterable[Trial]) -> None:
        """Make the tables and write the run and all its trials."""
        with self._transaction() as connection:
            writes.fill(connection, sweep, trials)

    # -------------------------------------------------------------- what a driver does
    def claim(self, host: str, pid: int, now: float) -> int:
        """See `base.Store.claim`. The same process may claim again."""
        with self._transaction() as connection:
            sweep = queries.sweep(connection, {})
            if (sweep.host, sweep.pid) != (host, pid) and driver_lives(sweep, host=host, now=now):
                raise faults.busy(self._file.path, sweep, now)
            if queries.version(connection) == version2.VERSION:
                writes.bring_up_to_date(connection)
            claimed = {"generation": sweep.generation + 1, "host": host, "pid": pid}
            connection.execute(
                schema.sweep.update().values(
                    **claimed,
                    **codec.state_columns("running"),
                    heartbeat=now,
                    version=schema.VERSION,
                )
            )
            return sweep.generation + 1

    def heartbeat(self, generation: int, now: float) -> None:
        """See `base.Store.heartbeat`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            connection.execute(schema.sweep.update().values(heartbeat=now))

    def finish(self, generation: int, state: SweepState, now: float) -> None:
        """See `base.Store.finish`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            connection.execute(
                schema.sweep.update().values(**codec.state_columns(state), heartbeat=now)
            )

    def write(self, generation: int, changes: Sequence[Change]) -> int:
        """See `base.Store.write`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            standings = writes.standings(connection, {change.trial for change in changes})
            batch = sift(changes, standings)
            writes.write_attempts(connection, batch)
            for names in {row.channels for row in batch.rows} - self._shapes.keys():
                self._shapes[names] = writes.shape_id(connection, names)
            writes.write_rows(connection, batch.rows, standings, self._shapes)
            return batch.dropped

    def add_trials(
        self,
        generation: int,
        trials: Sequence[Trial],
        texts: Mapping[str, ExperimentText] | None = None,
    ) -> list[Trial]:
        """See `base.Store.add_trials`."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            return writes.add_trials(connection, trials, texts or {})

    def reopen(self, generation: int, trials: Collection[str]) -> list[str]:
        """Let those of `trials` that failed or were cancelled wait for an attempt again."""
        with self._transaction() as connection:
            self._check_generation(connection, generation)
            return writes.reopen(connection, trials)

    def publish(self, now: float) -> bool:
        """See `base.Store.publish`: at most every 10 s, and only where readers need a copy."""
        return self._file.publish(now)

    def close(self) -> None:
        """Publish what readers elsewhere have not seen, and let go of the file."""
        self._file.close()

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._file.transaction() as connection:
                yield connection
        except BaseException:
            self._shapes.clear()  # ids that were rolled back
            raise

    def _check_generation(self, connection: sa.Connection, generation: int) -> None:
        current = queries.generation(connection)
        if current != generation:
            raise faults.fenced(self._file.path, current, generation)

    # -------------------------------------------------------------- what a reader asks
    def sweep(self) -> SweepRecord:
        """See `base.StoreReader.sweep`."""
        with self._file.reading() as connection:
            return queries.sweep(connection, queries.texts(connection))

    def trials(self) -> list[TrialRecord]:
        """See `base.StoreReader.trials`."""
        with self._file.reading() as connection:
            return queries.trials(connection)

    def proposed(self) -> list[Trial]:
        """See `base.StoreReader.proposed`."""
        with self._file.reading() as connection:
            return queries.proposed(connection)

    def batches(self) -> tuple[int, ...]:
        """See `base.StoreReader.batches`."""
        with self._file.reading() as connection:
            return queries.batches(connection)

    def unfinished(self) -> list[Trial]:
        """See `base.StoreReader.unfinished`."""
        with self._file.reading() as connection:
            return queries.unfinished(connection)

    def counts(self) -> dict[TrialState, int]:
        """See `base.StoreReader.counts`."""
        with self._file.reading() as connection:
            return queries.counts(connection)

    def attempts(self, trial: str | None = None) -> list[AttemptRecord]:
        """See `base.StoreReader.attempts`."""
        with self._file.reading() as connection:
            return queries.attempts(connection, trial)

    def rows(self, trial: str | None = None) -> Iterator[Row]:
        """See `base.StoreReader.rows`."""
        with self._file.reading() as connection:
            found = queries.rows(connection, trial)
            # A driver must not stay inside a transaction between two rows: it has to write.
            yield from list(found) if self._file.writable else found
