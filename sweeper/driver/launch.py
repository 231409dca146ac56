"""`launch` makes a run and drives it, `resume` drives one that is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper import spec as specs
from sweeper.driver.create import create
from sweeper.driver.drive import drive
from sweeper.driver.terms import cluster_for
from sweeper.runs.create import point_latest
from sweeper.runs.placed import write_placed

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.driver.terms import Terms
    from sweeper.records import Outcome, Placed
    from sweeper.spec import Proposal, Spec


def launch(
    spec: Spec,
    first: Proposal,
    run_dir: Path,
    terms: Terms,
    *,
    placed: Placed | None = None,
) -> Outcome:
    """Run a new sweep in `run_dir`.

    first: its first batch.
    placed: this process, to be noted as where the run is: a resume needs to know what confines it.
    Raises InputError where the workers do not fit or the folder can't be made, StoreError where
    there is a run in it already, ClusterError where no worker can work.
    """
    source = terms.source or specs.source_of(spec)
    trials = specs.at_once(source, len(first.trials))
    cluster = cluster_for(terms, spec.header, trials)  # before anything is made
    create(spec, first, run_dir, published=terms.published)
    if placed is not None:
        write_placed(run_dir, placed)
    point_latest(run_dir)
    # The modules beside the spec are those that the run begins with.
    return drive(run_dir, replace(terms, cluster=cluster, code_changed_ok=True))


def resume(run_dir: Path, terms: Terms) -> Outcome:
    """Go on with a run: every trial that has not come to its end, and no other.

    Raises StoreBusyError while its driver lives, InputError where modules beside the spec have
    changed and the terms do not allow that.
    """
    point_latest(run_dir)
    return drive(run_dir, terms)
