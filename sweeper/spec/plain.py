"""A file of plain YAML that is one map, read so that each complaint can say where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pylearn2core.config.nodes import parse, value_of
from pylearn2core.errors import ConfigError, Where
from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.spec.limits import MAX_TEXT
from sweeper.spec.place import Place, input_error, listed


def read_text(path: Path) -> str:
    """Return the file's text. Raises InputError that names what is there instead."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TEXT + 1)  # a pipe or a device may have no end
        if len(data) > MAX_TEXT:
            raise InputError(f"{path}: more than {MAX_TEXT:,} bytes, which no such file has.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: this is no text in UTF-8 (byte {error.start}).") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}.{_beside(path)}") from None


def _beside(path: Path) -> str:
    folder = path.parent
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    meant = did_you_mean(path.name, names)
    if not names:
        return f" The folder {folder} does not exist, or is empty."
    return f" Check its name{meant}."


def read_map(text: str, source: str) -> Place:
    """Return the place of the one map that `text` is. source: its file, for errors.

    Raises InputError for a syntax error, a tag, more documents than one, another thing than a map.
    """
    try:
        documents = parse(text, source=source)
        if len(documents) != 1:
            raise input_error(
                f"one map of keys is expected here, got {len(documents)} documents."
                f"{' Is it a spec file?' if len(documents) > 1 else ''}",
                Where(source),
            )
        place = Place(source, documents[0], value_of(documents[0], source=source))
    except ConfigError as error:
        raise InputError(str(error)) from None
    if not isinstance(place.value, dict):
        raise place.wrong("a map of keys", "Write `key: value`, one a line.")
    return place


def choice(place: Place, options: Iterable[str]) -> str:
    """Return the word at `place`. Raises InputError, with the likely word, for one not offered."""
    options = tuple(options)
    if place.value not in options:
        meant = did_you_mean(str(place.value), options)
        raise place.wrong(f"one of {listed(options)}{meant}", f"Write {options[0]}, say.")
    return str(place.value)
