"""The header's keys: a checked map to SweepSpec and Axes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pylearn2core.errors import Where
from sweeper.records import Checkpointing, Objective, Resources, SweepSpec, Value
from sweeper.spec.axes import PRODUCT, Axes, named_axes, read_product
from sweeper.spec.doubts import check_values, doubts, strings_like_numbers
from sweeper.spec.limits import MAX_POINTS
from sweeper.spec.place import Place, is_number, shown, whole_number
from sweeper.spec.plain import choice
from sweeper.spec.search.config import Search, read_search
from sweeper.spec.stop import read_stop
from sweeper.spec.trial_limit import read_limit

_NAME = re.compile(r"\w[\w.+-]*")
_EVERY = re.compile(r"(\d+(?:\.\d+)?)\s*(epoch|second|minute)s?")
# What fnmatch takes for a set of characters: any other bracket is the character itself.
_CLASS = re.compile(r"\[!?.[^\]]*\]")
_REGEX = re.compile(r"^\^|\$$|^\.[*+]|\\[wdsbWDSB.]|\(.*\|.*\)")
_SECONDS = {"second": 1.0, "minute": 60.0}
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    search: what proposes points, None where all are known.    notices: paragraphs for the user.
    """

    sweep: SweepSpec
    axes: Axes
    search: Search | None
    notices: tuple[str, ...]


def read_header(place: Place, default_name: str, variables: Mapping[str, Value]) -> Header:
    """Return what the map at `place`, the value of `sweep`, says.

    default_name: of the sweep, where the header names none.    variables: of -D.
    Raises InputError, with file, line and key path.
    """
    _check_keys(place)
    fields: dict[str, Any] = {"name": _NAME_BAD.sub("-", default_name).lstrip("-.") or "sweep"}
    for key, read in _FIELDS.items():
        if key in place.value:
            fields[_RECORD_NAMES.get(key, key)] = read(place.child(key))
    if place.value.get("stop") is not None or "cohort" in place.value:
        fields["stop"] = read_stop(place, fields.get("objective"))
    seeds = _seeds(place.child("repeat")) if "repeat" in place.value else None
    sweep = SweepSpec(**fields, repeat=len(seeds) if seeds else 1)
    search, searched = _search(place, sweep, variables)
    factors, places = read_product(place, PRODUCT)
    places = {**searched, **places}
    axes = Axes(factors, _where(place), _at(place, "where"), seeds, _at(place, "repeat"), places)
    return Header(sweep, axes, search, _notices(place))


def _search(
    place: Place, sweep: SweepSpec, variables: Mapping[str, Value]
) -> tuple[Search | None, dict[str, Where]]:
    """The header's search, and where each name stands that its points have values of."""
    if "search" not in place.value:
        return None, {}
    child = place.child("search")
    beside = [key for key in place.value if key in (*PRODUCT, "where")]
    if beside:
        advice = "Write `when` at an axis." if beside[0] == "where" else "Write it in its `axes`."
        raise place.child(beside[0]).error(
            f"{beside[0]!r} and `search` don't go together: a search proposes all points. {advice}"
        )
    check_values(child)  # what is no number would count as a value
    search = read_search(child, sweep, variables)
    return search, {name: axis.where() for name, axis in named_axes(child.child("axes"))}


def _notices(place: Place) -> tuple[str, ...]:
    """What may be meant otherwise. Raises InputError for values that can't be meant so."""
    notices: list[str] = []
    for kind in (key for key in place.value if key in (*PRODUCT, "search")):
        check_values(place.child(kind))
        notices += strings_like_numbers(place.child(kind))
    objective = place.value.get("objective")
    if isinstance(objective, dict) and "mode" not in objective:
        notices.append(
            f"{place.child('objective').where()}: no mode is given, so the LOWEST "
            f"{objective['channel']} is the best. Write `mode: max` where the highest is."
        )
    return (*notices, *doubts([place.root], place.source))


_NAME_BAD = re.compile(r"[^\w.+-]+")


def _check_keys(place: Place) -> None:
    place.items("a map with the keys of a sweep")
    place.check_keys((*_FIELDS, *PRODUCT, "search", "stop", "cohort", "where", "repeat"))


def _at(place: Place, key: str) -> Where:
    return place.child(key).where() if key in place.value else place.where()


def _where(place: Place) -> str | None:
    if "where" not in place.value:
        return None
    child = place.child("where")
    if not isinstance(child.value, str):
        raise child.wrong("an expression", "Write one such as `batch_size < 100`.")
    return child.value


def _seeds(place: Place) -> tuple[int, ...]:
    if not isinstance(place.value, list):
        return tuple(range(_below(whole_number(place, least=1), MAX_POINTS, place)))
    seeds = [_seed(item) for item in place.entries("a list of seeds", "")]
    if not seeds:
        raise place.error("an empty list of seeds. Write `repeat: 3`, or seeds such as [3, 7].")
    if len(set(seeds)) < len(seeds):
        raise place.error(f"a seed stands twice in {shown(seeds)}. Remove one of the two.")
    return tuple(seeds)


def _seed(place: Place) -> int:
    # What numpy.random.seed takes.
    return _below(whole_number(place, least=0), 2**32 - 1, place)


def _below(number: int, most: int, place: Place) -> int:
    if number > most:
        raise place.wrong(f"a whole number of at most {most:,}", "Write a smaller one.")
    return number


# ------------------------------------------------------------------ one key each
def _name(place: Place) -> str:
    if not isinstance(place.value, str) or not _NAME.fullmatch(place.value):
        raise place.wrong(
            "a name of letters, digits and `. _ + -`",
            "It becomes a part of the run's folder: write one such as digits-mlp.",
        )
    return place.value


def _objective(place: Place) -> Objective:
    advice = "Write `objective: {channel: valid_error, mode: min}`."
    if not isinstance(place.value, dict):
        raise place.wrong("a map", advice)
    place.check_keys(("channel", "mode"))
    channel = place.value.get("channel")
    if not isinstance(channel, str) or not channel:
        raise place.error(f"the channel is missing, or no string. {advice}")
    mode = choice(place.child("mode"), ("min", "max")) if "mode" in place.value else "min"
    return Objective(channel, "max" if mode == "max" else "min")


def _resources(place: Place) -> Resources:
    place.check_keys(("cpus", "gpus", "device"))
    fields: dict[str, Any] = {}
    if "cpus" in place.value:
        fields["cpus"] = whole_number(place.child("cpus"), least=1)
    if "gpus" in place.value:
        fields["gpus"] = _gpus(place.child("gpus"))
    if "device" in place.value:
        fields["device"] = choice(place.child("device"), ("auto", "gpu", "cpu"))
    return Resources(**fields)


def _gpus(place: Place) -> float:
    value = place.value
    if not is_number(value) or value < 0 or (value > 1 and value != int(value)):
        raise place.wrong("a fraction below 1, or a whole number", "Write 0.5, 1 or 2, say.")
    return float(value)


def _strings(place: Place, what: str, is_good: Callable[[str], object]) -> tuple[str, ...]:
    advice = "Write a list of strings: [first, second]."
    items = place.entries(f"a list of {what}", advice)
    for item in items:
        if not isinstance(item.value, str) or not is_good(item.value):
            raise item.wrong(f"one of {what}", advice)
    return tuple(place.value)


def _channels(place: Place) -> tuple[str, ...]:
    found = _strings(place, "channels' names or globs", bool)
    if not found:
        raise place.error("an empty list would record nothing. Write ['*'] to record all.")
    for i, pattern in enumerate(found):
        fault = _fault_of_glob(pattern)
        if fault:
            raise place.child(i).error(f"{shown(pattern)} {fault}")
    return found


def _fault_of_glob(pattern: str) -> str:
    """Say why a pattern can't match what it was meant to, or return an empty string."""
    if pattern != pattern.strip():
        return "starts or ends with a space, which no channel does. Remove it."
    if "[" in _CLASS.sub("", pattern):
        return "has a `[` without its `]`. Close it, or write `[[]` for the character itself."
    if _REGEX.search(pattern):
        return (
            "is a regular expression, and globs are expected: `valid_*` for all that start so, `?` "
            "for any one character, `[ab]` for one of two."
        )
    return ""


def _modules(place: Place) -> tuple[str, ...]:
    return _strings(place, "modules' dotted names", _MODULE.fullmatch)


def _or_null(read: Callable[[Place], Any]) -> Callable[[Place], Any]:
    return lambda place: None if place.value is None else read(place)


def _at_least(least: int) -> Callable[[Place], int]:
    return lambda place: whole_number(place, least=least)


def _one_of(*options: str) -> Callable[[Place], str]:
    return lambda place: choice(place, options)


def _pack(place: Place) -> int | None:
    return None if place.value == "auto" else whole_number(place, least=1)


def _checkpoint_every(place: Place) -> Checkpointing:
    advice = "Write `checkpoint_every: 5 epochs`, `30 seconds` or `5 minutes`."
    found = _EVERY.fullmatch(place.value.strip()) if isinstance(place.value, str) else None
    if found is None:
        raise place.wrong("a number of epochs, seconds or minutes", advice)
    number, unit = float(found[1]), found[2]
    if number == 0 or (unit == "epoch" and "." in found[1]):
        what = "a whole number of epochs" if unit == "epoch" else f"a number of {unit}s"
        raise place.wrong(f"{what} above 0", advice)
    if unit == "epoch":
        return Checkpointing(epochs=int(number))
    return Checkpointing(seconds=number * _SECONDS[unit])


_FIELDS: dict[str, Callable[[Place], Any]] = {
    "name": _name,
    "objective": _or_null(_objective),
    "resources": _resources,
    "workers": _or_null(_at_least(1)),
    "channels": _channels,
    "modules": _modules,
    "floatX": _one_of("float32", "float64"),
    "precision": _one_of("float32", "tf32", "bfloat16"),
    "pack": _pack,
    "retries": _at_least(0),
    "retry_on": _one_of("lost", "error"),
    "max_failures": _or_null(_at_least(1)),
    "checkpoint_every": _or_null(_checkpoint_every),
    "limit": read_limit,
}
# Of SweepSpec, where they are others than the keys.
_RECORD_NAMES = {"checkpoint_every": "checkpoint"}
