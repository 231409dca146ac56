"""Cohorts: trials that rules across trials compare, and who of them goes on.

A verdict follows from the cohort's own numbers, once every member has come to the rung or to its
end: so it is the same in whatever order they do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.records import Stop, replace
from sweeper.scheduler.rules import Curve, halving

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweeper.records import Mate, NewTrial
    from sweeper.scheduler.policy import Policy


@dataclass(frozen=True, slots=True)
class Member:
    """A trial of a cohort.

    past: the last rung that it may go on from, 0 where it may from none yet.
    stop: why it is to end, None where it is not.    over: it has come to its end.
    """

    curve: Curve
    past: int = 0
    stop: Stop | None = None
    over: bool = False

    @property
    def top(self) -> int:
        """The last rung that it has come to."""
        return self.curve.values[-1][0] if self.curve.values else 0


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The cohorts that are not over.

    of: of each trial, its cohort's number, of cohorts that are over too.
    members: of those that are not, by number, then by trial.
    """

    of: Mapping[str, int] = field(default_factory=dict)
    members: Mapping[int, Mapping[str, Member]] = field(default_factory=dict)

    def member(self, trial: str) -> Member | None:
        """A trial's place in its cohort; None where it has none, or the cohort is over."""
        number = self.of.get(trial)
        found = self.members.get(number) if number is not None else None
        return found[trial] if found is not None else None


NO_COHORTS = Cohorts()


def enroll(cohorts: Cohorts, trials: Iterable[NewTrial], mates: Iterable[Mate]) -> Cohorts:
    """Trials came, with what earlier drivers know of them and of their cohorts."""
    of, members = dict(cohorts.of), {n: dict(found) for n, found in cohorts.members.items()}
    for trial in trials:
        if trial.cohort is not None:
            of[trial.id] = trial.cohort
            new = Member(Curve(trial.id, trial.ordinal))
            members.setdefault(trial.cohort, {})[trial.id] = new
    for mate in mates:
        if mate.cohort in members:
            of[mate.trial] = mate.cohort
            curve = Curve(mate.trial, mate.ordinal, mate.values)
            members[mate.cohort][mate.trial] = Member(curve, past=mate.past, over=mate.over)
    return Cohorts(of, members)


def arrive(cohorts: Cohorts, trial: str, values: tuple[tuple[int, float], ...]) -> Cohorts:
    """A trial waits at the last of these rungs."""
    member = cohorts.member(trial)
    if member is None:
        return cohorts
    return _put(cohorts, trial, replace(member, curve=replace(member.curve, values=values)))


def leave(cohorts: Cohorts, trial: str) -> Cohorts:
    """A trial has come to its end, or never will begin."""
    member = cohorts.member(trial)
    return cohorts if member is None else _put(cohorts, trial, replace(member, over=True))


def settle(policy: Policy, cohorts: Cohorts, numbers: Iterable[int]) -> Cohorts:
    """Judge those cohorts where it can be done, and forget those that are over."""
    for number in numbers:
        members = cohorts.members.get(number)
        if members is None:
            continue
        judged = _judge(policy, members)
        found = dict(cohorts.members)
        if all(one.over for one in judged.values()):
            del found[number]
            cohorts = Cohorts(cohorts.of, found)
        elif judged is not members:
            found[number] = judged
            cohorts = Cohorts(cohorts.of, found)
    return cohorts


def _put(cohorts: Cohorts, trial: str, member: Member) -> Cohorts:
    number = cohorts.of[trial]
    changed = {**cohorts.members[number], trial: member}
    return Cohorts(cohorts.of, {**cohorts.members, number: changed})


def _judge(policy: Policy, members: Mapping[str, Member]) -> Mapping[str, Member]:
    rungs = sorted({rung for rule in policy.across for rung in rule.rungs})
    for rung in rungs:
        here = [one for one in members.values() if _waits_at(one, rung)]
        if not here:
            continue
        if any(not one.over and one.stop is None and one.top < rung for one in members.values()):
            return members
        curves = [one.curve for one in members.values()]
        stops: dict[str, Stop] = {}
        for rule in policy.across:
            if rung in rule.rungs:
                for trial, why in halving.judge(rule, rung, curves).items():
                    stops.setdefault(trial, Stop("halving", why))
        verdicts = {one.curve.trial: _told(one, rung, stops.get(one.curve.trial)) for one in here}
        members = {**members, **verdicts}
    return members


def _told(member: Member, rung: int, stop: Stop | None) -> Member:
    """A member after a verdict; one that has gone on from there goes on."""
    if stop is None or member.top > rung:
        return replace(member, past=rung)
    return replace(member, stop=stop)


def _waits_at(member: Member, rung: int) -> bool:
    is_left = not member.over and member.stop is None
    return is_left and member.past < rung and any(at == rung for at, _ in member.curve.values)
