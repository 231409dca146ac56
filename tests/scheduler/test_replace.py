"""`records.replace` against `dataclasses.replace`."""

from __future__ import annotations

import dataclasses

import pytest

from sweeper import records
from sweeper.records import Row
from sweeper.scheduler.attempt import Attempt
from sweeper.scheduler.batch import BatchTrial
from sweeper.scheduler.state import Tally, Worker

TRIAL = BatchTrial("t3", 3, 1, text="a", pile=0, rank=3, group="a", fills=True)
ATTEMPT = Attempt(TRIAL, 1, charges=2, began=5.0)


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        (ATTEMPT, {}),
        (ATTEMPT, {"began": None, "number": 2}),
        (Tally(finished=1), {"failed": 2}),
        (Worker(lease=(ATTEMPT,)), {"lease": (), "stumbles": 1}),
        (Row("t", 1, 0, 2, 1.0, ("a",), bytes(8)), {"attempt": 2}),
    ],
)
def test_a_record_is_replaced_as_dataclasses_does(record, changes):
    before = dataclasses.replace(record)
    made = records.replace(record, **changes)
    assert made == dataclasses.replace(record, **changes)
    assert type(made) is type(record)
    assert made is not record
    assert record == before
