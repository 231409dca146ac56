"""The scheduler through random orders of events, in a world without Ray."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from world import RUNNING_STATES, Odds, World

from sweeper.records import (
    AttemptState,
    EndSweep,
    TrialState,
)
from sweeper.scheduler import Policy

odds = st.builds(
    Odds,
    die=st.sampled_from([0.0, 0.01, 0.05]),
    preempt=st.sampled_from([0.0, 0.01, 0.3]),
    error=st.sampled_from([0.0, 0.2]),
    killer=st.sampled_from([0.0, 0.1]),
    hang=st.sampled_from([0.0, 0.1]),
    slow=st.sampled_from([0.0, 0.02]),
    bad_text=st.sampled_from([0.0, 0.3]),
    stale=st.sampled_from([0.0, 0.5]),
    report=st.sampled_from([0.0, 0.7, 1.0]),
    slots=st.sampled_from([1, 2, 8]),
    later=st.sampled_from([0.0, 0.05, 0.5]),
)
rules = st.builds(
    Policy,
    retries=st.integers(0, 2),
    retry_on=st.sampled_from(["lost", "error"]),
    max_failures=st.just(10_000),
    max_lease=st.sampled_from([1, 5, 64, 256]),
)
seeds = st.integers(0, 2**32)
texts_of_trials = st.lists(st.integers(0, 4), max_size=80) | st.integers(0, 80).map(range)


@given(seeds, texts_of_trials, st.integers(1, 5), rules, odds)
@settings(max_examples=400, deadline=None)
def test_every_trial_of_a_good_text_comes_to_exactly_one_end(seed, texts, workers, rules, odds):
    world = World(seed, texts, workers, rules, odds)
    world.run()
    if world.state.end.kind == "cluster":
        return  # every worker died again and again with nothing to do
    for trial, state in world.trial_state.items():
        if world.text[trial] in world.bad:
            assert state in (TrialState.PENDING, TrialState.FAILED)
        else:
            assert state in (TrialState.FINISHED, TrialState.FAILED)
    assert (world.state.end.kind == "input") == bool(
        world.bad
        & {
            world.text[t]
            for t, made in world.attempts.items()
            if AttemptState.FAILED in made.values()
        }
    )


@given(seeds, texts_of_trials, st.integers(1, 5), rules, odds)
@settings(max_examples=200, deadline=None)
def test_the_number_of_charged_attempts_is_bounded_by_the_retries(
    seed, texts, workers, rules, odds
):
    world = World(seed, texts, workers, rules, odds)
    world.run()
    if world.state.end.kind == "cluster":
        return
    for trial, numbered in world.attempts.items():
        made = list(numbered.values())
        if trial in world.killers and odds.die == odds.preempt == 0:
            # The loss together with others is free, then each one alone is charged.
            assert made.count(AttemptState.LOST) <= rules.retries + 2
        if rules.retry_on == "lost":
            assert made.count(AttemptState.FAILED) <= 1
        else:
            assert made.count(AttemptState.FAILED) <= rules.retries + 1


@given(seeds, texts_of_trials, st.integers(1, 5), rules, odds, st.floats(0.001, 0.2))
@settings(max_examples=300, deadline=None)
def test_a_drain_leaves_no_attempt_open(seed, texts, workers, rules, odds, drain):
    odds.drain = drain
    world = World(seed, texts, workers, rules, odds)
    world.run()
    assert all(one.is_over for made in world.attempts.values() for one in made.values())
    assert not any(state in RUNNING_STATES for state in world.trial_state.values())


@given(seeds, texts_of_trials, st.integers(1, 5), rules, odds, st.floats(0.01, 0.3))
@settings(max_examples=300, deadline=None)
def test_a_cancelled_trial_never_runs_again_and_every_other_one_comes_to_its_end(
    seed, texts, workers, rules, odds, cancel
):
    odds.cancel = cancel
    world = World(seed, texts, workers, rules, odds)
    world.run()
    counts = Counter(world.trial_state.values())
    assert world.state.tally.cancelled == counts[TrialState.CANCELLED]
    assert world.state.tally.failed == counts[TrialState.FAILED]
    assert world.state.tally.finished == counts[TrialState.FINISHED]
    for trial, state in world.trial_state.items():
        is_bad = world.text[trial] in world.bad or world.state.end.kind == "cluster"
        assert state.is_final or (is_bad and trial not in world.unwanted)


@given(seeds, texts_of_trials, st.integers(1, 5), rules, st.sampled_from([1, 2, 8]))
@settings(max_examples=200, deadline=None)
def test_a_trial_that_hangs_fails_and_no_other_is_charged(seed, texts, workers, rules, slots):
    world = World(seed, texts, workers, rules, Odds(hang=0.2, slots=slots))
    world.run()
    for trial, state in world.trial_state.items():
        hangs = trial in world.hangers
        assert state is (TrialState.FAILED if hangs else TrialState.FINISHED)
        assert AttemptState.LOST not in world.attempts[trial].values()


@given(seeds, texts_of_trials, st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_without_misfortune_each_trial_is_attempted_once(seed, texts, workers):
    world = World(seed, texts, workers, Policy(), Odds())
    world.run()
    assert set(world.trial_state.values()) <= {TrialState.FINISHED}
    assert all(made == {1: AttemptState.FINISHED} for made in world.attempts.values())
    assert len(world.attempts) == len(world.text)
    assert world.ended == EndSweep("")
