"""What a layer needs of the classes above it: models, datasets and algorithms as seen from below.

The classes themselves are models.model.Model, datasets.dataset.Dataset and
training_algorithms.training_algorithm.TrainingAlgorithm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pylearn2core.types import Symbol

if TYPE_CHECKING:
    from pylearn2core.space import DataSpecs, Space


class ModelLike(Protocol):
    """A model: parameters and spaces.

    A cost that is for one kind of model says what else it asks of it by a protocol of its own.
    """

    tag: Any
    monitor: Any

    def get_params(self) -> list[Symbol]:
        """The parameters, as shared variables, in a fixed order."""

    def set_param_values(self, values: Any, borrow: bool = False) -> None:
        """Set the parameters from arrays in the order of get_params."""

    def get_input_space(self) -> Space:
        """The Space of a batch of inputs."""

    def get_target_space(self) -> Space:
        """The Space of a batch of targets."""

    def get_input_source(self) -> Any:
        """The name(s) of the dataset's source(s) that are the inputs."""

    def get_target_source(self) -> Any:
        """The name(s) of the dataset's source(s) that are the targets."""

    def get_monitoring_data_specs(self) -> DataSpecs:
        """(space, source) of the data that the model's own channels take."""

    def free_energy(self, V: Symbol) -> Symbol:
        """The free energy of each row of V, a vector."""

    def score(self, V: Symbol) -> Symbol:
        """d log p(v) / dv for each row of V, the same shape as V."""


class DatasetLike(Protocol):
    """A dataset whose examples are all there."""

    def get_data_specs(self) -> DataSpecs:
        """The space and sources of `get_data()`."""

    def get_data(self) -> Any:
        """All examples, nested as in `get_data_specs()`."""


class MatrixLike(Protocol):
    """A dataset that is one matrix, perhaps with targets."""

    def get_design_matrix(self) -> Any:
        """The examples as rows."""

    def has_targets(self) -> bool:
        """Whether there are targets."""

    def get_targets(self) -> Any:
        """The targets as given, or None."""


class AlgorithmLike(Protocol):
    """What trains a model, as an extension of its training sees it."""

    monitoring_dataset: Any

    def shared_state(self) -> list[Symbol]:
        """The shared variables that training steps use, in a fixed order."""


class PreprocessorLike(Protocol):
    """Changes a dataset in place, perhaps after learning from one."""

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Change `dataset`; with can_fit it may learn from it first."""


class MonitorLike(Protocol):
    """What records a model's channels."""

    channels: Any

    def add_dataset(self, dataset: Any, mode: str = ..., batch_size: int | None = ...) -> None:
        """Measure channels on this dataset too."""

    def add_channel(
        self,
        name: str,
        ipt: Symbol,
        val: Symbol,
        dataset: Any = ...,
        prereqs: Any = ...,
        data_specs: Any = ...,
    ) -> None:
        """Add a channel `name` of value `val`, an expression of the batch variables `ipt`."""
