"""`limit` of the header: what one trial may take."""

from __future__ import annotations

import re
from typing import Any

from sweeper.records import Limit
from sweeper.spec.place import Place, is_number

_KEYS = ("seconds", "stall", "memory")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B)")
_BYTES = {
    f"{letter}{kind}": base**power
    for power, letter in enumerate("KMGT", 1)
    for kind, base in (("B", 1000), ("iB", 1024))
}
# A worker that has imported what it needs takes about this much already.
_LEAST_MEMORY = 64 << 20


def read_limit(place: Place) -> Limit:
    """Return what the map at `place` allows. Raises InputError."""
    if not isinstance(place.value, dict) or not place.value:
        raise place.wrong(
            "a map with what is limited",
            "Write `limit: {seconds: 600, stall: 120, memory: 8 GiB}`.",
        )
    place.check_keys(_KEYS)
    read: dict[str, Any] = {"seconds": _seconds, "stall": _seconds, "memory": _memory}
    return Limit(**{key: read[key](place.child(key)) for key in place.value})


def _seconds(place: Place) -> float:
    value = place.value
    if not is_number(value) or not 0 < value < float("inf"):
        raise place.wrong("a number of seconds above 0", "Write 600, say.")
    return float(value)


def _memory(place: Place) -> int:
    found = _AMOUNT.fullmatch(place.value.strip()) if isinstance(place.value, str) else None
    if found is None:
        raise place.wrong("an amount of memory", "Write it with its unit: 8 GiB, or 500 MiB.")
    amount = int(float(found[1]) * _BYTES[found[2]])
    if amount < _LEAST_MEMORY:
        raise place.error(
            f"{place.value} is less than a worker takes by itself. Write 1 GiB or more."
        )
    return amount
