"""Errors about names that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pylearn2core.errors import ConfigError
from pylearn2core.words import did_you_mean


def check_names(given: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise ConfigError where `given` names a layer that is not in `known`."""
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, "sentence")
            raise ConfigError(
                f"{what}: there is no layer {name!r}. The layers are {', '.join(known)}.{hint}"
            )
