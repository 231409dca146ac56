"""A store that was cut, edited or put there by somebody else: sound records, or one paragraph."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from contextlib import closing

import pytest

from sweeper.records.errors import DamageError, StoreError
from sweeper.report.show import show_run, show_trial
from sweeper.report.status import describe, status
from sweeper.report.table import trials_table
from sweeper.store.sql import backend, schema

# What may stand where something else was written.
ODD = [
    None, "", "x", "\x1b[31m", "\u202e", "{", "[]", "{}", "null", "NaN", "[1]", '{"a":1}', '"x"',
    '{"__pairs__": 1}', '{"__pairs__":[[[1],2]]}', "[" * 2000, "[" * 300 + "]" * 300, b"\xff\xfe",
    b"", b"12345678", 0, -1, 2**62, -(2**62), 1.5, math.inf, "9" * 5000, "x" * 100_000, "running",
    "failed", "\0", "a\nb", '{"channel": 5}', '{"channel":"\\u001b[31m","mode":"min"}', '"\\ud800"',
    '{"a": "\\ud800"}', '{"host": 1, "pid": [], "cores": {}, "gpus": null}',
]  # fmt: skip
COLUMNS = [
    (table.name, column.name) for table in schema.metadata.sorted_tables for column in table.c
]


@pytest.fixture
def run_dir(tmp_path, make):
    """A run with rows, a failure and an attempt that went on from another."""
    with closing(backend.create(tmp_path, make.sweep(), make.trials(3))) as store:
        generation = store.claim("node0", 1, 1000.0)
        store.write(
            generation,
            [
                *(
                    change
                    for key in ("t0", "t1")
                    for change in (make.started(key), make.row(key, 0))
                ),
                make.row("t0", 1, (math.nan, 1.0)),
                make.ended("t0"),
                make.changed("t0", "finished"),
                make.started("t1", 2, 1002.0),
                make.row("t1", 0, (0.1,), attempt=2, names=("valid_error",)),
            ],
        )
    return tmp_path


def read_all(run_dir):
    """All that the commands ask of a store."""
    with closing(backend.read(run_dir)) as store:
        describe(status(store), "run")
        show_run(store, run_dir)
        trials_table(store, all_channels=True)
        store.proposed(), store.batches(), store.unfinished()
        for trial in store.trials():
            show_trial(store, run_dir, trial.id)


def edit(run_dir, statement, *values):
    with closing(sqlite3.connect(run_dir / "sweep.db")) as raw:
        raw.execute("PRAGMA ignore_check_constraints=1")
        with contextlib.suppress(sqlite3.IntegrityError):  # what even a file by hand can't hold
            raw.execute(statement, values)
        raw.commit()


@pytest.mark.faults
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_whatever_stands_in_a_column_it_is_read_or_told_as_damage(run_dir, table, column):
    whole = (run_dir / "sweep.db").read_bytes()
    for odd in ODD:
        (run_dir / "sweep.db").write_bytes(whole)
        edit(run_dir, f'UPDATE OR REPLACE "{table}" SET "{column}" = ?', odd)
        with contextlib.suppress(StoreError):  # another version, or damage
            read_all(run_dir)
        with contextlib.suppress(StoreError), closing(backend.open(run_dir)) as store:
            generation = store.claim("node0", 1, 2000.0)
            store.reopen(generation, ["t0", "t1"])


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE trials SET state = 'x'", r"trials makes no sense \(ValueError: 'x' is not"),
        ("UPDATE trials SET \"values\" = '[1]'", r"trials makes no sense .*not a map of names"),
        ("UPDATE trials SET \"values\" = x'00'", r"trials has bytes for values, not str"),
        ("UPDATE trials SET id = '../x' WHERE id = 't0'", r"trials makes no sense .*no trial's id"),
        ("UPDATE rows SET data = x'00'", r"rows makes no sense .*1 bytes for 2 channels"),
        ("UPDATE rows SET epoch = -1 WHERE epoch = 1", r"rows makes no sense .*there can't be"),
        ("UPDATE attempts SET started = 1e300", r"attempts makes no sense .*1e\+300 is no time"),
        ("UPDATE sweep SET defines = '{'", r"sweep makes no sense \(JSONDecodeError"),
        ("DROP TABLE rows", r"not a store that can be read \(no such table: rows\)"),
        ("CREATE VIEW v AS SELECT 1", r"it holds what no run has: view v"),
    ],
)  # fmt: skip
def test_damage_says_what_is_damaged_what_can_be_read_and_what_to_do(run_dir, statement, told):
    edit(run_dir, statement)
    with pytest.raises(
        DamageError, match=rf"sweep\.db: damaged, or no file of ours: .*{told}"
    ) as got:
        read_all(run_dir)
    assert "the logs and the trials' files beside it" in str(got.value)
    assert "Put back a copy of sweep.db that is whole, or launch the spec again." in str(got.value)


def test_a_trial_without_its_text_is_told_before_a_driver_begins(run_dir):
    edit(run_dir, "DELETE FROM texts")
    with pytest.raises(DamageError, match="without an experiment's text, such as t0, t1, t2"):
        backend.open(run_dir)


def test_a_store_that_was_cut_gives_what_it_gave_or_is_told_as_damage(run_dir):
    whole = (run_dir / "sweep.db").read_bytes()
    rows = all_rows(run_dir)
    told = 0
    for size in range(510, len(whole), 509):
        (run_dir / "sweep.db").write_bytes(whole[:size])
        try:
            assert all_rows(run_dir) == rows
        except DamageError:
            told += 1
    assert told > 0.8 * len(whole) / 509


def all_rows(run_dir):
    with closing(backend.read(run_dir)) as store:
        return [(row.trial, row.attempt, row.epoch, row.data) for row in store.rows()]


def test_a_view_in_place_of_a_table_is_not_run(run_dir):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i version FROM n"
    )
    edit(run_dir, "ALTER TABLE sweep RENAME TO was")
    edit(run_dir, f"CREATE VIEW sweep AS {endless}")
    with pytest.raises(DamageError, match="what no run has: view sweep"):
        backend.read(run_dir)
