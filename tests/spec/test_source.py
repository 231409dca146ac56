"""Sources of trials: a static grid, and how many trials there may be at a time."""

from __future__ import annotations

import pytest

from sweeper import spec as specs
from sweeper.records import Ending, EndKind, History

TEXT = """\
sweep:
  name: small
  grid:
    lr: [0.1, 0.01, 0.001]
  repeat: 2
---
!obj:a.B {lr: {{ lr }}, seed: {{ seed }}}
"""


def test_a_grid_is_one_batch_with_all_its_trials():
    spec = specs.loads(TEXT, "grid.yaml.j2")
    source = specs.source_of(spec)
    first = source.propose(0, History())
    expansion = specs.expand(spec)
    assert (first.trials, first.texts) == (expansion.trials, expansion.texts)
    assert [trial.ordinal for trial in first.trials] == list(range(6))
    assert (source.batches, source.propose(1, History())) == (1, None)


SEARCH = """\
sweep:
  search:
    sampler: random
    trials: {trials}
    batch: {batch}
    lag: 1
    axes: {{n: {{randint: [0, 99]}}}}
---
!obj:a.B {{n: {{{{ n }}}}}}
"""


@pytest.mark.parametrize(
    ("trials", "batch", "most"), [(20, 16, 20), (20, 8, 16), (40, 16, 32), (16, 16, 16)]
)
def test_no_more_trials_run_at_a_time_than_there_will_be(trials, batch, most):
    source = specs.source_of(specs.loads(SEARCH.format(trials=trials, batch=batch), "s.yaml.j2"))
    assert specs.at_once(source, batch) == most


@pytest.mark.parametrize(
    ("batches", "left", "most"),
    [(1, 3, 7), (1, 0, 4), (0, 0, 20), (2, 5, 5)],  # of 20, four are to come after the first 16
)
def test_of_a_run_no_more_trials_run_at_a_time_than_are_left_and_to_come(batches, left, most):
    spec = specs.loads(SEARCH.format(trials=20, batch=16), "s.yaml.j2")
    trials = min(batches * 16, 20)
    stopped = Ending(EndKind.INTERRUPTED, "Ctrl-C")
    found = specs.left_at_once(spec, stopped, batches=batches, trials=trials, left=left)
    assert found == most


def test_of_a_search_that_is_through_nothing_is_left_though_it_had_fewer_points():
    spec = specs.loads(SEARCH.format(trials=20, batch=16), "s.yaml.j2")
    through = Ending(EndKind.FINISHED)
    assert specs.left_at_once(spec, through, batches=1, trials=16, left=0) == 0
    assert specs.left_at_once(spec, through, batches=1, trials=16, left=1) == 5
