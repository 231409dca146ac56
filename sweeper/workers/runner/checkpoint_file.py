"""A checkpoint: what it holds, and the file that it is."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pylearn2core.utils import archive
from sweeper.host.folders import is_own_file
from sweeper.records import Row
from sweeper.records.errors import damage

FILE = "sweep-checkpoint.npz"
KIND = "checkpoint of a trial"
_FLOAT64 = 8  # bytes

# (phase, epoch) of a row.
At: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An attempt right after one of its rows.

    trial, attempt: whose.    at: of that row.
    document: of the text, from 0, that has this phase; first: the phase of its first experiment.
    states: of that document's experiments up to this phase's, which may share objects.
    generators: the states of `numpy.random` and `random`.
    tail: the last rows up to this one.    before: of the row before them, None where there is none.
    watch: how far the sweep's rules had followed the rows.
    """

    trial: str
    attempt: int
    at: At
    document: int
    first: int
    states: Sequence[Any]
    generators: Mapping[str, Any]
    tail: tuple[Row, ...]
    before: At | None
    watch: Sequence[Any] = ()

    def missing(self, known: At | None) -> tuple[Row, ...] | None:
        """The rows after `known`, up to the checkpoint; None where the tail does not have all.

        known: of the last row that is recorded, None where there is none.
        """
        if self.before is not None and (known is None or known < self.before):
            return None
        return tuple(row for row in self.tail if known is None or (row.phase, row.epoch) > known)


def encode(checkpoint: Checkpoint) -> bytes:
    """The file. Raises whatever a state's pickling raises."""
    data = {
        "trial": checkpoint.trial,
        "attempt": checkpoint.attempt,
        "at": checkpoint.at,
        "document": checkpoint.document,
        "first": checkpoint.first,
        "states": [_encode_state(state) for state in checkpoint.states],
        "generators": dict(checkpoint.generators),
        "tail": _encode_rows(checkpoint.tail),
        "before": checkpoint.before,
        "watch": list(checkpoint.watch),
    }
    stream = io.BytesIO()
    archive.write(stream, KIND, data, compress=False)  # the trial waits for it
    return stream.getvalue()


def read(path: Path, trial: str, attempt: int) -> Checkpoint:
    """The checkpoint of this attempt in a file. Raises DamageError.

    One that is another's would give rows that are not the trial's; a state that is pickled is a
    program, so of a file of another user's it is not loaded.
    """
    try:
        data, _ = archive.read(path, KIND)
        whose = data["trial"], data["attempt"]
        if whose != (trial, attempt):
            raise ValueError(f"it is of attempt {whose[1]} of trial {whose[0]}")
        rows = _decode_rows(trial, attempt, data.pop("tail"))
        is_own = is_own_file(path)
        states = [_decode_state(state, is_own=is_own) for state in data.pop("states")]
        checkpoint = Checkpoint(**data, states=states, tail=rows)
        _check(checkpoint)
    except Exception as error:  # a file may be anything, and what it makes raise too
        raise damage(
            path,
            f"no checkpoint of attempt {attempt} of trial {trial} ({error})",
            left="The rows that were recorded are in the run's store.",
            todo="The trial goes on from an older checkpoint, or begins again.",
        ) from error
    return checkpoint


def _check(checkpoint: Checkpoint) -> None:
    """Raise ValueError where its fields don't hold what `encode` writes."""
    at, before, tail = checkpoint.at, checkpoint.before, checkpoint.tail
    numbers = (*at, *(before or (0, 0)), checkpoint.document, checkpoint.first)
    if len(numbers) != 6 or not all(type(one) is int and one >= 0 for one in numbers):
        raise ValueError("its place in the trial is none")
    if not tail or (tail[-1].phase, tail[-1].epoch) != at:
        raise ValueError("its rows do not lead to its place")


# ------------------------------------------------------------------ states
def _encode_state(state: Any) -> dict[str, Any]:
    """A Train's is plain; what the user's own experiment gives (tensors, say) is pickled."""
    if archive.is_plain(state):
        return {"plain": state}
    pickled = pickle.dumps(state, protocol=pickle.HIGHEST_PROTOCOL)
    return {"pickled": np.frombuffer(pickled, dtype=np.uint8)}


def _decode_state(part: Mapping[str, Any], *, is_own: bool) -> Any:
    if "plain" in part:
        return part["plain"]
    if not is_own:
        raise PermissionError("it is another user's file, and holds a pickle")
    # The user's experiment is code of the same user's: what it wrote may be unpickled.
    return pickle.loads(part["pickled"].tobytes())


# ------------------------------------------------------------------ rows
def _encode_rows(rows: Sequence[Row]) -> dict[str, Any]:
    """A few arrays for all rows: an array a row would be a thousand small files in the archive."""
    shapes = {names: place for place, names in enumerate(dict.fromkeys(r.channels for r in rows))}
    places = [(row.phase, row.epoch, shapes[row.channels]) for row in rows]
    return {
        "shapes": [list(names) for names in shapes],
        "places": np.array(places, dtype=np.int64).reshape(len(rows), 3),
        "times": np.array([row.time for row in rows], dtype=np.float64),
        "data": np.frombuffer(b"".join(row.data for row in rows), dtype=np.float64),
    }


def _decode_rows(trial: str, attempt: int, part: Mapping[str, Any]) -> tuple[Row, ...]:
    shapes = [tuple(names) for names in part["shapes"]]
    data, start, rows = part["data"].tobytes(), 0, []
    for (phase, epoch, shape), time in zip(part["places"].tolist(), part["times"], strict=True):
        end = start + _FLOAT64 * len(shapes[shape])
        values = data[start:end]
        rows.append(Row(trial, attempt, phase, epoch, float(time), shapes[shape], values))
        start = end
    return tuple(rows)
