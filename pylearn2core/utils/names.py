"""Errors about names that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pylearn2core.errors import ConfigError


def check_names(given: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise ConfigError where `given` names a layer that is not in `known`."""
    for name in given:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigError(
                f"{what}: there is no layer {name!r}. The layers are {', '.join(known)}.{hint}"
            )
