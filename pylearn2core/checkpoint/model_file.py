"""A model as one file without pickle: its parameters as arrays, and the YAML that builds it.

The file is an `.npz`: `numpy.load` reads the arrays by name, and `unzip -p FILE model.yaml` prints
the YAML. It also holds the monitor's records and the YAML of the dataset.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pylearn2core.config import yaml_parse
from pylearn2core.errors import ConfigError
from pylearn2core.monitor import Monitor
from pylearn2core.utils import archive, snapshot

if TYPE_CHECKING:
    from pylearn2core.models.model import Model

KIND = "model"
_MODEL, _DATASET = "model.yaml", "dataset.yaml"


def write(stream: IO[bytes], model: Model) -> None:
    """Write a model that was built from YAML. Raises ConfigError for any other."""
    # A model that `!pkl:` loaded has that as its yaml_src, and what built it as model_yaml_src.
    text = getattr(model, "model_yaml_src", None) or getattr(model, "yaml_src", None)
    if not text:
        raise ConfigError(
            f"This {type(model).__name__} was not built from YAML, so a file of arrays can't say "
            "how to build it. Save it to a `.pkl` path, or set its yaml_src to the YAML text "
            "(`!obj:package.Class {...}`) that builds it."
        )
    texts = {_MODEL: text}
    if getattr(model, "dataset_yaml_src", None):
        texts[_DATASET] = model.dataset_yaml_src
    archive.write(stream, KIND, snapshot.take_model(model), texts)


def read(path: Path) -> Any:
    """Build the model and give it what the file holds.

    The YAML names the classes to call: load only files that you trust.
    """
    state, texts = archive.read(path, KIND)
    model = yaml_parse.load(texts[_MODEL])
    if not snapshot.is_model(model):
        raise ConfigError(f"{path}: its YAML builds a {type(model).__name__}, which is no model.")
    model.yaml_src = model.model_yaml_src = texts[_MODEL]
    model.dataset_yaml_src = texts.get(_DATASET)
    if state["monitor"] is not None:
        Monitor.get_monitor(model)
    snapshot.give_model(model, state)
    return model
