"""What a transaction writes, given a connection that is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    ExperimentText,
    Row,
    SweepRecord,
    Trial,
    TrialState,
)
from sweeper.store.batches import join
from sweeper.store.fence import Batch, Standing
from sweeper.store.sql import check, codec, schema

_CHUNK = 10_000  # trials inserted a statement
_NAMED = 500  # trials named in one query; SQLite takes 32,766 parameters

_T = TypeVar("_T")


def fill(connection: sa.Connection, sweep: SweepRecord, trials: Iterable[Trial]) -> None:
    """Make the tables and write the run and all its trials."""
    schema.metadata.create_all(connection)
    connection.execute(
        schema.sweep.insert(), {"id": 1, "version": schema.VERSION, **codec.sweep_columns(sweep)}
    )
    _insert_texts(connection, sweep.texts)
    _insert_trials(connection, trials)
    connection.execute(schema.batches.insert(), {"number": 0, "first": 0})


def _insert_texts(connection: sa.Connection, texts: Mapping[str, ExperimentText]) -> None:
    if texts:
        columns = [codec.text_columns(key, text) for key, text in texts.items()]
        connection.execute(schema.texts.insert().prefix_with("OR IGNORE"), columns)


def _insert_trials(connection: sa.Connection, trials: Iterable[Trial]) -> None:
    for chunk in _chunks((codec.trial_columns(trial) for trial in trials), _CHUNK):
        connection.execute(schema.trials.insert(), chunk)


def add_trials(
    connection: sa.Connection, trials: Sequence[Trial], texts: Mapping[str, ExperimentText]
) -> list[Trial]:
    """Write a batch of trials behind those that are there; return them as they are kept."""
    known = standings(connection, (trial.id for trial in trials))
    there = {key: one.ordinal for key, one in known.items()}
    last = connection.execute(sa.select(sa.func.max(schema.trials.c.ordinal))).scalar()
    following = 0 if last is None else last + 1
    joined = join(trials, there, following)
    _insert_texts(connection, texts)
    _insert_trials(connection, joined.new)
    connection.execute(schema.batches.insert(), {"first": following})
    return list(joined.trials)


def bring_up_to_date(connection: sa.Connection) -> None:
    """Give a file of format 2 what it lacks."""
    schema.batches.create(connection)
    connection.execute(schema.batches.insert(), {"number": 0, "first": 0})


def standings(connection: sa.Connection, keys: Iterable[str]) -> dict[str, Standing]:
    """Where the trials with these ids stand; ids that no trial has are left out."""
    found = connection.exec_driver_sql(_STANDINGS, (codec.dumps(list(keys)),))
    running = AttemptState.RUNNING.value
    try:
        return {
            key: Standing(ordinal, TrialState(state), check.count(newest), attempt == running)
            for key, ordinal, state, newest, attempt in found
        }
    except (ValueError, TypeError) as error:
        raise check.OddRecordError(f"a record of trials makes no sense ({error})") from error


def write_attempts(connection: sa.Connection, batch: Batch) -> None:
    """Write what the batch says of attempts, and the trials' new standings."""
    standings = batch.standings
    ends = {(over.trial, over.number): over for over in batch.ended}
    whole = [(new, ends.pop((new.trial, new.number), None)) for new in batch.started]
    made = [(standings[new.trial].ordinal, *_attempt(new), *_end(over)) for new, over in whole]
    over = [(*_end(one), standings[one.trial].ordinal, one.number) for one in ends.values()]
    stand = [(one.state.value, one.newest, one.ordinal) for one in standings.values()]
    for statement, columns in ((_ATTEMPTS, made), (_ENDS, over), (_STANDS, stand)):
        _execute(connection, statement, columns)


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
    connection: sa.Connection,
    rows: Sequence[Row],
    standings: Mapping[str, Standing],
    shapes: Mapping[tuple[str, ...], int],
) -> None:
    """Write rows; one that is there already stays as it is.

    standings: of the rows' trials.    shapes: the id of each list of channels among the rows.
    """
    columns = [
        (
            standings[row.trial].ordinal,
            row.attempt,
            row.phase,
            row.epoch,
            row.time,
            shapes[row.channels],
            row.data,
        )
        for row in rows
    ]
    _execute(connection, _ROWS, columns)


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


def _execute(connection: sa.Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Execute a statement for each row of columns.

    Past SQLAlchemy's own handling of parameters, which takes longer than SQLite does.
    """
    if rows:
        connection.exec_driver_sql(statement, rows)


def _attempt(new: AttemptStarted) -> tuple[Any, ...]:
    return new.number, new.worker, codec.dump_device(new.device), new.time


def _end(over: AttemptEnded | None) -> tuple[Any, ...]:
    """What the end of an attempt says; of one that runs, None."""
    if over is None:
        return AttemptState.RUNNING.value, None, "", "", "", "{}"
    info = codec.dumps(over.info)
    return over.state.value, over.time, over.kind, over.message, over.traceback, info


_STANDINGS = """
    SELECT trials.id, trials.ordinal, trials.state, trials.attempts, attempts.state
    FROM json_each(?) AS asked JOIN trials ON trials.id = asked.value
    LEFT JOIN attempts
    ON attempts.trial = trials.ordinal AND attempts.number = trials.attempts
"""
# An attempt that began and ended within one batch, as most small ones do, is written once.
_ATTEMPTS = """
    INSERT INTO attempts (
        trial, number, worker, device, started, state, ended, kind, message, traceback, info
    )
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ENDS = """
    UPDATE attempts SET state = ?, ended = ?, kind = ?, message = ?, traceback = ?, info = ?
    WHERE trial = ? AND number = ?
"""
_STANDS = "UPDATE trials SET state = ?, attempts = ? WHERE ordinal = ?"
_ROWS = """
    INSERT INTO rows (trial, attempt, phase, epoch, time, channels, data)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
