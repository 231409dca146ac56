"""What the tables answer, given a connection."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import sqlalchemy as sa

from sweeper.records import Row, TrialState
from sweeper.store.sql import codec, schema, version2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweeper.records import AttemptRecord, ExperimentText, SweepRecord, Trial, TrialRecord


_TRIALS = schema.trials.c
_PROPOSED = sa.select(
    _TRIALS.id, _TRIALS.ordinal, _TRIALS["values"], _TRIALS.text_id, _TRIALS.tokens
).order_by(_TRIALS.ordinal)


def version(connection: sa.Connection) -> int | None:
    """The format's number; None where the table is empty."""
    return connection.execute(sa.select(schema.sweep.c.version)).scalar()


def generation(connection: sa.Connection) -> int:
    """The generation of the newest driver."""
    return int(connection.execute(sa.select(schema.sweep.c.generation)).scalar_one())


def sweep(connection: sa.Connection, texts: Mapping[str, ExperimentText]) -> SweepRecord:
    """The run, with `texts` as its experiments' texts."""
    row = dict(connection.execute(sa.select(schema.sweep)).mappings().one())
    if row["version"] == version2.VERSION and row["state"] not in codec.NOT_ENDED:
        row["state"] = version2.kind_of(row["state"], row["reason"], _mistakes(connection))
    return codec.to_sweep(row, texts)


def _mistakes(connection: sa.Connection) -> list[str]:
    """What attempts said that could not be built for what the user wrote."""
    c = schema.attempts.c
    return list(connection.execute(sa.select(c.message).where(c.kind == "input")).scalars())


def texts(connection: sa.Connection) -> dict[str, ExperimentText]:
    """The experiments' texts by id."""
    rows = connection.execute(sa.select(schema.texts))
    return {row.id: codec.to_text(row) for row in rows}


def trials(connection: sa.Connection) -> list[TrialRecord]:
    """Every trial, by ordinal."""
    c = schema.trials.c
    query = sa.select(c.id, c.ordinal, c["values"], c.text_id, c.state, c.attempts)
    rows = connection.execute(query.order_by(c.ordinal))
    return [codec.to_trial_record(row) for row in rows]


def proposed(connection: sa.Connection) -> list[Trial]:
    """Every trial, as it was proposed, by ordinal."""
    return [codec.to_trial(row) for row in connection.execute(_PROPOSED)]


def batches(connection: sa.Connection) -> tuple[int, ...]:
    """The ordinal at which each batch begins."""
    if version(connection) == version2.VERSION:
        return (0,)
    c = schema.batches.c
    return tuple(connection.execute(sa.select(c.first).order_by(c.number)).scalars())


def unfinished(connection: sa.Connection) -> list[Trial]:
    """The trials whose state is not final, by ordinal."""
    final = [state.value for state in TrialState if state.is_final]
    rows = connection.execute(_PROPOSED.where(schema.trials.c.state.not_in(final)))
    return [codec.to_trial(row) for row in rows]


def counts(connection: sa.Connection) -> dict[TrialState, int]:
    """Number of trials in each state."""
    state = schema.trials.c.state
    rows = connection.execute(sa.select(state, sa.func.count()).group_by(state))
    found = {TrialState(key): number for key, number in rows}
    return {key: found.get(key, 0) for key in TrialState}


def attempts(connection: sa.Connection, trial: str | None) -> list[AttemptRecord]:
    """The attempts of one trial or of all."""
    of, (_, *columns) = schema.trials.c, schema.attempts.c
    query = sa.select(of.id, *columns).join(schema.trials)
    if trial is not None:
        query = query.where(of.id == trial)
    ordered = query.order_by(of.ordinal, schema.attempts.c.number)
    return [codec.to_attempt(row) for row in connection.execute(ordered)]


def rows(connection: sa.Connection, trial: str | None) -> Iterator[Row]:
    """The histories, of one trial or of all."""
    c, of = schema.rows.c, schema.trials.c
    query = sa.select(of.ordinal, of.id, c.attempt, c.phase, c.epoch, c.time, c.channels, c.data)
    query = query.select_from(schema.trials.join(schema.rows, c.trial == of.ordinal))
    if trial is not None:
        query = query.where(of.id == trial)
    shapes = {
        shape.id: tuple(codec.loads(shape.names))
        for shape in connection.execute(sa.select(schema.channels))
    }
    ends = _ends(connection, trial)
    # By phase and epoch too: an attempt's rows in a history come before those of the next one.
    # And so the rows lie in the file.
    ordered = query.order_by(of.ordinal, c.attempt, c.phase, c.epoch)
    # By the thousand: one by one takes SQLAlchemy twice as long.
    found = chain.from_iterable(connection.execute(ordered).partitions(1000))
    for place, key, attempt, phase, epoch, time, shape, data in found:
        end = ends.get((place, attempt))
        if end is None or (phase, epoch) < end:
            yield Row(key, attempt, phase, epoch, time, shapes[shape], data)


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
    firsts: dict[int, dict[int, tuple[int, int]]] = {}
    for place, attempt, phase, epoch in connection.execute(
        query.group_by(c.trial, c.attempt, c.phase)
    ):
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
