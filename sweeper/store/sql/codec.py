"""Records to the store's columns and back. Values keep their types and floats every bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sweeper.records import (
    AttemptRecord,
    AttemptState,
    Device,
    Ending,
    EndKind,
    ExperimentText,
    Objective,
    Row,
    SweepRecord,
    SweepState,
    Trial,
    TrialRecord,
    TrialState,
    Value,
)
from sweeper.store.sql import check

NOT_ENDED: Mapping[str, SweepState] = {"created": "created", "running": "running"}
# JSON's keys are strings only, so a map with other keys is kept as a list of pairs under this.
_PAIRS = "__pairs__"
_DEEPEST = 200  # of lists and maps in one another: what takes a value apart goes as deep
_FLOAT64 = 8  # bytes


# `json.dumps` makes an encoder a call where it is given separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Value) -> str:
    """JSON of a value; NaN and infinity as Python's json writes them."""
    return _encode(_plain(value))


def _plain(value: Value) -> Value:
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and key != _PAIRS for key in value):
            return {key: _plain(item) for key, item in value.items()}
        return {_PAIRS: [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _unpair(found: dict[str, Value]) -> dict[Any, Value]:
    return dict(found[_PAIRS]) if _PAIRS in found else found


# As for `_encode`.
_decode = json.JSONDecoder(object_hook=_unpair).decode


def loads(text: str) -> Value:
    """The value that `dumps` wrote; a tuple comes back as a list. Raises ValueError, TypeError."""
    value = _decode(text)
    if text.count("[") + text.count("{") > _DEEPEST:
        _check_depth(value, _DEEPEST)
    return value


def _check_depth(value: Value, left: int) -> None:
    if not left:
        raise ValueError(f"lists and maps more than {_DEEPEST} deep")
    if isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, left - 1)


def sweep_columns(sweep: SweepRecord) -> dict[str, Any]:
    """Columns of the table `sweep`, without `id` and `version`."""
    return {
        "name": sweep.name,
        "created": sweep.created,
        "spec_path": sweep.spec_path,
        "spec_text": sweep.spec_text,
        "defines": dumps(sweep.defines),
        "objective": dumps(asdict(sweep.objective) if sweep.objective else None),
        "repeat": sweep.repeat,
        **state_columns(sweep.state),
        "generation": sweep.generation,
        "host": sweep.host,
        "pid": sweep.pid,
        "heartbeat": sweep.heartbeat,
        "versions": dumps(sweep.versions),
        "code": dumps(sweep.code),
    }


def state_columns(state: SweepState) -> dict[str, str]:
    """The columns of the table `sweep` that say how the run is."""
    if isinstance(state, Ending):
        return {"state": state.kind.value, "reason": state.reason}
    return {"state": state, "reason": ""}


def to_sweep(row: Mapping[str, Any], texts: Mapping[str, ExperimentText]) -> SweepRecord:
    """A row of the table `sweep`, with the experiments' texts."""
    left_out = ("id", "version", "state", "reason")
    columns = {key: row[key] for key in row if key not in left_out}
    for key in ("defines", "versions", "code"):
        columns[key] = check.words(loads(columns[key]))
    for key in ("created", "heartbeat"):
        check.moment(columns[key])
    for key in ("repeat", "generation", "pid"):
        check.count(columns[key])
    if "\0" in columns["spec_path"]:
        raise ValueError("spec_path is no path")
    objective = _to_objective(loads(columns.pop("objective")))
    return SweepRecord(
        **columns,
        objective=objective,
        texts=texts,
        state=NOT_ENDED.get(row["state"]) or Ending(EndKind(row["state"]), row["reason"]),
    )


def _to_objective(found: Value) -> Objective | None:
    if found is None:
        return None
    objective = Objective(**check.words(found))  # type: ignore[arg-type]
    if objective.mode not in ("min", "max"):
        raise ValueError("the objective's mode is neither min nor max")
    return objective


def text_columns(text_id: str, text: ExperimentText) -> dict[str, Any]:
    """Columns of the table `texts`."""
    return {
        "id": text_id,
        "source": text.source,
        "text": text.text,
        "lines": dumps(text.lines),
    }


def to_text(row: Any) -> ExperimentText:
    """A row of the table `texts`."""
    return ExperimentText(row.source, row.text, check.items(loads(row.lines), int))


def trial_columns(trial: Trial) -> dict[str, Any]:
    """Columns of the table `trials` for a trial that has not started."""
    return {
        "id": trial.id,
        "ordinal": trial.ordinal,
        "values": dumps(trial.values),
        "text_id": trial.text_id,
        "tokens": dumps(trial.tokens),
        "state": TrialState.PENDING.value,
        "attempts": 0,
    }


def to_trial(row: Any) -> Trial:
    """A row (id, ordinal, values, text_id, tokens)."""
    key, ordinal, values, text_id, tokens = row
    key, mapped = check.trial_id(key), check.mapping(loads(values))
    return Trial(key, check.count(ordinal), mapped, text_id, check.items(loads(tokens)))


def to_trial_record(row: Any) -> TrialRecord:
    """A row (id, ordinal, values, text_id, state, attempts)."""
    key, ordinal, values, text_id, state, attempts = row
    key, mapped = check.trial_id(key), check.mapping(loads(values))
    numbers = check.count(ordinal), check.count(attempts)
    return TrialRecord(key, numbers[0], mapped, text_id, TrialState(state), numbers[1])


# A run has a handful of devices and thousands of attempts on them.
@lru_cache(maxsize=1024)
def dump_device(device: Device) -> str:
    """A device as JSON."""
    return dumps(asdict(device))


@lru_cache(maxsize=1024)
def _load_device(text: str) -> Device:
    found = loads(text)
    host, pid = found["host"], found["pid"]
    if type(host) is not str or type(pid) is not int:
        raise TypeError("a device has no host and process")
    return Device(host, pid, check.items(found["cores"], int), check.items(found["gpus"], str))


def to_attempt(row: Any) -> AttemptRecord:
    """A row of the table `attempts`, in its columns' order, with the trial's id for its place."""
    trial, number, state, worker, device, started, ended, kind, message, traceback, info = row
    return AttemptRecord(
        trial=trial,
        number=check.count(number),
        state=AttemptState(state),
        worker=worker,
        device=_load_device(device),
        started=check.moment(started),
        ended=None if ended is None else check.moment(ended),
        kind=kind,
        message=message,
        traceback=traceback,
        info=check.mapping(loads(info)),
    )


def to_names(row: Any) -> tuple[int, tuple[str, ...]]:
    """A row of the table `channels`."""
    return row.id, check.items(loads(row.names), str)


def to_row(row: Any, shapes: Mapping[int, tuple[str, ...]]) -> tuple[int, Row]:
    """The trial's ordinal and a row (ordinal, id, attempt, phase, epoch, time, channels, data)."""
    place, key, attempt, phase, epoch, time, shape, data = row
    names = shapes[shape]
    # Of millions of rows: no call for each number.
    if not (0 <= attempt <= check.MOST and 0 <= phase <= check.MOST and 0 <= epoch <= check.MOST):
        raise ValueError("an attempt, a phase or an epoch that there can't be")
    if len(data) != _FLOAT64 * len(names):
        raise ValueError(f"{len(data)} bytes for {len(names)} channels")
    return place, Row(key, attempt, phase, epoch, time, names, data)
