"""Optuna as a library: spaces as its distributions, what was tried as a study in memory.

Only files of this folder that need it import this one, and Optuna with it: that takes long.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial

from sweeper.spec.distributions import TAIL, Bell, Choice, Distribution, Span, Steps

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from sweeper.records import Value
    from sweeper.spec.search.sampler import Question, Tried
    from sweeper.spec.search.space import Axis, Point, Space


def study_of(question: Question, sampler: BaseSampler) -> optuna.Study:
    """A study that knows what the question does; what is pending is running there.

    `quiet` is to be called before the sampler is made.
    """
    study = optuna.create_study(sampler=sampler, direction="minimize")
    space = question.space
    study.add_trials(
        [
            *(_ended(space, one) for one in question.ended),
            *(_trial(space, point, state=TrialState.RUNNING) for point in question.pending),
        ]
    )
    return study


def quiet() -> None:
    """Keep Optuna's words about itself from the user's terminal."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def asked(study: optuna.Study, space: Space) -> Iterator[Point]:
    """One point after the other, as the study's sampler suggests; each counts as running then."""
    walker = space.walker()
    while True:
        trial = study.ask()
        yield walker.point(partial(_suggested, trial))


# ------------------------------------------------------------------ trials
def _ended(space: Space, tried: Tried) -> FrozenTrial:
    """A point with its result: what failed was pruned before its first epoch, the worst of all."""
    if tried.score == float("inf"):
        return _trial(space, tried.point, state=TrialState.PRUNED)
    if tried.epochs is not None:
        steps = {tried.epochs: tried.score}
        return _trial(space, tried.point, state=TrialState.PRUNED, intermediate_values=steps)
    return _trial(space, tried.point, value=tried.score)


def _trial(space: Space, point: Mapping[str, Value], **rest: Any) -> FrozenTrial:
    axes = [axis for axis in space.axes if axis.name in point]
    return create_trial(
        params={axis.name: inside(axis.values, point[axis.name]) for axis in axes},
        distributions={axis.name: distribution(axis.values) for axis in axes},
        **rest,
    )


# ------------------------------------------------------------------ axes
def distribution(values: Distribution) -> BaseDistribution:
    """An axis as Optuna knows it: of a choice the number, of the normal distribution the share."""
    if isinstance(values, Span):
        return FloatDistribution(float(values.low), float(values.high), log=values.is_log)
    if isinstance(values, Steps):
        first, last = values.value(0), values.value(values.size - 1)
        if values.is_whole:
            return IntDistribution(first, last, step=int(values.step))
        return FloatDistribution(first, last, step=float(values.step))
    if isinstance(values, Choice):
        if values.is_ordered:
            return IntDistribution(0, len(values.values) - 1)
        return CategoricalDistribution(range(len(values.values)))
    assert isinstance(values, Bell)
    return FloatDistribution(TAIL, 1.0 - TAIL)


def inside(values: Distribution, value: Value) -> Any:
    """A value of an axis, as Optuna knows it."""
    if isinstance(values, Choice):
        return values.index(value)
    if isinstance(values, Bell):
        return values.unit_of(value)
    return value


def outside(values: Distribution, found: Any) -> Any:
    """The value of an axis that Optuna's stands for."""
    if isinstance(values, Choice):
        return values.values[int(found)]
    if isinstance(values, Bell):
        return values.at(found)
    if isinstance(values, Steps):
        return values.value(round((found - values.first) / values.step))
    return found


def _suggested(trial: optuna.Trial, axis: Axis) -> Any:
    name, found = axis.name, distribution(axis.values)
    if isinstance(found, FloatDistribution):
        given: Any = trial.suggest_float(
            name, found.low, found.high, step=found.step, log=found.log
        )
    elif isinstance(found, IntDistribution):
        given = trial.suggest_int(name, found.low, found.high, step=found.step)
    else:
        given = trial.suggest_categorical(name, range(axis.values.size or 0))
    return outside(axis.values, given)
