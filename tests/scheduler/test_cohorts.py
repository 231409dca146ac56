"""Cohorts at their rungs, through random orders of events: one and the same set of stops."""

from __future__ import annotations

import math

from cohort_world import CohortWorld, policy, straight
from hypothesis import given, settings
from hypothesis import strategies as st
from world import Odds

from sweeper.records import AttemptState, TrialState

RUNGS = (1, 3, 9)
values = st.integers(0, 9).map(float) | st.sampled_from([math.nan, math.inf])
# Each trial: a value of each epoch, short ones that end before a rung, and some that fail.
curves = st.lists(
    st.lists(values, min_size=1, max_size=12)
    | st.lists(values | st.none(), min_size=9, max_size=9),
    max_size=40,
)
odds = st.builds(
    Odds,
    die=st.sampled_from([0.0, 0.02]),
    preempt=st.sampled_from([0.0, 0.02]),
    stale=st.sampled_from([0.0, 0.3]),
    report=st.sampled_from([0.7, 1.0]),
    slots=st.sampled_from([1, 4, 16]),
)
seeds = st.integers(0, 2**32)
workers = st.integers(1, 8)
keeps = st.sampled_from(["1/3", "1/2", "0.9", "1/100"])
blocks = st.sampled_from([1, 2, 5, 9, 27])
held = st.sampled_from([1, 4, 128])


def world_of(seed, curves, workers, keep, block, odds, max_held=128, n_texts=2, **rest):
    texts = [i % n_texts for i in range(len(curves))]
    rules = policy(RUNGS, keep, max_held=max_held)
    return CohortWorld(seed, texts, workers, rules, odds, curves=curves, block=block, **rest)


def expected(curves, block, keep):
    named = [(f"t{i}", curve) for i, curve in enumerate(curves)]
    return straight(named, block, RUNGS, keep)


@given(seeds, curves, workers, keeps, blocks, odds, held)
@settings(max_examples=250, deadline=None)
def test_any_order_and_number_of_workers_stops_whom_a_straight_loop_stops(
    seed, curves, workers, keep, block, odds, held
):
    world = world_of(seed, curves, workers, keep, block, odds, held)
    world.run()
    if world.state.end.kind == "cluster":
        return  # every worker died again and again with nothing to do
    assert world.stopped_at == expected(curves, block, keep)
    for trial, curve in world.curves.items():
        end = TrialState.FAILED if None in curve else TrialState.FINISHED
        ends = TrialState.STOPPED if trial in world.stopped_at else end
        assert world.trial_state[trial] is ends
    assert not world.state.cohorts.members, "a cohort that is over is forgotten"


@given(seeds, curves, workers, blocks, odds, st.floats(0.005, 0.1))
@settings(max_examples=80, deadline=None)
def test_a_drain_leaves_no_attempt_open_that_waits_at_a_rung(
    seed, curves, workers, block, odds, drain
):
    odds.drain = drain
    world = world_of(seed, curves, workers, "1/3", block, odds)
    world.run()
    assert all(one.is_over for made in world.attempts.values() for one in made.values())
    assert not any(state.value in ("leased", "running") for state in world.trial_state.values())


@given(seeds, curves, workers, blocks, odds, st.floats(0.01, 0.1))
@settings(max_examples=80, deadline=None)
def test_cancelled_trials_hang_no_rung(seed, curves, workers, block, odds, cancel):
    odds.cancel = cancel
    world = world_of(seed, curves, workers, "1/3", block, odds)
    world.run()
    if world.state.end.kind == "cluster":
        return
    assert all(state.is_final for state in world.trial_state.values())


@given(seeds, curves, workers, blocks, odds, st.integers(1, 300))
@settings(max_examples=250, deadline=None)
def test_a_driver_that_goes_on_after_a_crash_stops_the_same_trials(
    seed, curves, workers, block, odds, turns
):
    world = world_of(seed, curves, workers, "1/3", block, odds)
    for _ in range(turns):
        world.turn()
    if world.ended:
        return
    seen = {}
    for trial, state in world.trial_state.items():
        reached = world.values.get(trial, ())
        member = world.state.cohorts.member(trial)
        # A store knows that a trial went on by a row beyond the rung: it may lack the newest.
        past = member.past if member and world.roll(0.5) and not member.stop else 0
        seen[trial] = reached, past, state if state.is_final else TrialState.PENDING
    again = world_of(seed + 1, curves, workers, "1/3", block, odds, seen=seen)
    again.run()
    if again.state.end.kind == "cluster":
        return
    assert world.stopped_at | again.stopped_at == expected(curves, block, "1/3")


def test_a_cohort_whose_members_all_fail_comes_to_its_end():
    world = world_of(1, [[None]] * 27, 2, "1/3", 27, Odds())
    world.run()
    assert set(world.trial_state.values()) == {TrialState.FAILED}


def test_trials_whose_text_cannot_be_built_hang_no_rung():
    odds = Odds(bad_text=0.5)
    for seed in range(40):
        world = world_of(seed, [[1.0] * 12] * 18, 2, "1/3", 9, odds, n_texts=3)
        world.run()
        good = [t for t in world.curves if world.text[t] not in world.bad]
        assert all(world.trial_state[trial].is_final for trial in good)


def test_without_misfortune_no_attempt_is_made_twice():
    world = world_of(3, [[float(i % 7)] * 12 for i in range(81)], 4, "1/3", 27, Odds(slots=8))
    world.run()
    ends = {AttemptState.FINISHED, AttemptState.STOPPED}
    # A filler that came too late was never begun, and has the next number.
    assert all(
        len(made) == 1 and ends.issuperset(made.values()) for made in world.attempts.values()
    )
