"""The Monitor: a model's channels, and how much training they have seen."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.costs.combined import sharing_values
from pylearn2core.engine import Measure, Record, run
from pylearn2core.errors import ConfigError
from pylearn2core.monitor.channel import Clock, MonitorChannel
from pylearn2core.monitor.view import SEED, DatasetView, Expression, Scheme, measure
from pylearn2core.space import CompositeSpace, NullSpace
from pylearn2core.utils.data_specs import DataSpecsMapping

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.types import Seed, Symbol
    from pylearn2core.utils.data_specs import DataSpecs

log = logging.getLogger("pylearn2core.monitor")


class Monitor:
    """Records channels of a model on several datasets while it trains.

    channels: name to MonitorChannel.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.channels: dict[str, MonitorChannel] = {}
        self._views: list[DatasetView] = []
        self._steps: dict[Hashable, Any] = {}
        self._flat: tuple[Any, Any, Any] | None = None
        self._kept: dict[str, MonitorChannel] = {}
        self._clock = Clock()
        self._epochs_seen = 0
        self._num_batches_seen = 0
        self._examples_seen = 0
        self._began: float | None = None
        self._waiting: list[Any] = []  # channels that came before any dataset

    @classmethod
    def get_monitor(cls, model: Model) -> Monitor:
        """The model's monitor, made if it has none."""
        monitor = getattr(model, "monitor", None)
        if monitor is None:
            monitor = model.monitor = cls(model)
        return monitor

    # -------------------------------------------------------------- what was seen
    def get_epochs_seen(self) -> int:
        """Epochs of training so far."""
        return self._epochs_seen

    def get_batches_seen(self) -> int:
        """Batches of training so far."""
        return self._num_batches_seen

    def get_examples_seen(self) -> int:
        """Examples of training so far, each time counted that one was used."""
        return self._examples_seen

    def report_epoch(self) -> None:
        """One more epoch was trained."""
        self._epochs_seen += 1

    def report_batch(self, num_examples: int) -> None:
        """One more batch was trained."""
        self.report_batches(1, num_examples)

    def report_batches(self, batches: int, examples: int) -> None:
        """Several batches were trained, `examples` rows in all."""
        self._num_batches_seen += batches
        self._examples_seen += examples

    # -------------------------------------------------------------- what to measure
    def add_dataset(
        self,
        dataset: Dataset,
        mode: str = "sequential",
        batch_size: int | None = None,
        num_batches: int | None = None,
        seed: Seed | None = None,
    ) -> None:
        """Measure channels on this dataset too, in passes of the given iteration scheme."""
        if not any(view.dataset is dataset for view in self._views):
            seeds = SEED if seed is None else tuple(np.atleast_1d(seed).tolist())
            scheme = Scheme(mode, batch_size, num_batches, seeds)
            self._views.append(DatasetView(dataset, scheme, self._steps))
            for late in self._waiting:
                self._views[0].add(*late)
            self._waiting = []

    def add_channel(
        self,
        name: str,
        ipt: Symbol,
        val: Symbol,
        dataset: Dataset | None = None,
        prereqs: Sequence[Any] | None = None,
        data_specs: DataSpecs | None = None,
    ) -> None:
        """Add a channel `name` of value `val`, an expression of the batch variables `ipt`.

        ipt: None, or variables nested as data_specs.    dataset: the first one if None.
        prereqs: functions that run before each monitoring batch, on the arrays of that batch; a
        function that several channels name runs once. They cost the one program that a pass is.
        data_specs: (space, source) of ipt.
        Raises ValueError for a name that is taken, ConfigError for what can't be measured.
        """
        if name in self.channels:
            raise ValueError(
                f"The monitor has a channel {name!r} already: give this one a name of its own."
            )
        inputs, pairs = self._flatten(ipt, data_specs)
        added = Expression(name, val, inputs, pairs), tuple(prereqs or ())
        if dataset is None and not self._views:
            self._waiting.append(added)
        else:
            self._view(dataset, name).add(*added)
        kept = name in self._kept
        self.channels[name] = self._kept.pop(name) if kept else self._new_channel(name)

    def _flatten(
        self, ipt: Symbol, data_specs: DataSpecs | None
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """`_flatten`; channel after channel is of the same batch."""
        if not (isinstance(ipt, tuple) and isinstance(data_specs, tuple)):
            return _flatten(ipt, data_specs)  # a list may have changed since
        if self._flat is None or self._flat[0] is not ipt or self._flat[1] is not data_specs:
            self._flat = ipt, data_specs, _flatten(ipt, data_specs)
        return self._flat[2]

    def _new_channel(self, name: str) -> MonitorChannel:
        if self._clock.epochs:  # it has ticked for the channels that were there before
            self._clock = Clock()
        return MonitorChannel(name=name, clock=self._clock)

    def _view(self, dataset: Dataset | None, name: str) -> DatasetView:
        if dataset is None and self._views:
            return self._views[0]
        for view in self._views:
            if view.dataset is dataset:
                return view
        raise ConfigError(
            f"channel {name!r}: its dataset is not one that the monitor measures on. "
            "Call add_dataset first, or name it in monitoring_dataset."
        )

    def setup(
        self,
        dataset: Datasets | None,
        cost: Cost,
        batch_size: int | None,
        num_batches: int | None = None,
        extra_costs: Mapping[str, Any] | None = None,
        mode: str = "sequential",
        obj_prereqs: Sequence[Any] | None = None,
        cost_monitoring_args: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the channels of the model, the cost and the extra costs on each dataset.

        dataset: one, or a mapping of names to datasets: each name prefixes its channels.
        """
        if dataset is None:
            return
        named = dataset if isinstance(dataset, Mapping) else {"": dataset}
        with sharing_values():
            args = cost_monitoring_args or {}
            channels, ipt, specs = self._expressions(cost, extra_costs, args)
        for name, one in named.items():
            self.add_dataset(one, mode=mode, batch_size=batch_size, num_batches=num_batches)
            prefix = f"{name}_" if name else ""
            for channel, (index, value) in channels.items():
                self.add_channel(
                    prefix + channel, ipt[index], value, one, obj_prereqs, specs[index]
                )

    def _expressions(
        self, cost: Cost, extra_costs: Mapping[str, Any] | None, args: Mapping[str, Any]
    ) -> tuple[dict[str, tuple[int, Any]], Sequence[Any], Sequence[Any]]:
        """Channel name -> (index of its data specs, expression), built once for all datasets."""
        costs = {"": cost, **(extra_costs or {})}
        specs = [self.model.get_monitoring_data_specs()]
        for one in costs.values():
            specs += [one.get_data_specs(self.model), one.get_monitoring_data_specs(self.model)]
        batches = _symbolic_batches(specs)
        channels: dict[str, tuple[int, Any]] = {}
        for place, (name, one) in enumerate(costs.items()):
            index = 1 + 2 * place
            prefix = f"{name}_" if name else ""
            objective = one.expr(self.model, batches[index], **args)
            if objective is not None:
                channels[name or "objective"] = (index, objective)
            found = one.get_monitoring_channels(self.model, batches[index + 1], **args)
            channels.update({prefix + key: (index + 1, value) for key, value in found.items()})
        found = self.model.get_monitoring_channels(batches[0])
        channels.update({key: (0, value) for key, value in found.items()})
        return channels, batches, specs

    # -------------------------------------------------------------- measuring
    def measure(self) -> Generator[Measure | Record, Any, None]:
        """Request what is needed for one record of every channel, and record it."""
        if self._waiting:
            raise ConfigError(
                f"channel {self._waiting[0][0].name!r}: the monitor has no dataset to measure on. "
                "Call add_dataset, or name a monitoring_dataset."
            )
        values = yield from measure(self._views)
        self._record(values)
        self._show(values)
        yield Record(self._epochs_seen, values)

    def _record(self, values: Mapping[str, float]) -> None:
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        channels = [self.channels[name] for name in values]
        for clock in {id(channel.clock): channel.clock for channel in channels}.values():
            clock.tick(
                batches=self._num_batches_seen,
                examples=self._examples_seen,
                epochs=self._epochs_seen,
                time=now - self._began,
            )
        for channel, value in zip(channels, values.values(), strict=True):
            channel.append(value)

    def __call__(self) -> None:
        """Make one record of every channel."""
        for _ in run(self.measure()):
            pass

    def _show(self, values: Mapping[str, float]) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        log.info("Monitoring step:")
        log.info("\tEpochs seen: %d", self._epochs_seen)
        log.info("\tBatches seen: %d", self._num_batches_seen)
        log.info("\tExamples seen: %d", self._examples_seen)
        for name in sorted(values):
            log.info("\t%s: %s", name, values[name])

    # -------------------------------------------------------------- as Pylearn2 has it
    @property
    def batch_size(self) -> list[int | None]:
        """The batch size on each dataset."""
        return [view.scheme.batch_size for view in self._views]

    @property
    def num_batches(self) -> list[int | None]:
        """The number of batches on each dataset; None for all of them."""
        return [view.scheme.num_batches for view in self._views]

    def run_prereqs(self, data: Sequence[Any], dataset: Dataset) -> None:
        """Run the prereqs of a dataset's channels on a batch, a flat tuple of arrays."""
        for prereq in self._view(dataset, "prereqs").prereqs:
            prereq(*data)

    def redo_theano(self) -> None:
        """Nothing: programs are made when they are needed."""

    def set_theano_function_mode(self, mode: Any) -> None:
        """Nothing: the engine chooses how a program is compiled."""

    def register_names_to_del(self, names: Any) -> None:
        """Name the attributes that a pickle of this monitor leaves out."""
        self.names_to_del = {*getattr(self, "names_to_del", ()), *names}

    # -------------------------------------------------------------- saving
    def random_states(self) -> list[Symbol]:
        """The shared variables that measuring changes, in a fixed order."""
        return [variable for view in self._views for variable in view.random_states()]

    def state_dict(self) -> dict[str, Any]:
        """Records and counts as arrays and numbers; `load_state_dict` takes them."""
        clocks = {id(channel.clock): channel.clock for channel in self.channels.values()}
        places = {key: place for place, key in enumerate(clocks)}
        return {
            "epochs": self._epochs_seen,
            "batches": self._num_batches_seen,
            "examples": self._examples_seen,
            "clocks": [
                {name: np.array(record) for name, record in vars(clock).items()}
                for clock in clocks.values()
            ],
            "channels": {
                name: {
                    "clock": places[id(channel.clock)],
                    "values": np.array(channel.val_record, dtype=np.float64),
                }
                for name, channel in self.channels.items()
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from these records and counts; a channel that is not here yet gets its records."""
        self._epochs_seen, self._num_batches_seen = state["epochs"], state["batches"]
        self._examples_seen = state["examples"]
        clocks = []
        for records in state["clocks"]:
            self._clock = Clock()
            for name, record in records.items():
                setattr(self._clock, name, record.tolist())
            clocks.append(self._clock)
        for name, saved in state["channels"].items():
            channel = self.channels.setdefault(name, MonitorChannel(name=name))
            channel.clock = clocks[saved["clock"]]
            channel.val_record = saved["values"].tolist()
        seconds = max((clock.times[-1] for clock in clocks if clock.times), default=0.0)
        self._began = time.monotonic() - seconds

    def __getstate__(self) -> dict[str, Any]:
        """Records and counts; the datasets and expressions belong to the run, not to the model."""
        emptied: dict[str, Any] = {
            "_views": [],
            "_steps": {},
            "_flat": None,
            "_began": None,
            "_waiting": [],
        }
        left_out = self.__dict__.get("names_to_del", set())
        return {k: v for k, v in {**self.__dict__, **emptied}.items() if k not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Saved before these had Pylearn2's names.
        for name in ("epochs", "batches", "examples"):
            if f"_{name}" in state:
                state[_SEEN[name]] = state.pop(f"_{name}")
        self.__dict__.update({"_waiting": [], **state})


_SEEN = {
    "epochs": "_epochs_seen",
    "batches": "_num_batches_seen",
    "examples": "_examples_seen",
}


def _flatten(ipt: Symbol, data_specs: DataSpecs | None) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The variables of a nested batch and their (space, source) pairs, each pair once."""
    if data_specs is None or ipt is None or isinstance(data_specs[0], NullSpace):
        return (), ()
    mapping = DataSpecsMapping(data_specs)
    inputs = mapping.flatten(ipt, return_tuple=True)
    spaces = mapping.flatten(data_specs[0], return_tuple=True)
    sources = mapping.flatten(data_specs[1], return_tuple=True)
    return tuple(inputs), tuple(zip(spaces, sources, strict=True))


def _symbolic_batches(specs: Sequence[Any]) -> Sequence[Any]:
    """A nested symbolic batch for each data specs; one variable for each (space, source)."""
    spaces, sources = zip(*specs, strict=True)
    mapping = DataSpecsMapping((CompositeSpace(list(spaces)), tuple(sources)))
    flat_spaces = mapping.flatten(CompositeSpace(list(spaces)), return_tuple=True)
    flat_sources = mapping.flatten(tuple(sources), return_tuple=True)
    variables = tuple(
        space.make_theano_batch(name=f"monitor_{source}")
        for space, source in zip(flat_spaces, flat_sources, strict=True)
    )
    return mapping.nest(variables)  # type: ignore[no-any-return]
