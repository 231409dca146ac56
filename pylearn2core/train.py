"""Train: a model, a dataset, an algorithm, and the loop around them."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from pylearn2core import checkpoint, patches, paths
from pylearn2core import log as logs
from pylearn2core.engine import Record, run
from pylearn2core.errors import ConfigError
from pylearn2core.monitor import Monitor
from pylearn2core.utils import serial, sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.model import Model
    from pylearn2core.training_algorithms.training_algorithm import ByPasses, TrainingAlgorithm

log = logging.getLogger(__name__)


class _Stage(Enum):
    """What was done last. An epoch, or nothing yet; its record; the extensions were told as well.

    Or one of them has ended training.
    """

    TRAINED = "trained"
    MEASURED = "measured"
    TOLD = "told"
    ENDED = "ended"


class Train:
    """Trains a model until its algorithm, an extension or the time says enough.

    algorithm: None for a model that trains itself (`train_all`, `continue_learning`).
    save_path: where the model is saved, every `save_freq` epochs and at the end; 0 never saves.
    extensions: TrainExtensions, called after each epoch in their order.
    allow_overwrite: False refuses a save_path that exists when training starts.
    checkpoint_path: where the whole state of training is saved every `checkpoint_freq` epochs and
        at the end. A Train that finds a checkpoint there goes on from it, and gives the numbers
        that it would have given without the break.

    places: where relative paths lead while it trains (`pylearn2core.paths`).
    Iterating over it trains, and gives each record as a mapping of channel names to values.
    """

    def __init__(
        self,
        dataset: Dataset,
        model: Model,
        algorithm: TrainingAlgorithm | None = None,
        save_path: str | None = None,
        save_freq: int = 0,
        extensions: Any = None,
        allow_overwrite: bool = True,
        checkpoint_path: str | None = None,
        checkpoint_freq: int = 1,
    ) -> None:
        self.dataset = dataset
        self.model = model
        self.algorithm = algorithm
        self.save_freq = save_freq
        self.save_path = save_path
        self.extensions = list(extensions or [])
        self.allow_overwrite = allow_overwrite
        self.checkpoint_path = checkpoint_path
        self.checkpoint_freq = checkpoint_freq
        self.places: paths.Places | None = None
        self.training_seconds = sharedX(0.0, name="training_seconds_this_epoch")
        self.total_seconds = sharedX(0.0, name="total_seconds_last_epoch")
        self._is_set_up = False
        self._stage = _Stage.TRAINED
        model.dataset_yaml_src = getattr(dataset, "yaml_src", None)
        if save_path is not None:
            serial.check_save_path(save_path)

    # -------------------------------------------------------------- the loop
    def main_loop(self, time_budget: float | None = None) -> None:
        """Train to the end. time_budget: seconds, looked at between epochs."""
        logs.show_by_default()
        for _ in self.records(time_budget):
            pass

    def __iter__(self) -> Iterator[dict[str, float]]:
        return (dict(record.values) for record in self.records())

    def records(self, time_budget: float | None = None) -> Iterator[Record]:
        """Train, and yield each record as it is made."""
        if self.places is None:
            yield from run(self.loop(time_budget))
            return
        loop = run(self.loop(time_budget))
        while True:
            with paths.use(self.places):
                record = next(loop, None)
            if record is None:
                return
            yield record

    def loop(self, time_budget: float | None = None) -> Generator[Any, Any, None]:
        """The training loop, as requests to the engine and records (`engine.pack.requests`)."""
        deadline = None if time_budget is None else time.monotonic() + time_budget
        self.setup()
        ended = yield from self._after_epoch()
        while not ended and self._goes_on(deadline):
            yield from self._epoch()
            self.model.monitor.report_epoch()
            self._stage = _Stage.TRAINED
            ended = yield from self._after_epoch()
        if self.save_freq > 0:
            self.save()
        self._save_checkpoint()

    def _after_epoch(self) -> Generator[Any, Any, bool]:
        """Monitor, extensions and what is to be saved; True where training is to end.

        Nothing where a loaded state is past that.
        """
        if self._stage in (_Stage.TOLD, _Stage.ENDED):
            return self._stage is _Stage.ENDED
        epochs = self.model.monitor.get_epochs_seen()
        if epochs == self._first_epoch:
            if self.algorithm is not None:
                yield from self._look()
            self._stage = _Stage.TOLD
            return False
        if (yield from self._look()):
            return True
        if self.save_freq > 0 and epochs % self.save_freq == 0:
            self.save()
        if self.checkpoint_freq > 0 and epochs % self.checkpoint_freq == 0:
            self._save_checkpoint()
        return False

    def _goes_on(self, deadline: float | None) -> bool:
        if deadline is not None and time.monotonic() >= deadline:
            log.info("The time budget is used up: training ends here.")
            return False
        if self.algorithm is None:
            return bool(self.model.continue_learning())
        return bool(self.algorithm.continue_learning(self.model))

    def _epoch(self) -> Generator[Any, Any, None]:
        began = time.monotonic()
        if self.algorithm is None:
            self.model.train_all(dataset=self.dataset)
        elif _engine_runs(self.algorithm):
            yield from self.algorithm.passes(self.dataset)
        else:
            self.algorithm.train(dataset=self.dataset)
        _set(self.training_seconds, time.monotonic() - began)

    def _look(self) -> Generator[Any, Any, bool]:
        """Monitor, then the extensions; True where one of them ends training."""
        began = time.monotonic()
        if self._stage is _Stage.TRAINED:
            # Before it is asked: whoever gets the record may ask for the state.
            self._stage = _Stage.MEASURED
            yield from self.model.monitor.measure()
        ended = self._tell_extensions()
        self._stage = _Stage.ENDED if ended else _Stage.TOLD
        if not ended:
            _set(self.total_seconds, _get(self.training_seconds) + time.monotonic() - began)
        return ended

    def _tell_extensions(self) -> bool:
        """Call them; True where one of them ends training."""
        try:
            for extension in self.extensions:
                extension.on_monitor(self.model, self.dataset, self.algorithm)
        except StopIteration as stop:
            log.info("Extension ended training. %s", stop)
            return True
        return False

    # -------------------------------------------------------------- around it
    def setup(self) -> None:
        """Set the algorithm and the extensions up; once."""
        if self._is_set_up:
            return
        self._is_set_up = True
        patches.install()
        self._check_save_path()
        monitor = self.model.monitor = Monitor.get_monitor(self.model)
        if self.algorithm is not None:
            self.algorithm.setup(model=self.model, dataset=self.dataset)
            self._add_time_channels(monitor)
        for extension in self.extensions:
            extension.setup(self.model, self.dataset, self.algorithm)
        self.model.enforce_constraints()
        self._first_epoch = monitor.get_epochs_seen()
        checkpoint_file = self._checkpoint_file()
        if checkpoint_file is not None and checkpoint_file.exists():
            checkpoint.load(self, checkpoint_file)
            log.info("Training goes on after epoch %d.", monitor.get_epochs_seen())

    def _add_time_channels(self, monitor: Monitor) -> None:
        if getattr(self.algorithm, "monitoring_dataset", None) is not None:
            monitor.add_channel(self.training_seconds.name, None, self.training_seconds)
            monitor.add_channel(self.total_seconds.name, None, self.total_seconds)

    def _check_save_path(self) -> None:
        if self.save_freq <= 0:
            return
        self.save_path = self.save_path or _default_save_path()
        checkpoint_file = self._checkpoint_file()
        if checkpoint_file is not None and checkpoint_file.exists():
            return  # the file there is of the part that was trained already
        if not self.allow_overwrite and paths.to_write(self.save_path).exists():
            raise ConfigError(
                f"save_path: {self.save_path} exists, and allow_overwrite is off. Move the file "
                "away, or choose another path."
            )

    def save(self) -> None:
        """Save the model; the file that it replaces is kept as `.bak` until that is done."""
        for extension in self.extensions:
            extension.on_save(self.model, self.dataset, self.algorithm)
        if self.save_path is not None:
            serial.save(self.save_path, self.model, on_overwrite="backup")

    # -------------------------------------------------------------- going on another time
    def state_dict(self, *, global_random: bool = False) -> dict[str, Any]:
        """The whole state of training, as arrays and plain data; asked for between two epochs.

        global_random: with the states of `numpy.random` and `random`.
        """
        self.setup()
        return {
            **checkpoint.state_dict(self, global_random=global_random),
            "stage": self._stage.value,
            "first_epoch": self._first_epoch,
            "seconds": [_get(self.training_seconds), _get(self.total_seconds)],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the state of a Train that was built from the same experiment, and go on from it.

        What the experiment says itself (max_epochs, say) stays as it is here.
        """
        self.setup()
        checkpoint.load_state_dict(self, state)
        self._stage = _Stage(state["stage"])
        self._first_epoch = state.get("first_epoch", self._first_epoch)
        for variable, seconds in zip(
            (self.training_seconds, self.total_seconds), state["seconds"], strict=True
        ):
            _set(variable, seconds)

    def _checkpoint_file(self) -> Path | None:
        return None if self.checkpoint_path is None else paths.to_write(self.checkpoint_path)

    def _save_checkpoint(self) -> None:
        if self.checkpoint_path is not None:
            checkpoint.save(self, self.checkpoint_path, global_random=True)


def _default_save_path() -> str:
    stem = paths.environ("PYLEARN2_TRAIN_FILE_FULL_STEM")
    if stem is None:
        raise ConfigError(
            "save_path: save_freq is set, but neither save_path nor "
            "PYLEARN2_TRAIN_FILE_FULL_STEM says where to save. Give save_path."
        )
    return str(Path(stem + ".pkl"))


def _engine_runs(algorithm: TrainingAlgorithm) -> TypeGuard[ByPasses]:
    """Whether the algorithm's `passes` is what its `train` does.

    A subclass that overrides `train` below the class that has `passes` means its own.
    """
    for cls in type(algorithm).__mro__:
        if "train" in vars(cls) or "passes" in vars(cls):
            return "passes" in vars(cls)
    return False


def _set(variable: Any, value: float) -> None:
    variable.set_value(np.asarray(value, dtype=variable.dtype), borrow=True)


def _get(variable: Any) -> float:
    return float(variable.get_value(borrow=True))
