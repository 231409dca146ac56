"""Shared variables as host code sees them, and their values on the device.

Between epochs a trial's shared variables are the truth: `get_value` gives what the last epoch left,
`set_value` is what the next one starts from. A variable's storage holds a host array; the device's
copy of it is good for as long as that very array stands there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np

# variable -> (host value, device value)
_on_device: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()


def pull(variables: Iterable[Any]) -> tuple[Any, ...]:
    """The variables' values as a program takes them."""
    return tuple(_device_value(variable) for variable in variables)


def push(variables: Iterable[Any], values: Iterable[Any]) -> None:
    """Make a program's results the variables' values."""
    for variable, value in zip(variables, values, strict=True):
        storage = variable.container.storage
        if not isinstance(value, dict):
            storage[0] = np.asarray(value)
        _on_device[variable] = (storage[0], value)


def host_values(variables: Iterable[Any]) -> tuple[Any, ...]:
    """The variables' values as PyTensor's own functions take them."""
    return tuple(variable.container.storage[0] for variable in variables)


def _device_value(variable: Any) -> Any:
    host = variable.container.storage[0]
    known = _on_device.get(variable)
    if known is not None and known[0] is host:
        return known[1]
    return _random_state(host) if isinstance(host, np.random.Generator) else host


def _random_state(generator: np.random.Generator) -> dict[str, Any]:
    """A JAX key that follows from the generator's state, which itself is left alone."""
    words = np.frombuffer(np.random.default_rng(_entropy(generator)).bytes(8), dtype=np.uint32)
    return {"jax_state": jax.numpy.asarray(words)}


def _entropy(generator: np.random.Generator) -> list[int]:
    """The generator's whole state as numbers, whichever bit generator it has."""
    numbers: list[int] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key in sorted(value):
                walk(value[key])
        elif isinstance(value, np.ndarray):
            numbers.extend(int(number) for number in value.ravel())
        elif isinstance(value, int | np.integer):
            numbers.append(int(value))

    walk(generator.bit_generator.state)
    return numbers
