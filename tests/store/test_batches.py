"""How batches of trials join, and are told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sweeper.records import Trial
from sweeper.store.batches import join, split


def trial(name, ordinal=0):
    return Trial(name, ordinal, {}, "text", ())


def test_new_trials_follow_and_known_ones_keep_their_place():
    joined = join([trial("b"), trial("x"), trial("a"), trial("x")], {"a": 0, "b": 1}, 2)
    assert [(one.id, one.ordinal) for one in joined.trials] == [("b", 1), ("x", 2), ("a", 0)]
    assert [one.id for one in joined.new] == ["x"]


@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=8))
def test_what_joined_is_split_into_the_same_batches(batches):
    there, trials, firsts, expected = {}, [], [], []
    for batch in batches:
        firsts.append(len(trials))
        new = join([trial(str(name)) for name in batch], there, len(trials)).new
        there.update((one.id, one.ordinal) for one in new)
        trials += new
        expected.append(list(new))
    assert [list(batch) for batch in split(trials, firsts)] == expected
    assert [one.ordinal for one in trials] == list(range(len(trials)))
    assert len(there) == len({name for batch in batches for name in batch})
