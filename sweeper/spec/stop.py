"""The header's `stop`: the rules that end trials before their time."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sweeper.records import AloneRule, Halving, Objective, Plateau, Stopping, Threshold
from sweeper.spec.place import Place, is_number, listed, whole_number

LEAST_COHORT, MOST_COHORT = 8, 81
_ADVICE = "Write a list of rules, such as `- threshold: {channel: valid_objective, above: 5.0}`."


def read_stop(header: Place, objective: Objective | None) -> Stopping:
    """What a header's `stop` and `cohort` say. Raises InputError, with file, line and key path."""
    if header.value.get("stop") is None:
        raise header.child("cohort").error("it says how many trials `stop` compares. Remove it.")
    place = header.child("stop")
    rules = [_rule(item, objective) for item in place.entries("a list of rules", _ADVICE)]
    if not rules:
        raise place.error(f"an empty list stops nothing. {_ADVICE}")
    across = tuple(rule for rule in rules if isinstance(rule, Halving))
    alone = tuple(rule for rule in rules if not isinstance(rule, Halving))
    if "cohort" in header.value:
        size = whole_number(header.child("cohort"), least=2)
        if not across:
            raise header.child("cohort").error("no rule of `stop` compares trials. Remove it.")
    else:
        size = max(map(_cohort, across), default=0)
    return Stopping(alone, across, size)


def _cohort(rule: Halving) -> int:
    """So many that one is left after the last rung; within what a worker can hold."""
    return min(max(math.ceil((1 / rule.keep) ** len(rule.rungs)), LEAST_COHORT), MOST_COHORT)


def _rule(place: Place, objective: Objective | None) -> AloneRule | Halving:
    found = place.items("a rule: a map with one key")
    if len(found) != 1:
        raise place.error(f"expected one rule, got {len(found)} in one item. {_ADVICE}")
    place.check_keys(_RULES)
    ((name, inner),) = found
    return _RULES[name](inner, objective)


# ------------------------------------------------------------------ one rule each
def _threshold(place: Place, objective: Objective | None) -> AloneRule:
    place.check_keys(("channel", "above", "below", "after"))
    fields = {key: _number(place.child(key)) for key in ("above", "below") if key in place.value}
    if not fields:
        raise place.error(
            "it says neither what the channel must not be above, nor below. Write `above: 5.0`,"
            " say."
        )
    after = whole_number(place.child("after"), least=0) if "after" in place.value else 1
    channel = _channel(place, objective, "threshold")
    return Threshold(channel, fields.get("above"), fields.get("below"), after)


def _plateau(place: Place, objective: Objective | None) -> AloneRule:
    place.check_keys(("channel", "mode", "epochs", "rows", "min_change"))
    units = [key for key in ("epochs", "rows") if key in place.value]
    if len(units) != 1:
        raise place.error(
            f"expected one of `epochs` and `rows`, got {listed(units)}. Write `epochs: 10`, say:"
            " a trial ends that got no better for so long."
        )
    (unit,) = units
    change = _number(place.child("min_change")) if "min_change" in place.value else 0.0
    if change < 0:
        raise place.child("min_change").wrong("a number of at least 0", "Write 0.001, say.")
    return Plateau(
        channel=_channel(place, objective, "plateau"),
        mode=_mode(place, objective),
        length=whole_number(place.child(unit), least=1),
        unit="rows" if unit == "rows" else "epochs",
        min_change=change,
    )


def _halving(place: Place, objective: Objective | None) -> Halving:
    place.check_keys(("rungs", "keep"))
    if objective is None:
        raise place.error(
            "it compares trials by the objective, and the sweep has none. Give it one:"
            " `objective: {channel: valid_error, mode: min}`."
        )
    if "rungs" not in place.value:
        raise place.error("its rungs are missing. Write `rungs: [1, 3, 9, 27]`, say: epochs.")
    items = place.child("rungs").entries("a list of epochs", "Write [1, 3, 9, 27], say.")
    rungs = tuple(whole_number(item, least=1) for item in items)
    if not rungs or any(a >= b for a, b in pairwise(rungs)):
        raise place.child("rungs").error(
            f"the rungs {list(rungs)} don't grow: each is an epoch behind the one before it. Write"
            " [1, 3, 9, 27], say."
        )
    keep = _share(place.child("keep")) if "keep" in place.value else Fraction(1, 3)
    return Halving(objective.channel, objective.mode, rungs, keep)


def _share(place: Place) -> Fraction:
    try:
        keep = Fraction(str(place.value).replace(" ", ""))
    except (ValueError, ZeroDivisionError):
        keep = Fraction(0)
    if not 0 < keep < 1:
        raise place.wrong("a share between 0 and 1", "Write 1/3, say.")
    return keep


_RULES: dict[str, Callable[[Place, Objective | None], AloneRule | Halving]] = {
    "halving": _halving,
    "threshold": _threshold,
    "plateau": _plateau,
}


# ------------------------------------------------------------------ what several have
def _channel(place: Place, objective: Objective | None, rule: str) -> str:
    """The rule's own channel, else the objective's."""
    if "channel" not in place.value:
        if objective is None:
            raise place.error(
                f"{rule} has no channel, and the sweep no objective. Write"
                " `channel: valid_objective`, say, or give the sweep an objective."
            )
        return objective.channel
    channel = place.value["channel"]
    if not isinstance(channel, str) or not channel:
        raise place.child("channel").wrong("a channel's name", "Write valid_objective, say.")
    return channel


def _mode(place: Place, objective: Objective | None) -> Any:
    """Which end of the channel is best: the objective's mode where it is that channel."""
    if "mode" not in place.value:
        own = place.value.get("channel")
        is_its = objective is not None and own in (None, objective.channel)
        return objective.mode if objective is not None and is_its else "min"
    child = place.child("mode")
    if child.value not in ("min", "max"):
        raise child.wrong("min or max", "Write min, say.")
    return child.value


def _number(place: Place) -> float:
    if not is_number(place.value):
        raise place.wrong("a number", "Write 5.0, say.")
    return float(place.value)
