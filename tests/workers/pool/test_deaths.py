"""Whose doing a worker's death was, by what Ray says of it."""

from __future__ import annotations

import pytest

from sweeper.workers.pool.deaths import is_charged, is_hungriest

# Of Ray 2.60, shortened where ids stand.
MEMORY = """\
2 worker(s) were killed due to the node running low on memory. Memory on the node (IP: 10.0.0.2) was
4.13GB used / 23.59GB limit (0.175044)
Selected to kill: (Task: job ID=01, task name=WorkerActor.__init__, required resources={CPU: 1}, \
pid=24065, actual memory used=3.12GB, worker ID=78)
Selected to kill: (Task: job ID=01, task name=WorkerActor.__init__, required resources={CPU: 1}, \
pid=24064, actual memory used=0.09GB, worker ID=60)
"""


def test_memory_is_charged_to_the_process_that_took_it_and_not_to_its_neighbour():
    assert is_hungriest(24065, MEMORY)
    assert not is_hungriest(24064, MEMORY)


def test_a_process_that_the_report_does_not_name_is_charged_for_else_it_would_never_end():
    assert is_hungriest(1, MEMORY)
    assert is_hungriest(1, "killed due to the node running low on memory")


class Death:
    """What is_charged looks at in Ray's ActorDiedError, which takes no text."""

    def __init__(self, said, preempted=False):
        self.said = said
        self.preempted = preempted

    def __str__(self):
        return self.said


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (Death("The actor is dead because its worker process has died. Exit type: SYSTEM"), True),
        (Death("The actor died because its node has died. Node Id: 5a"), False),
        (Death("Owner's node has crashed."), False),
        (Death("its worker process has died", preempted=True), False),
    ],
)
def test_a_death_is_charged_unless_a_node_went_with_it(error, charged):
    assert is_charged(error) == charged
