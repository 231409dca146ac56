"""`theano.config`: PyTensor's configuration, with names that users' files still read and set."""

from __future__ import annotations

import logging
from typing import Any

import pytensor

log = logging.getLogger(__name__)

# What PyTensor dropped, with the one value that describes how things are.
_GONE = {"compute_test_value": "off", "device": "cpu"}
# Groups of Theano's settings, of which none is left.
_GROUPS = frozenset("cuda dnn experimental gpuarray lib magma nvcc warn".split())  # noqa: SIM905


class _Group:
    """A group of settings that mean nothing here."""

    _name: str

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __setattr__(self, name: str, value: Any) -> None:
        _ignored(f"{self._name}.{name}", value)


class _Config:
    """Reads and writes PyTensor's configuration; a setting that it has not is ignored."""

    def __getattr__(self, name: str) -> Any:
        if name in _GONE:
            return _GONE[name]
        return _Group(name) if name in _GROUPS else getattr(pytensor.config, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _GONE and hasattr(pytensor.config, name):
            setattr(pytensor.config, name, value)
        elif value != _GONE.get(name):
            _ignored(name, value)


def _ignored(name: str, value: Any) -> None:
    log.warning("theano.config.%s = %r is ignored: PyTensor has no such setting.", name, value)


config = _Config()
