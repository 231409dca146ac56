"""Models that one `train_all` trains, in a Train without an algorithm."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.models.model import Model
from pylearn2core.utils.data_specs import DataSpecsMapping

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.protocols import MatrixLike, MonitorLike
    from pylearn2core.types import Array, Symbol

# Rows that are measured at a time; channels are means, so the number changes no value.
MONITORING_ROWS = 500


class SelfTrained(Model):
    """Trained by one pass over a dataset, and measured on monitoring datasets after it.

    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets; the training set
        if None.
    """

    def __init__(self, monitoring_dataset: Datasets | None = None) -> None:
        super().__init__()
        self.monitoring_dataset = monitoring_dataset
        self.register_names_to_del("monitoring_dataset")
        self._is_trained = False
        self._params: list[Symbol] = []

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"monitoring_dataset": None, **state})

    @abstractmethod
    def fit_to(self, dataset: MatrixLike) -> None:
        """Learn from all of `dataset`, and set input_space and _params."""

    def train_all(self, dataset: Dataset) -> None:
        """Learn from all of `dataset`; inside Train, have the channels measured from now on."""
        self.fit_to(cast("MatrixLike", dataset))
        self._is_trained = True
        monitor = getattr(self, "monitor", None)
        if monitor is not None and not monitor.channels:
            self._watch(monitor, dataset)

    def continue_learning(self) -> bool:
        """Whether it has yet to be trained."""
        return not self._is_trained

    def _check_trained(self, method: str) -> None:
        if not self._is_trained:
            raise self._lacks(f"{method} before it is trained")

    def _watch(self, monitor: MonitorLike, dataset: Dataset) -> None:
        watched = self.monitoring_dataset or dataset
        named = watched if isinstance(watched, Mapping) else {"": watched}
        specs = self.get_monitoring_data_specs()
        mapping = DataSpecsMapping(specs)
        batch = mapping.nest(tuple(space.make_theano_batch(name) for space, name in mapping.unique))
        channels = self.get_monitoring_channels(batch)
        for name, one in named.items():
            rows = min(MONITORING_ROWS, int(one.get_num_examples()))
            monitor.add_dataset(one, batch_size=rows)
            for channel, value in channels.items():
                full = f"{name}_{channel}" if name else channel
                monitor.add_channel(full, batch, value, one, data_specs=specs)


def features_of(dataset: MatrixLike, model: Model, nvis: int | None = None) -> Array:
    """The design matrix. Raises where it is not finite, or has not `nvis` features."""
    X = np.asarray(dataset.get_design_matrix())
    name = type(model).__name__
    if nvis is not None and X.shape[1] != nvis:
        raise ConfigError(f"{name}: nvis is {nvis}, the data has {X.shape[1]} features.")
    if not np.isfinite(X).all():
        raise NonFiniteError(f"{name}: there are NaN or infinite values in the data.")
    return X


def labels_of(dataset: MatrixLike, model: Model) -> tuple[Any, int]:
    """(labels 0.., number of classes) of a dataset's integer or one-hot targets."""
    if not dataset.has_targets():
        raise ConfigError(f"{type(model).__name__}: the dataset has no targets to learn from.")
    y = np.asarray(dataset.get_targets())
    labels = getattr(dataset, "y_labels", None)
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1), y.shape[1]
    if y.dtype.kind not in "iu":
        raise ConfigError(
            f"{type(model).__name__}: targets must be integer labels or one-hot rows, got "
            f"{y.dtype} of shape {y.shape}."
        )
    return y.ravel(), int(labels if labels is not None else y.max() + 1)
