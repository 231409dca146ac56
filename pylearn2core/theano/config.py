"""`theano.config`: PyTensor's configuration, with the two names that users' files still read."""

from __future__ import annotations

from typing import Any

import pytensor

from pylearn2core.errors import UnsupportedError

# What PyTensor dropped, with the one value that describes how things are.
_GONE = {"compute_test_value": "off", "device": "cpu"}


class _Config:
    """Reads and writes PyTensor's configuration."""

    def __getattr__(self, name: str) -> Any:
        return _GONE[name] if name in _GONE else getattr(pytensor.config, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _GONE:
            setattr(pytensor.config, name, value)
        elif value != _GONE[name]:
            raise UnsupportedError(
                f"theano.config.{name} can only be {_GONE[name]!r} here, not {value!r}: PyTensor "
                f"has no such setting. Leave the line out."
            )


config = _Config()
