"""What is left of a run, with the packs that its trials run in."""

from __future__ import annotations

from sweeper.driver.remaining import what_is_left
from sweeper.records import SweepSpec, Trial
from sweeper.store.memory import MemoryBackend
from sweeper.testing.stores import made


def trials(number, first=0):
    """Trials that differ in a float: one program."""
    return [
        Trial(f"t{i}", i, {"lr": float(i)}, "x1", (float(i),)) for i in range(first, first + number)
    ]


def left(store, tmp_path):
    return what_is_left(tmp_path, store, store.sweep(), SweepSpec("s"), made=store)


def test_the_width_of_a_pack_follows_from_a_trial_s_own_batch(tmp_path):
    store = MemoryBackend().create("run", made.sweep(), trials(16))
    generation = store.claim("here", 1, 0.0)
    store.add_trials(generation, trials(12, first=16))
    store.add_trials(generation, trials(3, first=28))
    found = left(store, tmp_path).batches
    assert [[one.group.size for one in batch] for batch in found] == [[16] * 16, [12] * 12, [1] * 3]
    assert {one.group.pack for one in found[2]} == {1}  # too few to be one program


def test_a_batch_keeps_its_widths_when_some_of_it_is_over(tmp_path):
    store = MemoryBackend().create("run", made.sweep(), trials(16))
    generation = store.claim("here", 1, 0.0)
    store.write(generation, [made.changed(f"t{i}", "finished") for i in range(10)])
    remaining = left(store, tmp_path)
    (batch,) = remaining.batches
    assert [one.trial.id for one in batch] == [f"t{i}" for i in range(10, 16)]
    assert {one.group.size for one in batch} == {16}
    assert (remaining.total, remaining.tally.done) == (16, 10)


def test_a_part_s_trials_have_the_widths_of_the_whole_run(tmp_path):
    stores = MemoryBackend()
    whole = stores.create("whole", made.sweep(), trials(16))
    part = stores.create("part", made.sweep(), trials(16)[1::4])
    remaining = what_is_left(tmp_path, part, part.sweep(), SweepSpec("s"), made=whole)
    (batch,) = remaining.batches
    assert [one.trial.ordinal for one in batch] == [1, 5, 9, 13]
    assert {one.group.size for one in batch} == {16}


def test_attempts_numbers_go_on_from_what_was_recorded(tmp_path):
    store = MemoryBackend().create("run", made.sweep(), trials(2))
    generation = store.claim("here", 1, 0.0)
    store.write(generation, [made.started("t1"), made.ended("t1")])
    (batch,) = left(store, tmp_path).batches
    assert [one.number for one in batch] == [1, 2]
