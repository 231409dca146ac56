"""A run that the version before wrote, whose file kept a word and a paragraph of how it ended."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from sweeper.records import AttemptState, Ending, EndKind
from sweeper.store.sql import backend

MISTAKE = "grid.yaml.j2, line 5: no class 'Sofmax'"
# What drivers of format 2 wrote: the word, the paragraph, and what they exited with.
WRITTEN = [
    ("finished", "", EndKind.FINISHED, 0),
    ("interrupted", "interrupted by Ctrl-C", EndKind.INTERRUPTED, 130),
    ("interrupted", "stopped by `sweep stop`", EndKind.INTERRUPTED, 130),
    ("interrupted", "some parts have not begun", EndKind.INTERRUPTED, 130),
    ("interrupted", "interrupted: its time was short (SIGUSR1)", EndKind.TIME_SHORT, 75),
    ("interrupted", "interrupted: its place was taken away (SIGTERM)", EndKind.TIME_SHORT, 75),
    (
        "failed",
        "given up when 10 of the first 10 trials had failed; the last one: ValueError: oops",
        EndKind.FAILURES,
        1,
    ),
    ("failed", "sweep.objective.channel: 'x' is no channel", EndKind.INPUT, 2),
    ("failed", MISTAKE, EndKind.INPUT, 2),
    (
        "failed",
        f"{MISTAKE}. Of 12 trials of this shape 3 were tried, the first and the last among them,"
        " and none could be built. Mend the spec and launch it again.",
        EndKind.INPUT,
        2,
    ),
    ("failed", "no worker stays alive; the last one: killed", EndKind.CLUSTER, 3),
]


@pytest.fixture
def write(tmp_path, make):
    """write(state, reason): the folder of a run of format 2, a trial of which was not built."""

    def write(word, reason):
        made = backend.create(tmp_path, make.sweep(), make.trials(), published=False)
        with closing(made) as store:
            generation = store.claim("node0", 77, 1000.0)
            end = make.ended("t0", state=AttemptState.FAILED, kind="input", message=MISTAKE)
            store.write(generation, [make.started("t0"), end])
        with closing(sqlite3.connect(tmp_path / "sweep.db")) as raw, raw:
            raw.execute("UPDATE sweep SET version = 2, state = ?, reason = ?", (word, reason))
        return tmp_path

    return write


@pytest.mark.parametrize(("word", "reason", "kind", "code"), WRITTEN)
def test_how_it_ended_is_made_out(write, word, reason, kind, code):
    with closing(backend.read(write(word, reason))) as store:
        assert store.sweep().ending == Ending(kind, reason)
        assert kind.exit_code == code
        assert len(store.attempts()) == 1


@pytest.mark.parametrize("word", ["created", "running"])
def test_one_that_has_not_ended_has_no_ending(write, word):
    with closing(backend.read(write(word, ""))) as store:
        assert (store.sweep().state, store.sweep().ending) == (word, None)


def test_a_driver_goes_on_with_it_and_leaves_one_of_this_format(write, make):
    folder = write("interrupted", "interrupted by Ctrl-C")
    with closing(backend.open(folder, published=False)) as store:
        generation = store.claim("node1", 78, 2000.0)
        store.write(generation, [make.changed("t0", "failed")])
        store.finish(generation, Ending(EndKind.FAILURES, "interrupted by nobody"), 2002.0)
    with closing(backend.read(folder)) as store:
        assert store.sweep().ending == Ending(EndKind.FAILURES, "interrupted by nobody")
        assert store.sweep().generation == 2
    with closing(sqlite3.connect(folder / "sweep.db")) as raw:
        assert raw.execute("SELECT version FROM sweep").fetchone() == (3,)
