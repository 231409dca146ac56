"""A static grid as a source of trials."""

from __future__ import annotations

from sweeper import spec as specs
from sweeper.records import History

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
