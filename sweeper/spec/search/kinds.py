"""The samplers that there are, by name: what each can do, told before one is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.spec.place import Place
from sweeper.spec.search.space import Space


@dataclass(frozen=True, slots=True)
class Kind:
    """A sampler, as far as the header must know it.

    factory: `module:class`, imported where it is asked.
    learns: whether it looks at the objective.
    takes_choices, takes_conditions: whether it can do axes without an order, axes with a `when`.
    """

    factory: str
    learns: bool = True
    takes_choices: bool = True
    takes_conditions: bool = True

    def check(self, place: Place, space: Space) -> None:
        """Raise InputError for a space that it can't do. place: of the sampler's name."""


KINDS: Mapping[str, Kind] = {
    "random": Kind("sweeper.spec.search.drawn:Random", learns=False),
    "sobol": Kind("sweeper.spec.search.drawn:Sobol", learns=False),
    "tpe": Kind("sweeper.spec.search.tpe:Tpe"),
}
