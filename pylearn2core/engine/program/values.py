"""Shared variables as host code sees them, and their values on the device.

Between epochs a trial's shared variables are the truth: `get_value` gives what the last epoch left,
`set_value` is what the next one starts from. A variable's storage holds a host array; the device's
copy of it is good for as long as that very array stands there. After a pack has run, the copies
of its slots are slices of one stack, which the next pass of the same pack takes as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np


@dataclass(frozen=True, slots=True)
class Slice:
    """Slot `index` of a value that is stacked over the slots of a pack, first axis."""

    stack: Any
    index: int

    def value(self) -> Any:
        """This slot's own value."""
        return jax.tree.map(lambda leaf: leaf[self.index], self.stack)


# variable -> (host value, value on the device: an array, a random state or a Slice)
_on_device: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()


def pull(variables: Iterable[Any]) -> tuple[Any, ...]:
    """The variables' values as a program takes them."""
    return tuple(_device_value(variable) for variable in variables)


def push(variables: Iterable[Any], values: Iterable[Any]) -> None:
    """Make a program's results the variables' values."""
    for variable, value in zip(variables, values, strict=True):
        storage = variable.container.storage
        if isinstance(value, np.random.Generator):  # a host program's random state
            storage[0] = value
            _on_device.pop(variable, None)
            continue
        if not isinstance(value, dict):  # a random state stays on the device
            storage[0] = value if isinstance(value, np.random.Generator) else np.asarray(value)
        _on_device[variable] = (storage[0], value)


def pull_pack(slots: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The values of the slots' variables, stacked: one stack for each place in a slot."""
    return tuple(_stacked(variables) for variables in zip(*slots, strict=True))


def push_pack(slots: Sequence[Sequence[Any]], stacks: Sequence[Any]) -> None:
    """Make a pack's results the values of its slots' variables."""
    for variables, stack in zip(zip(*slots, strict=True), stacks, strict=True):
        host = None if isinstance(stack, dict) else np.asarray(stack)
        for index, variable in enumerate(variables):
            storage = variable.container.storage
            if host is not None:
                storage[0] = host[index, ...]
            _on_device[variable] = (storage[0], Slice(stack, index))


def saved(variable: Any) -> Any:
    """The variable's value as arrays and plain data, a copy.

    Of a random state: {"generator": its NumPy state, "device": the device's own, or None}.
    """
    host = variable.container.storage[0]
    if not isinstance(host, np.random.Generator):
        return np.array(host)
    held, value = _on_device.get(variable, (None, None))
    device = None
    if held is host and not isinstance(value, np.random.Generator):
        device = {name: np.array(part) for name, part in _device_value(variable).items()}
    return {"generator": host.bit_generator.state, "device": device}


def restore(variable: Any, value: Any) -> None:
    """Give the variable a value that `saved` returned."""
    storage = variable.container.storage
    if not isinstance(storage[0], np.random.Generator):
        variable.set_value(np.asarray(value, dtype=variable.dtype))
        return
    # A new generator: the old one may have other holders.
    generator = np.random.Generator(type(storage[0].bit_generator)())
    generator.bit_generator.state = value["generator"]
    storage[0] = generator
    if value["device"] is not None:
        device = {name: jax.numpy.asarray(part) for name, part in value["device"].items()}
        push([variable], [device])


def shapes(variables: Iterable[Any]) -> tuple[tuple[int, ...], ...]:
    """The shapes of the variables' values; of a random state, ()."""
    return tuple(np.shape(variable.container.storage[0]) for variable in variables)


def host_values(variables: Iterable[Any]) -> tuple[Any, ...]:
    """The variables' values as PyTensor's own functions take them."""
    return tuple(variable.container.storage[0] for variable in variables)


def are_hosts(variables: Iterable[Any]) -> bool:
    """Whether host code gave all of the variables' values: no program did, and none is random."""
    for variable in variables:
        host = variable.container.storage[0]
        known = _on_device.get(variable)
        if isinstance(host, np.random.Generator) or (known is not None and known[0] is host):
            return False
    return True


def _device_value(variable: Any) -> Any:
    host = variable.container.storage[0]
    known = _on_device.get(variable)
    if known is not None and known[0] is host:
        return known[1].value() if isinstance(known[1], Slice) else known[1]
    return _random_state(host) if isinstance(host, np.random.Generator) else host


def _stacked(variables: Sequence[Any]) -> Any:
    stack = _common_stack(variables)
    if stack is not None:
        return stack
    first = variables[0].container.storage[0]
    if isinstance(first, np.random.Generator):
        states = [_device_value(variable) for variable in variables]
        return jax.tree.map(lambda *leaves: jax.numpy.stack(leaves), *states)
    return np.stack([variable.container.storage[0] for variable in variables])


def _common_stack(variables: Sequence[Any]) -> Any:
    """The stack whose slices these variables are, each in its place; None if there is none.

    A variable that stands in several places fills slots whose results are dropped: what the
    stack has there does not matter.
    """
    common = None
    for index, variable in enumerate(variables):
        if index and variable is variables[index - 1]:
            continue
        host, value = _on_device.get(variable, (None, None))
        if (
            not isinstance(value, Slice)
            or host is not variable.container.storage[0]
            or value.index != index
            or (common is not None and value.stack is not common)
        ):
            return None
        common = value.stack
    sizes = {leaf.shape[0] for leaf in jax.tree.leaves(common)}
    return common if sizes == {len(variables)} else None


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
