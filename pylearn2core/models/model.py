"""What every model has: parameters, spaces, constraints, monitoring channels."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.space import NullSpace

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.space import DataSpecs, Source, Space
    from pylearn2core.types import Array, Symbol


class Model:
    """Base of all models: holds parameters as shared variables.

    A subclass calls `super().__init__()`, puts its parameters into `_params` and sets
    `input_space` (and `output_space` where it has targets).

    extensions: ModelExtension objects that may change the updates of each training step.
    """

    _test_batch_size = 2
    _params: Sequence[Symbol]
    input_space: Space
    output_space: Space
    input_source: Any
    target_source: Any
    monitor: Any
    # The YAML texts that the model and its training set were built from.
    yaml_src: str | None
    model_yaml_src: str | None
    dataset_yaml_src: str | None

    def __init__(self, extensions: Iterable[Any] | None = None) -> None:
        self.names_to_del: set[str] = set()
        self.extensions: list[Any] = list(extensions or ())
        self.tag: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def _check_init(self) -> None:
        """Raise RuntimeError where a subclass never called this class's constructor."""
        if "names_to_del" not in self.__dict__:
            name = type(self).__name__
            raise RuntimeError(
                f"{name}.__init__ did not call the constructor of Model. "
                f"Begin {name}.__init__ with super().__init__()."
            )

    def _attribute(self, name: str, meaning: str) -> Any:
        """The attribute that a subclass has to set, or an error that says so."""
        self._check_init()
        try:
            return self.__dict__[name]
        except KeyError:
            if hasattr(type(self), name):
                return getattr(self, name)
            raise ConfigError(
                f"{type(self).__name__} has no {name}. Set self.{name} to {meaning} "
                "in its constructor."
            ) from None

    def _lacks(self, method: str) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} does not implement {method}.")

    # Training ---------------------------------------------------------------------------------

    def get_default_cost(self) -> Cost:
        """The Cost to train with where the user names none."""
        raise self._lacks("get_default_cost; name a cost in the training algorithm")

    def train_all(self, dataset: Dataset) -> None:
        """Train on one pass over `dataset`; used by a Train that has no algorithm."""
        raise self._lacks("train_all; give Train an algorithm")

    def continue_learning(self) -> bool:
        """Whether `train_all` should be called (again); True before any training."""
        raise self._lacks("continue_learning; give Train an algorithm")

    def train_batch(self, dataset: Dataset, batch_size: int) -> bool:
        """Train on one batch of `dataset`; return whether to go on."""
        raise self._lacks("train_batch; use another training algorithm")

    # Monitoring -------------------------------------------------------------------------------

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """Map channel names to symbolic scalars of `data` (as get_monitoring_data_specs says)."""
        self.get_monitoring_data_specs()[0].validate(data)
        return OrderedDict()

    def get_monitoring_data_specs(self) -> DataSpecs:
        """(space, source) of the data that get_monitoring_channels takes; none by default."""
        return NullSpace(), ""

    # Spaces and sources -----------------------------------------------------------------------

    def get_input_space(self) -> Space:
        """The Space of a batch of inputs."""
        space: Space = self._attribute("input_space", "the Space of its inputs")
        return space

    def get_output_space(self) -> Space:
        """The Space of a batch of outputs."""
        space: Space = self._attribute("output_space", "the Space of its outputs")
        return space

    def get_target_space(self) -> Space:
        """The Space of a batch of targets; the output space by default."""
        return self.get_output_space()

    def get_input_source(self) -> Source:
        """The name(s) of the dataset's source(s) that are the inputs."""
        return getattr(self, "input_source", "features")

    def get_target_source(self) -> Source:
        """The name(s) of the dataset's source(s) that are the targets."""
        return getattr(self, "target_source", "targets")

    def get_input_dim(self) -> int:
        """The number of input features."""
        return int(self.get_input_space().get_total_dimension())

    def get_output_dim(self) -> int:
        """The number of output features."""
        return int(self.get_output_space().get_total_dimension())

    def set_batch_size(self, batch_size: int) -> None:
        """Hear of the batch size that training will use; most models need not care."""

    def get_test_batch_size(self) -> int:
        """The number of rows to try the model with."""
        return self._test_batch_size

    # Parameters -------------------------------------------------------------------------------

    def get_params(self) -> list[Symbol]:
        """The parameters, as shared variables, in a fixed order."""
        return list(self._attribute("_params", "a list of its shared variables"))

    def get_param_values(self, borrow: bool = False) -> list[Any]:
        """The parameters' values, in the order of get_params; copies unless `borrow`."""
        return [param.get_value(borrow=borrow) for param in self.get_params()]

    def set_param_values(self, values: Sequence[Any], borrow: bool = False) -> None:
        """Set the parameters from arrays in the order of get_params."""
        params = self.get_params()
        if len(params) != len(values):
            raise ValueError(
                f"{type(self).__name__} has {len(params)} parameters, got {len(values)} values."
            )
        for param, value in zip(params, values, strict=True):
            param.set_value(np.asarray(value, dtype=param.dtype), borrow=borrow)

    def get_param_vector(self) -> Array:
        """All parameters' values in one vector, shape (n_params,)."""
        values = self.get_param_values()
        return np.concatenate([np.ravel(value) for value in values])

    def set_param_vector(self, vector: Array) -> None:
        """Set all parameters from one vector, shape (n_params,)."""
        shapes = [value.shape for value in self.get_param_values(borrow=True)]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        if np.shape(vector) != (ends[-1],):
            raise ValueError(f"Expected a vector of {ends[-1]} numbers, got {np.shape(vector)}.")
        pieces = np.split(np.asarray(vector), ends[:-1])
        self.set_param_values([p.reshape(s) for p, s in zip(pieces, shapes, strict=True)])

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """Map parameters to factors of their learning rate; 1 for those left out."""
        return OrderedDict()

    # Constraints ------------------------------------------------------------------------------

    def modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        """Change a training step's updates in place so that the constraints hold after it."""
        self._check_init()
        for extension in self.extensions:
            extension.post_modify_updates(updates, self)
        self._modify_updates(updates)

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        """A subclass's own constraints; `updates` maps shared variables to new values."""

    def enforce_constraints(self) -> None:
        """Make the parameters' present values satisfy the constraints."""
        updates: dict[Symbol, Symbol] = OrderedDict((param, param) for param in self.get_params())
        self.modify_updates(updates)
        changed = {shared: new for shared, new in updates.items() if new is not shared}
        if not changed:
            return
        # Imported here: a model without constraints needs no engine.
        from pylearn2core.engine import evaluate

        values = evaluate(list(changed.values()))
        for shared, value in zip(changed, values, strict=True):
            shared.set_value(np.asarray(value, dtype=shared.dtype))

    # Weights, for pictures --------------------------------------------------------------------

    def get_weights(self) -> Array:
        """The first weights as an array, (features, units) or as get_weights_format says."""
        raise self._lacks("get_weights")

    def get_weights_format(self) -> tuple[str, str]:
        """What the axes of get_weights are: 'v' for visible, 'h' for hidden."""
        return ("v", "h")

    def get_weights_topo(self) -> Array:
        """The first weights as images, axes (unit, row, column, channel)."""
        raise self._lacks("get_weights_topo")

    def get_weights_view_shape(self) -> tuple[int, int]:
        """(rows, columns) of the grid in which to show the units' weights."""
        raise self._lacks("get_weights_view_shape")

    # Energies ---------------------------------------------------------------------------------

    def free_energy(self, V: Symbol) -> Symbol:
        """The free energy of each row of V, a vector."""
        raise self._lacks("free_energy")

    def score(self, V: Symbol) -> Symbol:
        """d log p(v) / dv for each row of V, the same shape as V."""
        return pt.grad(-self.free_energy(V).sum(), V)

    # Pickling ---------------------------------------------------------------------------------

    def redo_theano(self) -> None:
        """Compile again what a pickle does not keep; nothing by default."""

    def register_names_to_del(self, names: str | Iterable[str]) -> None:
        """Name the attributes that a pickle of this model leaves out."""
        self._check_init()
        names = [names] if isinstance(names, str) else list(names)
        wrong = [name for name in names if not isinstance(name, str)]
        if wrong:
            raise ValueError(f"Names of attributes are strings, got {wrong!r}.")
        self.names_to_del = self.names_to_del.union(names)

    def __getstate__(self) -> dict[str, Any]:
        self._check_init()
        return {k: v for k, v in self.__dict__.items() if k not in self.names_to_del}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
