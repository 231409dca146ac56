"""Optuna's tree-structured Parzen estimator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.spec.search.sampler import Question
    from sweeper.spec.search.space import Point


class Tpe:
    """Where good points lie denser than bad ones; the first ten are drawn at random.

    What is pending counts as bad, so no two workers look at one place.
    Source: optuna.samplers.TPESampler, with Optuna's own settings.
    """

    def points(self, question: Question) -> Iterator[Point]:
        """As `Sampler.points`."""
        from optuna.samplers import TPESampler

        from sweeper.spec.search.studies import asked, quiet, study_of

        quiet()
        sampler = TPESampler(seed=question.chance, constant_liar=True)
        return asked(study_of(question, sampler), question.space)
