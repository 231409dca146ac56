"""Pylearn2's older templates: `%(dim)i`, filled by Python's `%`."""

from __future__ import annotations

import re

from sweeper.spec.place import listed

_FIELD = re.compile(r"%\((\w+)\)[-#0 +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]")
_SHOWN = 5


def percent_names(text: str) -> frozenset[str]:
    """The names that `text` uses so."""
    return frozenset(found[1] for found in _FIELD.finditer(text))


def percent_advice(text: str) -> str:
    """Say what to write in place of such fields, with a space before it; nothing without one."""
    found = {field.group(): field[1] for field in _FIELD.finditer(text)}
    if not found:
        return ""
    some = dict(list(found.items())[:_SHOWN])
    fields = listed(f"`{field}`" for field in some)
    names = listed(dict.fromkeys(f"{{{{ {name} }}}}" for name in some.values()))
    return (
        f" {fields} {'is' if len(some) == 1 else 'are'} Pylearn2's older template, which a script "
        f"fills by Python's `%`. Write {names} in {'its' if len(some) == 1 else 'their'} place."
    )
