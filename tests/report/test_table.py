"""The table of trials, and repeats grouped; expected numbers are worked out by hand."""

from __future__ import annotations

import csv
import io
import json
import math

import pandas as pd
import pytest

from sweeper.records import Row
from sweeper.records.errors import InputError
from sweeper.report.render import render
from sweeper.report.repeats import left_out, over, repeats_notice
from sweeper.report.summary import summaries
from sweeper.report.table import best_trials, trials_table


def test_trials_are_sorted_by_objective_with_failed_and_pending_last(run):
    store = run.make(
        [
            ({"lr": 0.1}, "finished", [9.0, 5.0]),
            ({"lr": 0.2}, "failed", [1.0], "boom"),
            ({"lr": 0.3}, "pending", []),
            ({"lr": 0.4}, "finished", [8.0, 2.0, 4.0]),
            ({"lr": 0.5}, "finished", [math.nan]),
            ({"lr": 0.6}, "stopped", [3.0]),
        ]
    )
    table = trials_table(store)
    assert list(table.columns) == [
        "trial", "lr", "best", "last", "best_epoch", "epochs", "state", "duration_s",
    ]  # fmt: skip
    assert table["trial"].tolist() == ["t3", "t5", "t0", "t4", "t1", "t2"]
    first = table.iloc[0]
    assert (first["best"], first["last"], first["best_epoch"]) == (2.0, 4.0, 1)
    assert (first["epochs"], first["state"], first["duration_s"]) == (2, "finished", 2.5)
    assert table["duration_s"].iloc[-1] is pd.NA
    assert table["best_epoch"].iloc[-1] is pd.NA


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("number", [1, 4, 100])
def test_the_best_trials_are_the_table_s_first_lines_without_those_that_are_out(run, mode, number):
    states = ["finished", "failed", "cancelled", "stopped", "running", "pending", "leased"]
    trials = [
        ({"a": place, "only_here": 1} if place == 4 else {"a": place}, state, rows)
        for place, (state, rows) in enumerate(
            (state, rows)
            for state in states
            for rows in ([2.0, 3.0], [2.0], [1.0, math.nan], [math.nan], [])
        )
    ]
    store = run.make(trials, ("err", mode))
    table = trials_table(store)
    is_out = table["state"].isin(["failed", "cancelled"])
    has_best = pd.Series([one is not pd.NA for one in table["best"]])
    expected = table[has_best & ~is_out].head(number).reset_index(drop=True)
    found = best_trials(store, number, summaries(store, store.sweep().objective))
    columns = ["trial", "a", "only_here", "best", "best_epoch", "last", "epochs", "state"]
    assert found[columns].astype(object).equals(expected[columns].astype(object))
    assert found.attrs["values"] == ["a", "only_here"]


@pytest.mark.parametrize("objective", [("err", "min"), None])
def test_no_trial_is_the_best_without_a_number_to_rank_it(run, objective):
    store = run.make([({"a": 1}, "finished", []), ({"a": 2}, "failed", [1.0])], objective)
    assert best_trials(store, 5, summaries(store, store.sweep().objective)) is None


def test_best_is_the_largest_under_max(run):
    store = run.make(
        [({"a": 1}, "finished", [0.1, 0.7, 0.7]), ({"a": 2}, "finished", [0.9])], ("err", "max")
    )
    table = trials_table(store)
    assert table["best"].tolist() == [0.9, 0.7]
    assert table["best_epoch"].tolist() == [0, 1]


def test_best_ignores_nan_and_last_does_not(run):
    store = run.make([({}, "finished", [math.nan, 3.0, math.inf, math.nan])])
    (best,), (last,) = trials_table(store)["best"], trials_table(store)["last"]
    assert best == 3.0
    assert math.isnan(last)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_no_infinity_and_no_nan_ranks_before_a_finite_number(run, mode):
    rows = [[-math.inf], [math.nan], [7.0], [math.inf], [-math.inf, 5.0], [], [7.0, math.nan]]
    table = trials_table(run.make([({}, "finished", one) for one in rows], ("err", mode)))
    finite = ["t4", "t2", "t6"] if mode == "min" else ["t2", "t6", "t4"]
    infinite = ["t0", "t3"] if mode == "min" else ["t3", "t0"]
    assert table["trial"].tolist() == [*finite, *infinite, "t1", "t5"]


def test_nan_and_infinity_are_shown_and_what_there_is_not_is_blank(run):
    rows = [[math.nan], [-math.inf], []]
    table = trials_table(run.make([({}, "finished", one) for one in rows]))
    lines = [line["last"] for line in csv.DictReader(io.StringIO(render(table, "csv") + "\n"))]
    assert lines == ["-inf", "nan", ""]
    shown = render(table[["trial", "best", "last"]]).splitlines()
    assert [line.split() for line in shown[1:]] == [
        ["t1", "-inf", "-inf"], ["t0", "nan", "nan"], ["t2"],
    ]  # fmt: skip
    read = json.loads(render(table, "json"), parse_constant=pytest.fail)
    assert [line["last"] for line in read] == ["-Infinity", "NaN", None]


@pytest.mark.parametrize("value", [1234567.8, 0.1, 1e300])
def test_the_deviation_of_equal_numbers_is_0(run, value):
    grouped = over(trials_table(repeated(run, {0.1: [value] * 3})), "seed")
    assert grouped["best_mean"].tolist() == [value]
    assert grouped["best_std"].tolist() == [0.0]


def test_ties_stay_in_their_order(run):
    store = run.make([({"a": i}, "finished", [1.0]) for i in range(5)])
    assert trials_table(store)["a"].tolist() == [0, 1, 2, 3, 4]


def test_a_table_without_rows_has_all_columns(run):
    table = trials_table(run.make([({"a": 1}, "pending", [])]))
    assert table["epochs"].tolist() == [0]
    assert table["best"].iloc[0] is pd.NA


def test_without_objective_trials_come_by_ordinal_with_objective_channels(run):
    store = run.make(
        [({"a": 2}, "finished", [(5.0, 1.0), (4.0, 2.0)]), ({"a": 1}, "finished", [(3.0, 0.5)])],
        None,
        channels=("train_objective", "loss"),
    )
    table = trials_table(store)
    assert list(table.columns) == [
        "trial", "a", "train_objective", "epochs", "state", "duration_s",
    ]  # fmt: skip
    assert table["train_objective"].tolist() == [4.0, 3.0]
    assert table["trial"].tolist() == ["t0", "t1"]


def test_all_channels_adds_the_last_value_of_each(run):
    names = ("err", "loss", "best")
    store = run.make([({"a": 1}, "finished", [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)])], channels=names)
    table = trials_table(store, all_channels=True)
    assert table["err"].tolist() == [4.0]
    assert table["loss"].tolist() == [5.0]
    assert table["channel.best"].tolist() == [6.0]
    assert table["best"].tolist() == [1.0]


def test_an_axis_that_bears_a_column_s_name_keeps_both(run):
    table = trials_table(run.make([({"epochs": 7}, "finished", [1.0, 2.0])]))
    assert table["value.epochs"].tolist() == [7]
    assert table["epochs"].tolist() == [1]
    assert over(table, "epochs")["n"].tolist() == [1]


def test_a_channel_that_bears_an_axis_s_name_keeps_both(run):
    names = ("err", "lr", "channel.lr")
    trial = ({"lr": 0.5, "n": 3}, "finished", [(1.0, 0.25, 7.0)])
    table = trials_table(run.make([trial], channels=names), all_channels=True)
    assert table["lr"].tolist() == [0.5]
    assert table["channel.lr"].tolist() == [0.25]
    assert table["channel.channel.lr"].tolist() == [7.0]
    grouped = over(table, "lr")
    assert grouped["channel.lr_mean"].tolist() == [0.25]
    assert (grouped["value.n"].tolist(), grouped["n"].tolist()) == ([3], [1])


def test_trials_of_several_blocks_have_blanks_and_whole_numbers_stay_whole(run):
    table = trials_table(
        run.make([({"batch": 50}, "finished", [1.0]), ({"k": None}, "finished", [2.0])])
    )
    assert table["batch"].tolist() == [50, pd.NA]
    assert table["k"].tolist() == [pd.NA, None]
    assert type(table["batch"].iloc[0]) is int


def test_epochs_are_summed_over_phases(run):
    store = run.make([({}, "running", [1.0])])
    rows = [Row("t0", 1, p, e, 1.0, ("err", "loss"), bytes(16)) for p in (0, 1) for e in (1, 2, 3)]
    store.write(1, rows)
    assert trials_table(store)["epochs"].tolist() == [6]


# ------------------------------------------------------------------ over
def repeated(run, numbers, **rest):
    return run.make(
        [
            ({"lr": lr, "seed": seed}, "finished", [value + 1, value])
            for lr, values in numbers.items()
            for seed, value in enumerate(values)
        ],
        **rest,
    )


def test_over_seed_gives_mean_sample_deviation_and_n(run):
    # 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, / 2 = 13.    1, 2, 3: mean 2, deviation 1.
    grouped = over(trials_table(repeated(run, {0.1: [2, 4, 9], 0.2: [1, 2, 3]})), "seed")
    assert list(grouped.columns) == [
        "lr", "best_mean", "best_std", "last_mean", "last_std", "n",
    ]  # fmt: skip
    assert grouped["lr"].tolist() == [0.2, 0.1]
    assert grouped["best_mean"].tolist() == [2.0, 5.0]
    assert grouped["best_std"].tolist() == [1.0, math.sqrt(13.0)]
    assert grouped["n"].tolist() == [3, 3]


def test_over_two_axes_groups_what_differs_in_neither(run):
    store = repeated(run, {0.1: [2, 4], 0.2: [1, 1]})
    grouped = over(trials_table(store), "seed", "lr")
    assert list(grouped.columns) == ["best_mean", "best_std", "last_mean", "last_std", "n"]
    assert (grouped["best_mean"].tolist(), grouped["n"].tolist()) == ([2.0], [4])


def test_identical_over_two_axes_names_both(run):
    notice = repeats_notice(trials_table(repeated(run, {0.1: [2], 0.2: [2]})), "seed", "lr")
    assert "differ in seed and lr alone" in (notice or "")


def test_the_deviation_of_close_numbers_keeps_its_digits(run):
    # 1e9 + {0, 1, 2}: deviation exactly 1, which the one-pass formula would lose.
    grouped = over(trials_table(repeated(run, {0.1: [1e9, 1e9 + 1, 1e9 + 2]})), "seed")
    assert grouped["best_std"].tolist() == [1.0]


def test_over_under_max_puts_the_largest_mean_first(run):
    table = trials_table(repeated(run, {0.1: [1, 3], 0.2: [6, 8]}, objective=("err", "max")))
    assert over(table, "seed")["best_mean"].tolist() == [8.0, 3.0]


def test_only_trials_that_ended_well_count(run):
    store = run.make(
        [
            ({"lr": 1, "seed": 0}, "finished", [4.0]),
            ({"lr": 1, "seed": 1}, "failed", [100.0], "boom"),
            ({"lr": 1, "seed": 2}, "stopped", [6.0]),
            ({"lr": 2, "seed": 0}, "pending", []),
        ]
    )
    grouped = over(trials_table(store), "seed")
    assert grouped["lr"].tolist() == [1, 2]
    assert grouped["n"].tolist() == [2, 0]
    assert grouped["best_mean"].tolist()[0] == 5.0
    assert grouped["best_mean"].tolist()[1] is pd.NA


def test_one_repeat_has_no_deviation(run):
    grouped = over(trials_table(repeated(run, {0.1: [2]})), "seed")
    assert grouped["best_std"].iloc[0] is pd.NA


def test_a_repeat_that_ended_in_nan_shows_in_the_mean(run):
    grouped = over(trials_table(repeated(run, {0.1: [2, math.nan]})), "seed")
    assert math.isnan(grouped["last_mean"].iloc[0])


def test_values_that_only_look_alike_are_not_one_group(run):
    store = run.make(
        [({"x": x, "seed": 0}, "finished", [1.0]) for x in (1, True, "1", None, [1], 1.0)]
    )
    assert len(over(trials_table(store), "seed")) == 6


def test_lists_that_are_equal_are_one_group(run):
    store = run.make([({"x": [1, 2], "seed": s}, "finished", [1.0 + s]) for s in (0, 1)])
    assert over(trials_table(store), "seed")["n"].tolist() == [2]


def test_over_an_unknown_axis_names_the_axes(run):
    table = trials_table(repeated(run, {0.1: [1]}))
    with pytest.raises(InputError, match=r"--over sed: .*did you mean seed\? Its axes: lr, seed"):
        over(table, "sed")


def test_over_without_objective_groups_the_objective_channels(run):
    table = trials_table(
        repeated(run, {0.1: [1, 3]}, objective=None, channels=("train_objective", "x"))
    )
    grouped = over(table, "seed")
    assert grouped["train_objective_mean"].tolist() == [2.0]
    assert grouped["train_objective_std"].tolist() == [math.sqrt(2.0)]


# ------------------------------------------------------------------ identical repeats
def test_identical_repeats_are_said_and_where_to_write_seed(run):
    table = trials_table(repeated(run, {0.1: [2, 2], 0.2: [3, 3], 0.3: [4]}))
    notice = repeats_notice(table, "seed")
    assert notice is not None
    assert "all 2 groups that repeat" in notice
    assert "write {{ seed }} where the model" in notice


def test_repeats_that_differ_anywhere_get_no_notice(run):
    table = trials_table(repeated(run, {0.1: [2, 2], 0.2: [3, 3.5]}))
    assert repeats_notice(table, "seed") is None


def test_single_trials_get_no_notice(run):
    assert repeats_notice(trials_table(repeated(run, {0.1: [2], 0.2: [3]})), "seed") is None


def test_repeats_that_are_all_nan_are_identical(run):
    table = trials_table(repeated(run, {0.1: [math.nan, math.nan]}))
    assert "the only group that repeats" in (repeats_notice(table, "seed") or "")


def test_identical_over_another_axis_names_that_axis(run):
    notice = repeats_notice(trials_table(repeated(run, {0.1: [2, 3], 0.2: [2, 3]})), "lr")
    assert notice is not None
    assert "write {{ lr }} where it should act" in notice


def test_trials_that_did_not_finish_are_said_to_be_left_out_of_the_groups(run):
    store = run.make(
        [
            ({"lr": 0.1, "seed": 0}, "finished", [5.0]),
            ({"lr": 0.1, "seed": 1}, "failed", [1.0], "boom"),
            ({"lr": 0.1, "seed": 2}, "pending", []),
            ({"lr": 0.2, "seed": 0}, "failed", [], "boom"),
        ]
    )
    notice = left_out(trials_table(store))
    assert notice == (
        "Left out of the groups: 2 failed, 1 pending. `n` says how many trials a group has."
    )


def test_nothing_is_said_where_all_trials_finished(run):
    store = run.make([({"lr": 0.1, "seed": 0}, "finished", [5.0])])
    assert left_out(trials_table(store)) is None


def test_repeats_of_a_run_whose_rows_are_gone_have_no_mean(run):
    store = run.make([({"lr": 0.1, "seed": seed}, "finished", []) for seed in (0, 1)])
    grouped = over(trials_table(store), "seed")
    assert grouped["n"].tolist() == [2]
    assert grouped["best_mean"].isna().all()
