"""Batch gradient descent: line searches along the gradient, or along conjugate directions."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.errors import ConfigError, NonFiniteError
from pylearn2core.training_algorithms.batches import Batch
from pylearn2core.training_algorithms.gradient_algorithm import GradientAlgorithm, Passes
from pylearn2core.training_algorithms.line import Line
from pylearn2core.training_algorithms.line_search import LineMinimum, Search, among, exhaustive

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost
    from pylearn2core.datasets.dataset import Dataset, Datasets
    from pylearn2core.models.model import Model
    from pylearn2core.termination_criteria.criterion import TerminationCriterion
    from pylearn2core.types import Seed, Symbol

log = logging.getLogger(__name__)

SEED = (2012, 10, 16)
_STEPS = (0.001, 0.005, 0.01, 0.05, 0.1)
_EXHAUSTIVE_STEPS = (0.5, 1.0)


class BGD(GradientAlgorithm):
    """Line searches on large batches, several on each.

    cost: its value is what a search goes by; the model's own default cost if None.
    batch_size: rows a batch; all the examples for true batch gradient descent. The model's
        `force_batch_size` if None.    batches_per_iter: batches an epoch; all if None.
    updates_per_batch: line searches on each batch, at most; -1 for no bound.
    monitoring_dataset: a dataset, or a mapping of channel prefixes to datasets.
    monitoring_batch_size, monitoring_batches: as in training if neither is given.
    line_search_mode: None tries a list of step sizes; 'exhaustive' looks around the best one.
    init_alpha: the step sizes to begin with, ascending.
    reset_alpha: begin each batch with these; else with what the batch before left.
    conjugate: nonlinear conjugate gradient (Polak-Ribiere, never negative).
    reset_conjugate: begin each batch with the gradient; else from the last direction.
    min_init_alpha: the exhaustive search begins with no smaller step size.
    scale_step: the share of a batch's change of the parameters that is kept.
    verbose_optimization: log every search.
    seed: of the order of the batches.
    Channels: ave_step_size, ave_grad_size, ave_grad_mult (step size by the gradient's size).
    """

    def __init__(
        self,
        cost: Cost | None = None,
        batch_size: int | None = None,
        batches_per_iter: int | None = None,
        updates_per_batch: int = 10,
        monitoring_batch_size: int | None = None,
        monitoring_batches: int | None = None,
        monitoring_dataset: Datasets | None = None,
        termination_criterion: TerminationCriterion | None = None,
        set_batch_size: bool = False,
        reset_alpha: bool = True,
        conjugate: bool = False,
        min_init_alpha: float = 0.001,
        reset_conjugate: bool = True,
        line_search_mode: str | None = None,
        verbose_optimization: bool = False,
        scale_step: float = 1.0,
        theano_function_mode: Any = None,
        init_alpha: Sequence[float] | None = None,
        seed: Seed | None = None,
    ) -> None:
        _check_mode(line_search_mode)
        super().__init__(
            cost,
            batch_size=batch_size,
            batches_per_iter=batches_per_iter,
            monitoring_batch_size=monitoring_batch_size,
            monitoring_batches=monitoring_batches,
            monitoring_dataset=monitoring_dataset,
            termination_criterion=termination_criterion,
            set_batch_size=set_batch_size,
            theano_function_mode=theano_function_mode,
        )
        self.updates_per_batch = updates_per_batch
        self.reset_alpha, self.min_init_alpha = reset_alpha, min_init_alpha
        self.conjugate, self.reset_conjugate = conjugate, reset_conjugate
        self.line_search_mode = line_search_mode
        self.verbose_optimization = verbose_optimization
        self.scale_step = scale_step
        self.first_steps = self._steps_given(init_alpha)
        self.rng = np.random.RandomState(list(SEED if seed is None else np.atleast_1d(seed)))
        self._line: Line | None = None

    def _steps_given(self, init_alpha: Any) -> tuple[float, ...]:
        if init_alpha is None:
            return _STEPS if self.line_search_mode is None else _EXHAUSTIVE_STEPS
        steps = tuple(float(step) for step in init_alpha)
        pairs = zip((0.0, *steps), steps, strict=False)
        if not steps or not all(smaller < larger for smaller, larger in pairs):
            raise ConfigError(
                f"init_alpha: expected step sizes above 0 in ascending order, got {init_alpha!r}."
            )
        return steps

    # -------------------------------------------------------------- setting up
    def setup(self, model: Model, dataset: Dataset) -> None:
        """Build the graphs and the channels."""
        super().setup(model, dataset)
        fixed_vars = self._take_data("shuffled_sequential")
        line = self._line = Line(model, self.cost, self._inputs, fixed_vars, self.conjugate)
        means = (line.ave_step_size, line.ave_grad_size, line.ave_grad_mult)
        self._add_channels({mean.name: mean for mean in means})

    def shared_state(self) -> list[Symbol]:
        """The shared variables that searches use."""
        return [] if self._line is None else self._line.shared_state()

    # -------------------------------------------------------------- training
    def passes(self, dataset: Dataset) -> Passes:
        """Request the passes of one epoch.

        Raises NonFiniteError (a RuntimeError) where the objective is NaN.
        """
        line = self._line
        if line is None:
            raise RuntimeError("BGD.train was called before BGD.setup(model, dataset).")
        for batch in self._epoch.batches(dataset, self._inputs):
            self._load(batch)
            before = self.model.get_param_values() if self.scale_step != 1.0 else None
            yield from self._minimize(line, batch)
            if before is not None:
                self._keep_share(before)
            self.monitor.report_batch(batch.rows)

    def _minimize(self, line: Line, batch: Batch) -> Passes:
        """All the searches on one batch."""
        steps, count = self.first_steps, 0
        line.begin(carry=0.0 if self.reset_conjugate else 1.0)
        while count != self.updates_per_batch:
            count += 1
            yield from line.aim(batch)
            if line.norm() == 0.0:
                break
            found = yield from self._search(line, batch, steps)
            yield from line.move(found.step)
            steps = found.steps
            if self.verbose_optimization:
                log.info("step size %g: objective %g", found.step, found.objective)
            if found.converged:
                break
        if not self.reset_alpha:
            self.first_steps = steps

    def _search(self, line: Line, batch: Batch, steps: tuple[float, ...]) -> Passes:
        """One search; returns its LineMinimum."""
        objective = yield from line.objective(0.0, batch)
        if math.isnan(objective):
            epoch = self.monitor.get_epochs_seen() + 1
            raise NonFiniteError(
                f"The objective is NaN in epoch {epoch}. Look for NaN in the data, or for a cost "
                "that takes the logarithm of 0."
            )
        if self.line_search_mode == "exhaustive":
            search: Search = exhaustive(steps, objective, least=self.min_init_alpha)
        else:
            search = among(steps, objective, floor=line.floor)
        step = next(search)
        while True:
            objective = yield from line.objective(step, batch)
            try:
                step = search.send(objective)
            except StopIteration as end:
                found: LineMinimum = end.value
                return found

    def _keep_share(self, before: Sequence[Any]) -> None:
        after = self.model.get_param_values()
        share = self.scale_step
        self.model.set_param_values(
            [(1.0 - share) * old + share * new for old, new in zip(before, after, strict=True)]
        )


def _check_mode(line_search_mode: str | None) -> None:
    if line_search_mode not in (None, "exhaustive"):
        raise ConfigError(
            f"line_search_mode: expected 'exhaustive' or none, got {line_search_mode!r}."
        )
