"""The samplers that there are, by name: what each can do, told before one is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.spec.distributions import Choice
from sweeper.spec.place import Place
from sweeper.spec.search.space import Axis, Space


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
        for axis in space.axes:
            fault = self._fault(axis)
            if fault:
                raise place.error(
                    f"{place.value} can't do the axis {axis.name}, which {fault} ({axis.at}). Take "
                    "`tpe`, or make a constant of it."
                )

    def _fault(self, axis: Axis) -> str:
        """Why it can't do an axis, "" where it can."""
        if axis.when is not None and not self.takes_conditions:
            return "some points lack by its `when`"
        is_choice = isinstance(axis.values, Choice) and not axis.values.is_ordered
        if is_choice and not self.takes_choices:
            return "is a choice among values without an order"
        return ""


KINDS: Mapping[str, Kind] = {
    "random": Kind("sweeper.spec.search.drawn:Random", learns=False),
    "sobol": Kind("sweeper.spec.search.drawn:Sobol", learns=False),
    "tpe": Kind("sweeper.spec.search.tpe:Tpe"),
    "gp": Kind("sweeper.spec.search.gaussian:Gp", takes_conditions=False),
    "cmaes": Kind(
        "sweeper.spec.search.evolution:Cmaes", takes_choices=False, takes_conditions=False
    ),
}
