"""`launch` makes a run and drives it, `resume` drives one that is there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.driver.create import create
from sweeper.driver.drive import drive
from sweeper.driver.terms import cluster_for
from sweeper.runs.create import point_latest
from sweeper.runs.placed import write_placed_here

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.driver.terms import Terms
    from sweeper.records import Outcome
    from sweeper.spec import Expansion, Spec


def launch(
    spec: Spec, expansion: Expansion, run_dir: Path, terms: Terms, *, cluster_file: str = ""
) -> Outcome:
    """Run a new sweep in `run_dir`.

    cluster_file: text of the file that confines this process, which a resume needs to know.
    Raises InputError where the workers do not fit or the folder can't be made, StoreError where
    there is a run in it already, ClusterError where no worker can work.
    """
    trials = expansion.trials
    cluster = cluster_for(terms, spec.header, len(trials))  # before anything is made
    create(spec, expansion, run_dir, published=terms.published)
    if cluster_file:
        write_placed_here(run_dir, os.getpid(), cluster_file)
    point_latest(run_dir)
    # The modules beside the spec are those that the run begins with.
    return drive(run_dir, replace(terms, cluster=cluster, code_changed_ok=True), trials)


def resume(run_dir: Path, terms: Terms) -> Outcome:
    """Go on with a run: every trial that has not come to its end, and no other.

    Raises StoreBusyError while its driver lives, InputError where modules beside the spec have
    changed and the terms do not allow that.
    """
    point_latest(run_dir)
    return drive(run_dir, terms)
