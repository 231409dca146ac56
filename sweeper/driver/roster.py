"""The trials that a driver may run: what the scheduler hears of them, and what a worker is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records import NewTrial, Proposed, TrialTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweeper.driver.groups import Group
    from sweeper.records import ExperimentText, LeasedTrial, Mate, Trial


@dataclass(frozen=True, slots=True)
class Todo:
    """A trial to run. number: of its next attempt.    cohort: None where it is in none."""

    trial: Trial
    number: int
    group: Group
    cohort: int | None = None


class Roster:
    """Trials that are to be run, which may become more.

    texts: of their experiments, by id.
    """

    def __init__(
        self, texts: Mapping[str, ExperimentText], known: Mapping[str, tuple[int, int]]
    ) -> None:
        """`known`: of each trial with recorded rows, (phase, epoch) of the last."""
        self.texts = dict(texts)
        self._known = known
        self._todo: dict[str, Todo] = {}

    def add(self, batch: Iterable[Todo], *, is_last: bool, mates: Iterable[Mate] = ()) -> Proposed:
        """Take in trials of one batch; as the scheduler hears of them.

        mates: what is known of their cohorts.
        """
        new = []
        for one in batch:
            trial, group = one.trial, one.group
            self._todo[trial.id] = one
            new.append(
                NewTrial(
                    trial.id,
                    trial.ordinal,
                    trial.text_id,
                    one.number,
                    group.key,
                    group.fills,
                    one.cohort,
                )
            )
        return Proposed(tuple(new), is_last=is_last, time=time.time(), mates=tuple(mates))

    def task_of(self, one: LeasedTrial) -> TrialTask:
        """What a worker needs to run an attempt."""
        todo = self._todo[one.trial]
        return TrialTask(
            trial=one.trial,
            number=one.number,
            text_id=todo.trial.text_id,
            tokens=todo.trial.tokens,
            seed=int(todo.trial.values.get("seed", 0)),
            pack=todo.group.pack,
            known=self._known.get(one.trial),
            mates=todo.group.size,
            past=one.past,
            stop=one.stop,
        )
