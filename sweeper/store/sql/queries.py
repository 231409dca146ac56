"""What the tables answer, given a connection."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from sweeper.records import TrialState
from sweeper.store.sql import check, codec, schema, version2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sweeper.records import (
        AttemptRecord,
        ExperimentText,
        Row,
        SweepRecord,
        Trial,
        TrialRecord,
    )


_Record = TypeVar("_Record")
_TRIALS = schema.trials.c
_PROPOSED = sa.select(
    _TRIALS.id, _TRIALS.ordinal, _TRIALS["values"], _TRIALS.text_id, _TRIALS.tokens
).order_by(_TRIALS.ordinal)


def version(connection: sa.Connection) -> int | None:
    """The format's number; None where the table is empty."""
    found = _found(connection, sa.select(schema.sweep.c.version), lambda row: check.count(row[0]))
    return found[0] if found else None


def generation(connection: sa.Connection) -> int:
    """The generation of the newest driver."""
    query = sa.select(schema.sweep.c.generation)
    return _only(_found(connection, query, lambda row: check.count(row[0])))


def _found(
    connection: sa.Connection, query: sa.Select[Any], make: Callable[[Any], _Record]
) -> list[_Record]:
    return list(check.records(query, connection.execute(query), make))


def _only(found: list[_Record]) -> _Record:
    """What the table `sweep` has one of."""
    if len(found) != 1:
        raise check.OddRecordError(f"the table sweep has {len(found)} records, not one")
    return found[0]


def strange_parts(connection: sa.Connection) -> list[str]:
    """What the file holds that no driver made: a view or a trigger would run when it is read."""
    master = sa.table("sqlite_master", sa.column("type", sa.Text), sa.column("name", sa.Text))
    query = sa.select(master.c.type, master.c.name).where(master.c.type.not_in(["table", "index"]))
    return [f"{kind} {name}" for kind, name in connection.execute(query)]


def orphans(connection: sa.Connection) -> list[str]:
    """Ids of trials whose experiment's text is not there."""
    c = schema.trials.c
    query = sa.select(c.id).where(c.text_id.not_in(sa.select(schema.texts.c.id))).limit(3)
    return _found(connection, query, lambda row: str(row[0]))


def sweep(connection: sa.Connection, texts: Mapping[str, ExperimentText]) -> SweepRecord:
    """The run, with `texts` as its experiments' texts."""

    def make(found: Any) -> SweepRecord:
        row = dict(found._mapping)
        if row["version"] == version2.VERSION and row["state"] not in codec.NOT_ENDED:
            row["state"] = version2.kind_of(row["state"], row["reason"], _mistakes(connection))
        return codec.to_sweep(row, texts)

    return _only(_found(connection, sa.select(schema.sweep), make))


def _mistakes(connection: sa.Connection) -> list[str]:
    """What attempts said that could not be built for what the user wrote."""
    c = schema.attempts.c
    query = sa.select(c.message).where(c.kind == "input")
    return _found(connection, query, lambda row: str(row[0]))


def texts(connection: sa.Connection) -> dict[str, ExperimentText]:
    """The experiments' texts by id."""
    query = sa.select(schema.texts)
    return dict(_found(connection, query, lambda row: (row.id, codec.to_text(row))))


def trials(connection: sa.Connection) -> list[TrialRecord]:
    """Every trial, by ordinal."""
    c = schema.trials.c
    query = sa.select(c.id, c.ordinal, c["values"], c.text_id, c.state, c.attempts)
    return _found(connection, query.order_by(c.ordinal), codec.to_trial_record)


def proposed(connection: sa.Connection) -> list[Trial]:
    """Every trial, as it was proposed, by ordinal."""
    return _found(connection, _PROPOSED, codec.to_trial)


def batches(connection: sa.Connection) -> tuple[int, ...]:
    """The ordinal at which each batch begins."""
    if version(connection) == version2.VERSION:
        return (0,)
    c = schema.batches.c
    query = sa.select(c.first).order_by(c.number)
    return tuple(_found(connection, query, lambda row: check.count(row[0])))


def unfinished(connection: sa.Connection) -> list[Trial]:
    """The trials whose state is not final, by ordinal."""
    final = [state.value for state in TrialState if state.is_final]
    query = _PROPOSED.where(schema.trials.c.state.not_in(final))
    return _found(connection, query, codec.to_trial)


def counts(connection: sa.Connection) -> dict[TrialState, int]:
    """Number of trials in each state."""
    state = schema.trials.c.state
    query = sa.select(state, sa.func.count()).group_by(state)
    found = dict(_found(connection, query, lambda row: (TrialState(row[0]), row[1])))
    return {key: found.get(key, 0) for key in TrialState}


def attempts(connection: sa.Connection, trial: str | None) -> list[AttemptRecord]:
    """The attempts of one trial or of all."""
    of, (_, *columns) = schema.trials.c, schema.attempts.c
    query = sa.select(of.id, *columns).join(schema.trials)
    if trial is not None:
        query = query.where(of.id == trial)
    ordered = query.order_by(of.ordinal, schema.attempts.c.number)
    return _found(connection, ordered, codec.to_attempt)


def rows(connection: sa.Connection, trial: str | None) -> Iterator[Row]:
    """The histories, of one trial or of all."""
    c, of = schema.rows.c, schema.trials.c
    query = sa.select(of.ordinal, of.id, c.attempt, c.phase, c.epoch, c.time, c.channels, c.data)
    query = query.select_from(schema.trials.join(schema.rows, c.trial == of.ordinal))
    if trial is not None:
        query = query.where(of.id == trial)
    shapes = dict(_found(connection, sa.select(schema.channels), codec.to_names))
    ends = _ends(connection, trial)
    # By phase and epoch too: an attempt's rows in a history come before those of the next one.
    # And so the rows lie in the file.
    ordered = query.order_by(of.ordinal, c.attempt, c.phase, c.epoch)
    # By the thousand: one by one takes SQLAlchemy twice as long.
    found = chain.from_iterable(connection.execute(ordered).partitions(1000))
    for place, row in check.records(ordered, found, lambda one: codec.to_row(one, shapes)):
        end = ends.get((place, row.attempt))
        if end is None or (row.phase, row.epoch) < end:
            yield row


def _ends(connection: sa.Connection, trial: str | None) -> dict[tuple[int, int], tuple[int, int]]:
    """(ordinal, attempt) to where its rows in the history end: at the first row of a newer attempt.

    Without the attempts whose rows all count.
    """
    c, of = schema.rows.c, schema.trials.c
    query = sa.select(c.trial, c.attempt, c.phase, sa.func.min(c.epoch))
    query = query.select_from(schema.trials.join(schema.rows, c.trial == of.ordinal))
    query = query.where(of.attempts > 1)
    if trial is not None:
        query = query.where(of.id == trial)
    query = query.group_by(c.trial, c.attempt, c.phase)
    firsts: dict[int, dict[int, tuple[int, int]]] = {}
    for place, attempt, phase, epoch in _found(connection, query, tuple):
        first = firsts.setdefault(place, {})
        first[attempt] = min(first.get(attempt, (phase, epoch)), (phase, epoch))
    ends = {}
    for place, first in firsts.items():
        newest, *earlier = sorted(first, reverse=True)
        end = first[newest]
        for attempt in earlier:
            ends[place, attempt] = end
            end = min(end, first[attempt])
    return ends
