"""A file of arrays and plain data: no pickle, so that reading it runs no code.

It is an `.npz`, a zip of `.npy` arrays, with the rest as JSON text in `contents.json`; each array
is named by its place in the data, and `numpy.load` reads it too.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from pylearn2core.errors import ConfigError

_CONTENTS = "contents.json"
_VERSION = 1
# A dict with one of these keys alone stands for what JSON has no word for.
_ARRAY, _NUMBER, _TUPLE, _SET, _PAIRS = "$array", "$number", "$tuple", "$set", "$dict"
_MARKS = (_ARRAY, _NUMBER, _TUPLE, _SET, _PAIRS)

# The types of plain data, beside arrays and containers of these.
_ATOMS = (type(None), bool, int, float, str)


def is_plain(value: Any) -> bool:
    """Whether `write` can keep it: numbers, strings, arrays, and containers of these."""
    if type(value) in _ATOMS:
        return True
    if isinstance(value, np.ndarray | np.generic):
        return not value.dtype.hasobject
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return type(value) in (list, tuple, set) and all(map(is_plain, value))


def write(
    stream: IO[bytes],
    kind: str,
    data: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
    *,
    compress: bool = True,
) -> None:
    """Write plain data as an archive.

    kind: what it is, which `read` asks for.    texts: file name to text, beside the data.
    compress: parameters get a tenth smaller, at 30 MB a second.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    tree = {key: _encode(value, key, arrays) for key, value in data.items()}
    contents = json.dumps({"kind": kind, "version": _VERSION, "data": tree})
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method, compresslevel=1) as archive:
        for name, text in (texts or {}).items():
            archive.writestr(name, text)
        archive.writestr(_CONTENTS, contents)
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())


def read(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The data and texts of an archive. Raises ConfigError where it is no such archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            header = json.loads(archive.read(_CONTENTS))
            _check(header, kind, path)
            texts = {
                name: archive.read(name).decode()
                for name in archive.namelist()
                if name != _CONTENTS and not name.endswith(".npy")
            }
            data = {key: _decode(value, archive) for key, value in header["data"].items()}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"can't read {os.fspath(path)!r} as a {kind}: {error}. Expected a file that "
            "pylearn2core wrote as one."
        ) from error
    return data, texts


def kind_of(path: Path) -> str | None:
    """What an archive holds; None for any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read(_CONTENTS))["kind"])
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return None


def _check(header: Any, kind: str, path: Path) -> None:
    if header["kind"] != kind:
        raise ConfigError(f"{path} is a {header['kind']}; expected a {kind}.")
    if header["version"] > _VERSION:
        raise ConfigError(
            f"{path} was written by a newer pylearn2core (its format is {header['version']}, this "
            f"one reads {_VERSION}). Update pylearn2core."
        )


def _encode(value: Any, name: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        arrays[name] = np.asarray(value)
        return {_ARRAY if isinstance(value, np.ndarray) else _NUMBER: name}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and not value.keys() & set(_MARKS):
            return {key: _encode(item, f"{name}/{key}", arrays) for key, item in value.items()}
        return {_PAIRS: _encode([list(pair) for pair in value.items()], name, arrays)}
    if isinstance(value, list | tuple | set):
        items = [_encode(item, f"{name}/{i}", arrays) for i, item in enumerate(value)]
        mark = {tuple: _TUPLE, set: _SET}.get(type(value))
        return items if mark is None else {mark: items}
    if type(value) in _ATOMS:
        return value
    raise TypeError(f"{name}: an archive holds plain data and arrays, not {value!r}.")


def _decode(value: Any, archive: zipfile.ZipFile) -> Any:
    if isinstance(value, list):
        return [_decode(item, archive) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next(iter(value)) if len(value) == 1 else None
    if mark in (_ARRAY, _NUMBER):
        array = _array(archive, value[mark])
        return array if mark == _ARRAY else array[()]
    if mark in (_TUPLE, _SET):
        items = [_decode(item, archive) for item in value[mark]]
        return tuple(items) if mark == _TUPLE else set(items)
    if mark == _PAIRS:
        return {key: item for key, item in _decode(value[mark], archive)}  # noqa: C416 - pairs are lists
    return {key: _decode(item, archive) for key, item in value.items()}


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray[Any, Any]:
    with archive.open(f"{name}.npy") as stream:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array
