"""The state of a Train as arrays and plain data, and the file that holds it.

A state has the model's parameters and records, every shared variable that a training step uses
(velocities, running means, the learning rate, random states), the generator of the batches' order,
and what the criteria and extensions count. What the experiment's YAML says is not in it: a state is
loaded into a Train that was built from the same experiment.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pylearn2core import paths
from pylearn2core.engine import restore, saved
from pylearn2core.errors import ConfigError
from pylearn2core.utils import archive, serial, snapshot

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.types import Symbol

KIND = "checkpoint of a training"

State = dict[str, Any]


class TrainLike(Protocol):
    """A training: a Train that is set up."""

    model: Model
    dataset: Dataset
    algorithm: Any
    extensions: list[Any]

    def state_dict(self, *, global_random: bool = False) -> State:
        """What the training needs to go on from here."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


def save(train: TrainLike, path: str | os.PathLike[str], *, global_random: bool = False) -> None:
    """Save a Train's state to `path`; a reader never sees half of it.

    global_random: keep the states of `numpy.random` and `random` too.
    """
    state = train.state_dict(global_random=global_random)
    serial.write_file(path, lambda stream: archive.write(stream, KIND, state))


def load(train: TrainLike, path: str | os.PathLike[str]) -> None:
    """Give a Train the state in the file at `path`; its main_loop then goes on from there."""
    file = paths.to_read(path)
    if not file.is_file():
        raise ConfigError(f"can't load the checkpoint {os.fspath(path)!r}: there is no such file.")
    train.load_state_dict(archive.read(file, KIND)[0])


def state_dict(train: TrainLike, *, global_random: bool = False) -> State:
    """The state of a Train that is set up, as arrays and plain data; copies."""
    seen = {id(train.model), id(train.dataset), id(train.model.monitor)}
    state: State = {
        "model": snapshot.take_model(train.model),
        "algorithm": snapshot.take(train.algorithm, seen),
        "steps": _shared_values(train),
        "extensions": [snapshot.take(extension, seen) for extension in train.extensions],
        "dataset": snapshot.take(train.dataset).get("generators", {}),
    }
    if global_random:
        state["global_random"] = {
            "numpy": np.random.get_state(legacy=False),
            "python": random.getstate(),
        }
    return state


def load_state_dict(train: TrainLike, state: Mapping[str, Any]) -> None:
    """Give a Train that is set up the state. Raises ConfigError where it is another training's."""
    variables = _variables(train)
    _check_variables(variables, state["steps"])
    snapshot.give_model(train.model, state["model"])
    snapshot.give(train.algorithm, state["algorithm"], train.model)
    snapshot.give_all(train.extensions, state["extensions"], train.model, "extensions")
    for variable, part in zip(variables, state["steps"], strict=True):
        restore(variable, part["value"])
    for name, generator in state["dataset"].items():
        snapshot.set_generator(getattr(train.dataset, name), generator)
    if "global_random" in state:
        np.random.set_state(state["global_random"]["numpy"])
        random.setstate(state["global_random"]["python"])


def _variables(train: TrainLike) -> list[Symbol]:
    """The shared variables that training and monitoring use, but the parameters; each once."""
    shared_state = getattr(train.algorithm, "shared_state", list)
    params = {id(param) for param in train.model.get_params()}
    found = [*shared_state(), *train.model.monitor.random_states()]
    return [variable for variable in dict.fromkeys(found) if id(variable) not in params]


def _shared_values(train: TrainLike) -> list[State]:
    return [{"name": var.name, "value": saved(var)} for var in _variables(train)]


def _check_variables(variables: list[Any], parts: list[State]) -> None:
    here = [_shown(variable.name, saved(variable)) for variable in variables]
    there = [_shown(part["name"], part["value"]) for part in parts]
    if here != there:
        raise ConfigError(
            "The saved training's steps use other variables than this one's: "
            f"{', '.join(there) or 'none'}; here {', '.join(here) or 'none'}. A training goes on "
            "only with the experiment that it was started with."
        )


def _shown(name: str | None, value: Any) -> str:
    kind = "random state" if isinstance(value, dict) else f"{value.dtype}{list(value.shape)}"
    return f"{name or 'a variable'} {kind}"
