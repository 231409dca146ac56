"""What the programs about saved models share: load one, and build the dataset it was trained on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylearn2core import paths
from pylearn2core.config.imports import import_alias
from pylearn2core.errors import ConfigError, UnsupportedError

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


def report(work: Callable[[], None]) -> int:
    """Do the work of a program; its exit code: 0, or 2 (and the error) for the user's input."""
    try:
        import_alias()
        work()
    except (ConfigError, UnsupportedError) as err:
        print(err, file=sys.stderr)
        return 2
    return 0


def load(path: str) -> Any:
    """The object in the file at `path`.

    A user's own class is looked for beside the file and in the current folder.
    Raises ConfigError where the file can't be loaded.
    """
    if Path(path).suffix in (".yaml", ".yml"):
        raise ConfigError(f"{path} describes an experiment; expected a model that Train saved.")
    make_importable(Path(path).absolute().parent, Path.cwd())
    from pylearn2core.utils import serial

    return serial.load(path)


def make_importable(*folders: Path) -> None:
    """Let modules in these folders be imported, after all others."""
    # Last, so that a user's file named like a package of ours can't stand in for it.
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]


def monitor_of(model: Model, path: str) -> Any:
    """The model's monitor. Raises ConfigError where it has none."""
    monitor = getattr(model, "monitor", None)
    if monitor is None:
        raise ConfigError(
            f"{path} holds a {type(model).__name__} without a monitor; expected a model that Train "
            f"saved."
        )
    return monitor


def params_of(model: Model, path: str) -> list[Any]:
    """The model's parameters. Raises ConfigError where it is no model."""
    if not hasattr(model, "get_params"):
        raise ConfigError(
            f"{path} holds a {type(model).__name__}, which is no model; expected a model that "
            f"Train saved."
        )
    return list(model.get_params())


def dataset_of(model: Model, path: str) -> Any:
    """The dataset that the model's `dataset_yaml_src` describes; None where it has none.

    Relative paths in it lead from the current folder or, failing that, from the model's.
    Raises ConfigError where it can't be built.
    """
    text = getattr(model, "dataset_yaml_src", None)
    if text is None:
        return None
    from pylearn2core.config import yaml_parse

    first: ConfigError | None = None
    for folder in (Path(), Path(path).absolute().parent):
        try:
            with paths.use(paths.Places(read=folder)):
                return yaml_parse.load(text)
        except ConfigError as err:
            first = first or err
    raise ConfigError(f"{path}: its dataset can't be built again: {first}") from first
