"""What a transaction writes, given a connection that is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as insert_or

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Row,
    SweepRecord,
    Trial,
    TrialState,
)
from sweeper.store import codec, schema
from sweeper.store.fence import Batch, Standing

_CHUNK = 10_000  # trials inserted a statement
_NAMED = 500  # trials named in one query; SQLite takes 32,766 parameters

_T = TypeVar("_T")


def fill(connection: sa.Connection, sweep: SweepRecord, trials: Iterable[Trial]) -> None:
    """Make the tables and write the run and all its trials."""
    schema.metadata.create_all(connection)
    connection.execute(
        schema.sweep.insert(), {"id": 1, "version": schema.VERSION, **codec.sweep_columns(sweep)}
    )
    if sweep.texts:
        texts = [codec.text_columns(key, text) for key, text in sweep.texts.items()]
        connection.execute(schema.texts.insert(), texts)
    for chunk in _chunks((codec.trial_columns(trial) for trial in trials), _CHUNK):
        connection.execute(schema.trials.insert(), chunk)


def standings(connection: sa.Connection, keys: Iterable[str]) -> dict[str, Standing]:
    """Where the trials with these ids stand; ids that no trial has are left out."""
    trials, attempts = schema.trials.c, schema.attempts.c
    newest = sa.and_(attempts.trial == trials.id, attempts.number == trials.attempts)
    query = sa.select(trials.id, trials.state, trials.attempts, attempts.state).select_from(
        schema.trials.outerjoin(schema.attempts, newest)
    )
    found = {}
    for chunk in _chunks(keys, _NAMED):
        for key, state, number, attempt in connection.execute(query.where(trials.id.in_(chunk))):
            is_open = attempt == AttemptState.RUNNING.value
            found[key] = Standing(TrialState(state), number, is_open)
    return found


def write_attempts(connection: sa.Connection, batch: Batch) -> None:
    """Write what the batch says of attempts, and the trials' new standings."""
    if batch.started:
        connection.execute(schema.attempts.insert(), [_started(new) for new in batch.started])
    if batch.ended:
        connection.execute(_END, [_ended(over) for over in batch.ended])
    if batch.standings:
        connection.execute(
            _STAND,
            [
                {"key": key, "to_state": standing.state.value, "to_attempts": standing.newest}
                for key, standing in batch.standings.items()
            ],
        )


def reopen(connection: sa.Connection, keys: Iterable[str]) -> list[str]:
    """Put trials that failed or were cancelled back to pending; the ids of those that were."""
    ended = (TrialState.FAILED, TrialState.CANCELLED)
    found = [key for key, one in standings(connection, keys).items() if one.state in ended]
    pending = TrialState.PENDING.value
    for chunk in _chunks(found, _NAMED):
        of = schema.trials.update().where(schema.trials.c.id.in_(chunk))
        connection.execute(of.values(state=pending))
    return found


def write_rows(
    connection: sa.Connection, rows: Sequence[Row], shapes: Mapping[tuple[str, ...], int]
) -> None:
    """Write rows; one that is there already stays as it is.

    shapes: the id of each list of channels among the rows.
    """
    if rows:
        # Tuples past SQLAlchemy's parameter handling: a third of the time, and rows are most of it.
        columns = [
            (r.trial, r.attempt, r.phase, r.epoch, r.time, shapes[r.channels], r.data) for r in rows
        ]
        connection.exec_driver_sql(_ROWS, columns)


def shape_id(connection: sa.Connection, names: tuple[str, ...]) -> int:
    """The id of a list of channels, which it gets when it is first asked for."""
    table, text = schema.channels, codec.dumps(names)
    key = connection.execute(sa.select(table.c.id).where(table.c.names == text)).scalar()
    if key is None:
        query = table.insert().values(names=text).returning(table.c.id)
        key = connection.execute(query).scalar_one()
    return int(key)


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _started(change: AttemptStarted) -> dict[str, Any]:
    return {
        "trial": change.trial,
        "number": change.number,
        "state": AttemptState.RUNNING.value,
        "worker": change.worker,
        "device": codec.dump_device(change.device),
        "started": change.time,
        "ended": None,
        "kind": "",
        "message": "",
        "traceback": "",
        "info": "{}",
    }


def _ended(change: AttemptEnded) -> dict[str, Any]:
    return {
        "of_trial": change.trial,
        "of_number": change.number,
        "to_state": change.state.value,
        "to_ended": change.time,
        "to_kind": change.kind,
        "to_message": change.message,
        "to_traceback": change.traceback,
        "to_info": codec.dumps(change.info),
    }


_STAND = (
    schema.trials.update()
    .where(schema.trials.c.id == sa.bindparam("key"))
    .values(state=sa.bindparam("to_state"), attempts=sa.bindparam("to_attempts"))
)
_END = (
    schema.attempts.update()
    .where(
        schema.attempts.c.trial == sa.bindparam("of_trial"),
        schema.attempts.c.number == sa.bindparam("of_number"),
    )
    .values(
        {
            name: sa.bindparam(f"to_{name}")
            for name in ("state", "ended", "kind", "message", "traceback", "info")
        }
    )
)
_ROWS = str(insert_or(schema.rows).on_conflict_do_nothing().compile(dialect=sqlite.dialect()))
