"""What reads a cluster file, for every kind: one value each, its unit made one; and its keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sweeper.spec.place import Place, is_number, listed, whole_number
from sweeper.spec.plain import choice

Reader: TypeAlias = Callable[[Place], Any]
Readers: TypeAlias = Mapping[str, tuple[str, Reader]]
Common: TypeAlias = dict[str, Any]

_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?(M|G|T)(?:i?B)?", re.IGNORECASE)
_MIB = {"m": 1, "g": 1024, "t": 1024 * 1024}
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")
# SLURM's own further forms: minutes:seconds, days-hours, days-hours:minutes (`man sbatch`, --time).
_OF_SLURM = re.compile(r"(?:(\d+)-(\d+)(?::([0-5]\d))?|(\d+):([0-5]\d))")
_WORDS = re.compile(r"(\d+(?:\.\d+)?) ?(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def at_least(least: int) -> Reader:
    """Read a whole number."""
    return lambda place: whole_number(place, least=least)


def hours(place: Place) -> float:
    """Read a number of hours above 0."""
    if not is_number(place.value) or place.value <= 0:
        raise place.wrong("a number of hours above 0", "Write 2 or 0.5, say.")
    return float(place.value)


def yes_or_no(place: Place) -> bool:
    """Read true or false."""
    if not isinstance(place.value, bool):
        raise place.wrong("true or false", "Write true, say.")
    return place.value


def one_of(*options: str) -> Reader:
    """Read one of the words."""

    return lambda place: choice(place, options)


def line(place: Place) -> str:
    """Read a string of one line."""
    value = place.value
    if isinstance(value, bool | int | float):
        raise place.wrong("a string", f'Put it in quotes: "{value}".')
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise place.wrong("a string of one line", "Write a word, or remove the key.")
    return value


def word(place: Place) -> str:
    """Read a string without blanks."""
    value = line(place)
    if re.search(r"\s", value):
        raise place.wrong("one word without blanks", "Remove the blanks.")
    return value


# ------------------------------------------------------------------ units
def memory_mib(place: Place) -> int:
    """Read `16G`, `512 MB`, `1TiB` as MiB: all of them in powers of 1024, as SLURM has it."""
    found = _MEMORY.fullmatch(place.value) if isinstance(place.value, str) else None
    mib = int(float(found[1]) * _MIB[found[2].lower()]) if found else 0
    if not mib:
        raise place.wrong("an amount of memory with its unit", "Write 16G or 512M, say.")
    return mib


def duration_s(text: str) -> Reader:
    """Read `4:00:00`, `30 minutes`, or another form of SLURM's, as seconds. text: the whole file.

    YAML reads 4:00:00 without quotes as a number to the base of 60, so the line itself is read.
    """

    def read(place: Place) -> int:
        value = place.value
        if isinstance(value, int) and not isinstance(value, bool):
            value = _as_written(place, text)
        seconds = _seconds(value) if isinstance(value, str) else 0
        if not seconds:
            advice = (
                'Write "4:00:00" (hours, minutes, seconds), "1-12:00:00" or "30 minutes"; "10:00"'
                " is ten minutes, as SLURM has it."
            )
            raise place.wrong("a time of one second or more, with its unit", advice)
        return seconds

    return read


def _as_written(place: Place, text: str) -> str:
    row = text.split("\n")[(place.where().line or 1) - 1]
    found = re.search(rf"\b{place.path[-1]}\s*:\s*([\d:]+)", row)
    return found[1] if found else ""


def _seconds(text: str) -> int:
    if clock := _CLOCK.fullmatch(text.strip()):
        days, *rest = (int(part or 0) for part in clock.groups())
        return days * 86_400 + rest[0] * 3600 + rest[1] * 60 + rest[2]
    if form := _OF_SLURM.fullmatch(text.strip()):
        days, hours, minutes, alone, seconds = (int(part or 0) for part in form.groups())
        return days * 86_400 + hours * 3600 + (minutes + alone) * 60 + seconds
    words = _WORDS.fullmatch(text.strip())
    return int(float(words[1]) * _SECONDS[words[2]]) if words else 0


# ------------------------------------------------------------------ lines of the user's own
def shell_lines(place: Place) -> tuple[str, ...]:
    """Read a list of lines, or a block of text, as lines."""
    if isinstance(place.value, str):
        found = tuple(row for row in place.value.split("\n") if row.strip())
    else:
        items = place.entries("lines of shell", "Write a list, or a block of text after `|`.")
        found = tuple(_shell_line(item) for item in items)
    if any("\0" in row or "\r" in row for row in found):
        raise place.error("a character that no shell line can hold. Remove it.")
    return found


def _shell_line(place: Place) -> str:
    if not isinstance(place.value, str) or not place.value.strip():
        raise place.wrong("a line of shell", "Put it in quotes.")
    return place.value


# ------------------------------------------------------------------ places
def url(place: Place) -> str:
    """Read the URL of a folder, without a slash at its end."""
    value = line(place)
    if not re.match(r"[a-z][a-z0-9+.-]*://.", value):
        raise place.wrong("a URL", "Write s3://bucket/folder, gs://bucket/folder, say.")
    return value.rstrip("/")


def data(place: Place) -> str:
    """Read a path that is there on every node, or a URL."""
    value = line(place)
    if "://" in value:
        return url(place)
    if not value.startswith("/"):
        raise place.wrong(
            "an absolute path that is there on every node, or a URL",
            "Write /shared/data or s3://bucket/data, say.",
        )
    return value


def own_path(place: Place) -> str:
    """Read the path of a file of this machine's user, absolute or from `~`."""
    value = line(place)
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise place.wrong("an absolute path, or one that starts with ~", "Write ~/NAME, say.")
    return str(path)


# ------------------------------------------------------------------ maps
def anything(place: Place) -> dict[str, Any]:
    """Read a map that is handed on as it is."""
    return {key: child.value for key, child in place.items("a map of keys")}


# ------------------------------------------------------------------ all keys of a file
def keys(**readers: Reader) -> dict[str, tuple[str, Reader]]:
    """Keys whose fields have the same names."""
    return {key: (key, read) for key, read in readers.items()}


def fields(place: Place, readers: Readers, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read the keys of a map. readers: key to the record's field and what reads it.

    Raises InputError for an unknown key, a missing one, and a value of the wrong kind.
    """
    place.check_keys(readers)
    for key in required:
        if place.value.get(key) is None:
            raise place.error(f"the key `{key}` is missing. The keys here are {listed(readers)}.")
    return {
        field: read(place.child(key))
        for key, (field, read) in readers.items()
        if place.value.get(key) is not None
    }


def check_range(place: Place) -> None:
    """Raise InputError where a map's `min` is more than its `max`, 0 and 1 if they are left out."""
    least, most = place.value.get("min") or 0, place.value.get("max") or 1
    if least > most:
        raise place.error(f"min ({least}) is more than max ({most}). Make max at least {least}.")


KIND = keys(kind=word)
