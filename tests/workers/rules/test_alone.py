"""The rules that need one trial alone, against curves made by hand."""

from __future__ import annotations

import math

import pytest

from sweeper.records import Plateau, Threshold
from sweeper.workers.rules import Follower, follow


def stop_of(rule, rows):
    """(number of the row at which a trial ends, what is said); None where it goes on.

    rows: (phase, epoch, values), or values of epochs 1, 2, ... of channel "x".
    """
    follower = Follower(rule)
    for number, row in enumerate(rows, 1):
        phase, epoch, values = row if isinstance(row, tuple) else (0, number, {"x": row})
        follower, stop = follow(follower, phase, epoch, values)
        if stop is not None:
            return number, stop.message
    return None


@pytest.mark.parametrize(
    ("rule", "curve", "row", "why"),
    [
        (Threshold("x", above=5.0), [4.0, 5.0, 5.1, 9.0], 3, "epoch 3: x is 5.1, above 5"),
        (Threshold("x", above=5.0, after=4), [9.0] * 6, 4, "epoch 4: x is 9, above 5"),
        (Threshold("x", below=0.1), [0.3, 0.1, 0.05], 3, "epoch 3: x is 0.05, below 0.1"),
        (Threshold("x", below=0.0), [1.0, math.nan], 2, "epoch 2: x is nan"),
        (Threshold("x", above=1.0), [1.0, math.inf], 2, "epoch 2: x is inf, above 1"),
    ],
)
def test_a_threshold_ends_a_trial_at_its_first_row_beyond(rule, curve, row, why):
    assert stop_of(rule, curve) == (row, f"threshold: {why}")


def test_a_threshold_lets_a_trial_go_on_that_is_between_its_two_values():
    assert stop_of(Threshold("x", above=2.0, below=1.0), [1.0, 1.5, 2.0]) is None


@pytest.mark.parametrize(
    ("rule", "curve", "row"),
    [
        (Plateau("x", "min", 2), [3.0, 2.0, 2.0, 2.0], 4),
        (Plateau("x", "min", 2), [3.0, 2.0, 2.5, 1.0, 1.0, 1.5], 6),
        (Plateau("x", "max", 3), [1.0, 2.0, 1.0, 1.0, 1.0], 5),
        (Plateau("x", "min", 2, min_change=0.5), [3.0, 2.6, 2.2, 2.0, 1.8], 5),
        (Plateau("x", "min", 2), [1.0, math.nan, math.nan], 3),
        (Plateau("x", "min", 3), [math.nan, math.nan, math.nan], 3),
        (Plateau("x", "min", 1), [3.0, 2.0, 1.0, 0.5], None),
    ],
)
def test_a_plateau_ends_a_trial_that_got_no_better_for_so_long(rule, curve, row):
    found = stop_of(rule, curve)
    assert (found and found[0]) == row


def test_a_plateau_says_what_was_best_and_when():
    _, said = stop_of(Plateau("x", "min", 2, min_change=0.1), [3.0, 2.0, 2.0, 2.0])
    assert said == (
        "plateau: epoch 4: x got no better by more than 0.1 for 2 epochs: 2 of epoch 2 is its best"
    )


def test_epochs_of_a_trial_that_is_not_measured_in_each_count_all_the_same():
    rows = [(0, epoch, {"x": 1.0}) for epoch in (0, 5, 10, 15)]
    assert stop_of(Plateau("x", "min", 10), rows) == (
        3,
        "plateau: epoch 10: x got no better for 10 epochs: 1 of epoch 0 is its best",
    )
    assert stop_of(Plateau("x", "min", 2, "rows"), rows)[0] == 3


def test_the_epochs_of_phases_go_on_and_one_without_the_channel_counts_nothing():
    rows = [
        (0, 1, {"other": 9.0}),
        (0, 2, {"other": 9.0}),
        (1, 1, {"x": 9.0}),
        (1, 2, {"x": 9.0}),
        (2, 0, {"x": 9.0}),
        (2, 1, {"x": 9.0}),
    ]
    assert stop_of(Threshold("x", above=1.0, after=3), rows) == (
        6,
        "threshold: epoch 3: x is 9, above 1",
    )
