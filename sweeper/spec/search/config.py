"""The header's `search`, checked: which sampler proposes how many points of which space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeper.records import SweepSpec, Value
from sweeper.spec.limits import MAX_POINTS
from sweeper.spec.place import Place, listed, whole_number
from sweeper.spec.plain import choice
from sweeper.spec.search.kinds import KINDS
from sweeper.spec.search.space import Point, Space, read_space

BATCH = 16


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and how.

    trials, batch: points in all, and in a batch.    lag: batches that may be at work meanwhile.
    start: the first points, each with values of some of the axes.
    """

    sampler: str
    trials: int
    batch: int
    lag: int
    seed: int
    space: Space
    start: tuple[Mapping[str, Value], ...] = ()


def read_search(place: Place, sweep: SweepSpec, variables: Mapping[str, Value]) -> Search:
    """Return what the map at `place` says. Raises InputError."""
    place.check_keys(("sampler", "trials", "batch", "lag", "seed", "axes", "start"))
    for key, example in (("sampler", "tpe"), ("trials", "100"), ("axes", "{x: {uniform: [0, 1]}}")):
        if key not in place.value:
            raise place.error(f"{key!r} is missing. Write `{key}: {example}`, say.")
    sampler = choice(place.child("sampler"), KINDS)
    if sweep.objective is None and KINDS[sampler].learns:
        raise place.child("sampler").error(
            f"{sampler} learns from the objective, and the header has none. Write `objective: "
            "{channel: valid_error, mode: min}`, or take `sampler: random`."
        )
    space = read_space(place.child("axes"), variables)
    KINDS[sampler].check(place.child("sampler"), space)
    trials = _whole(place, "trials", 1)
    _check_trials(place.child("trials"), trials, sweep.repeat, space)
    return Search(
        sampler=sampler,
        trials=trials,
        batch=_whole(place, "batch", 1, min(BATCH, trials)),
        lag=_whole(place, "lag", 0, 1),
        seed=_whole(place, "seed", 0, 0),
        space=space,
        start=_start(place.child("start"), space, trials) if "start" in place.value else (),
    )


def _whole(place: Place, key: str, least: int, default: int = 0) -> int:
    return whole_number(place.child(key), least=least) if key in place.value else default


def _check_trials(place: Place, trials: int, seeds: int, space: Space) -> None:
    if trials * seeds > MAX_POINTS:
        raise place.error(f"at most {MAX_POINTS:,} trials can be run.")
    if space.size is not None and trials > space.size:
        raise place.error(
            f"the axes have {space.size} points in all, and no point runs twice. Write "
            f"`trials: {space.size}` or less, or `grid` in place of `search`."
        )


def _start(place: Place, space: Space, trials: int) -> tuple[Point, ...]:
    """The points to begin with: each a map of some axes to values of theirs."""
    advice = "Write `- {learning_rate: 0.1}`, one point a line."
    axes = {axis.name: axis for axis in space.axes}
    points = []
    for one in place.entries("a list of points", advice):
        point: dict[str, Any] = {}
        for name, found in one.items("a point"):
            if name not in axes:
                raise found.error(f"no axis of this search. Its axes are {listed(axes)}.")
            try:
                axes[name].values.unit_of(found.value)
            except ValueError as error:
                raise found.wrong(
                    str(error).removeprefix("expected "), "The axis says what it may be."
                ) from None
            point[name] = found.value
        points.append(point)
    if not 0 < len(points) <= trials:
        raise place.error(f"{len(points)} points of {trials} in all. {advice}")
    return tuple(points)
