"""What an object of the training loop has to remember, as arrays and plain data.

An object may say so itself, by `state_dict()` and `load_state_dict(state)`. Of any other, these
attributes are its state: plain data (but not what its constructor was given, which is the
experiment's to say), shared variables, random generators, models that it keeps, and the objects
of the training loop that it holds, one or a list.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
from pytensor.compile.sharedvalue import SharedVariable

from pylearn2core.engine import restore, saved
from pylearn2core.errors import ConfigError
from pylearn2core.utils.archive import is_plain

if TYPE_CHECKING:
    from pylearn2core.protocols import ModelLike

State = dict[str, Any]

_Generator = np.random.RandomState | np.random.Generator
# The sections of a model's state beside its parameters, and attributes that are in none of them:
# kept apart, or of the run and not of the model.
_A_MODELS = ("values", "generators", "shared")
_SOURCES = ("yaml_src", "model_yaml_src", "dataset_yaml_src")
_NOT_A_MODELS = ("monitor", "names_to_del", "tag")


def take(thing: Any, seen: set[int] | None = None) -> State:
    """The state of an object of the training loop; {} for one that was met already.

    seen: ids of the objects met.
    """
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return {}
    seen.add(id(thing))
    if hasattr(thing, "state_dict"):
        return {"own": thing.state_dict()}
    state: State = {}
    for name, value in _attributes(thing):
        section, part = _part(thing, name, value, seen)
        if section is not None:
            state.setdefault(section, {})[name] = part
    return state


def _part(thing: Any, name: str, value: Any, seen: set[int]) -> tuple[str | None, Any]:
    """(the section of the state that this attribute belongs to, what is kept there)."""
    if isinstance(value, SharedVariable):
        return "shared", {"name": value.name, "value": saved(value)}
    if isinstance(value, _Generator):
        return "generators", generator_state(value)
    if is_model(value):
        return ("models", take_model(value)) if id(value) not in seen else (None, None)
    if _is_part(value):
        return "parts", [take(value, seen)]
    if isinstance(value, list | tuple) and value and all(map(_is_part, value)):
        return "parts", [take(item, seen) for item in value]
    if is_plain(value) and name.lstrip("_") not in _constructor_names(type(thing)):
        return "values", copy.deepcopy(value)
    return None, None


def give(thing: Any, state: Mapping[str, Any], model: ModelLike) -> None:
    """Give the object a state that `take` took.

    model: what a model that the object does not have yet is a copy of.
    """
    if "own" in state:
        thing.load_state_dict(state["own"])
        return
    for name, value in state.get("values", {}).items():
        _set_value(thing, name, value)
    for name, part in state.get("shared", {}).items():
        _set_shared(thing, name, part)
    for name, part in state.get("generators", {}).items():
        set_generator(getattr(thing, name), part)
    for name, part in state.get("models", {}).items():
        if getattr(thing, name, None) is None:
            setattr(thing, name, copy.deepcopy(model))
        give_model(getattr(thing, name), part)
    for name, parts in state.get("parts", {}).items():
        held = getattr(thing, name)
        items = list(held) if isinstance(held, list | tuple) else [held]
        give_all(items, parts, model, f"{type(thing).__name__}.{name.lstrip('_')}")


def give_all(things: Any, states: Any, model: ModelLike, where: str) -> None:
    """`give` for a list. Raises ConfigError unless it is as long as it was."""
    if len(things) != len(states):
        raise ConfigError(
            f"{where}: the saved training has {len(states)} of these, this one {len(things)}. A "
            "training goes on only with the experiment that it was started with."
        )
    for thing, state in zip(things, states, strict=True):
        give(thing, state, model)


def _set_value(thing: Any, name: str, value: Any) -> None:
    held = getattr(thing, name, None)
    if isinstance(held, dict) and isinstance(value, dict):  # it may be a special kind of dict
        held.clear()
        held.update(value)
    else:
        setattr(thing, name, copy.deepcopy(value))


def _set_shared(thing: Any, name: str, part: Mapping[str, Any]) -> None:
    held = getattr(thing, name, None)
    if isinstance(held, SharedVariable):
        restore(held, part["value"])
    else:
        setattr(thing, name, pytensor.shared(np.asarray(part["value"]), name=part["name"]))


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    # What a pickle would leave out is not the object's state: a compiled step, a clock's reading.
    state = thing.__getstate__()
    if isinstance(state, dict):
        yield from ((name, value) for name, value in state.items() if name not in _SOURCES)


def _is_part(value: Any) -> bool:
    """Whether it is an object of the training loop: it has one of the loop's methods."""
    names = ("continue_learning", "on_monitor", "step_updates", "state_dict", "get_updates")
    return (
        not isinstance(value, type)
        and not is_model(value)
        and any(callable(getattr(value, name, None)) for name in names)
    )


def _constructor_names(cls: type) -> set[str]:
    """The names of what a constructor is given, those of its base classes too."""
    names: set[str] = set()
    for base in cls.__mro__[:-1]:
        if "__init__" in vars(base):
            names.update(inspect.signature(vars(base)["__init__"]).parameters)
    return names


# ------------------------------------------------------------------ random generators
def generator_state(generator: Any) -> Any:
    """The state of a NumPy generator, legacy or not, as plain data."""
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def set_generator(generator: Any, state: Any) -> None:
    """Set it, in place."""
    if isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


# ------------------------------------------------------------------ models
def is_model(value: Any) -> bool:
    """Whether it is a model: it has parameters."""
    return not isinstance(value, type) and all(
        hasattr(value, name) for name in ("get_params", "set_param_values")
    )


def take_model(model: ModelLike) -> State:
    """Parameters, records, tags, and the rest of a model's own state."""
    params = model.get_params()
    monitor = getattr(model, "monitor", None)
    state: State = {
        "params": _named(params),
        "monitor": None if monitor is None else monitor.state_dict(),
        "tag": {key: value for key, value in dict(model.tag).items() if is_plain(value)},
    }
    places = {id(param): place for place, param in enumerate(params)}
    for name, value in _attributes(model):
        if id(value) in places:
            state.setdefault("param_attributes", {})[name] = places[id(value)]
        elif isinstance(value, list) and value and all(id(item) in places for item in value):
            state.setdefault("param_attributes", {})[name] = [places[id(item)] for item in value]
        elif name not in _NOT_A_MODELS and not is_model(value) and not _is_part(value):
            section, part = _part(model, name, value, set())
            if section in _A_MODELS:
                state.setdefault(section, {})[name] = part
    return state


def _named(params: Any) -> State:
    """Name to value, in order; names that repeat or are missing get their place."""
    values: State = {}
    for place, param in enumerate(params):
        name = param.name or f"param_{place}"
        values[name if name not in values else f"{name}_{place}"] = saved(param)
    return values


def give_model(model: ModelLike, state: Mapping[str, Any]) -> None:
    """Give a model a state that `take_model` took. Raises ConfigError where it is another's."""
    give(model, {section: state.get(section, {}) for section in _A_MODELS}, model)
    values = list(state["params"].values())
    _make_params(model, state)
    _check_params(model, state["params"])
    model.set_param_values(values)
    model.tag.clear()
    model.tag.update(copy.deepcopy(state["tag"]))
    if state["monitor"] is not None and getattr(model, "monitor", None) is not None:
        model.monitor.load_state_dict(state["monitor"])


def _make_params(model: ModelLike, state: Mapping[str, Any]) -> None:
    """Make the parameters of a model that makes them when it is trained."""
    made = {
        place: pytensor.shared(np.asarray(value), name=name)
        for place, (name, value) in enumerate(state["params"].items())
    }
    for name, places in state.get("param_attributes", {}).items():
        held = getattr(model, name, None)
        if held is None or (isinstance(held, list) and not held):
            one = isinstance(places, int)
            setattr(model, name, made[places] if one else [made[place] for place in places])


def _check_params(model: ModelLike, values: Mapping[str, Any]) -> None:
    def shown(shapes: Mapping[str, Any], value: Callable[[Any], Any]) -> str:
        return ", ".join(f"{name} {value(item).shape}" for name, item in shapes.items()) or "none"

    here = _named(model.get_params())
    if [value.shape for value in here.values()] != [value.shape for value in values.values()]:
        raise ConfigError(
            f"{type(model).__name__}: the saved parameters are {shown(values, np.asarray)}; this "
            f"model has {shown(here, np.asarray)}. Load them into the model that was saved."
        )
