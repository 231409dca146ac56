"""How a run ended, as `launch`, `resume` and `watch` tell it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper.cli.reading import reading
from sweeper.cli.say import shown_path
from sweeper.records import AttemptState, EndKind, TrialState
from sweeper.report.text import duration, printable

if TYPE_CHECKING:
    from sweeper.records import Outcome

BEST_SHOWN = 5
FAILURES_SHOWN = 3


def conclude(run_dir: Path, outcome: Outcome, seconds: float) -> int:
    """Print how the run ended, why, and its best trials; returns its exit code."""
    # Whoever looked on may be gone (`| head`); how the sweep ended is no different for that.
    with contextlib.suppress(OSError):
        tell_end(run_dir, outcome, seconds)
    return outcome.exit_code


def tell_end(run_dir: Path, outcome: Outcome, seconds: float) -> None:
    """Print how the run ended, why, its best trials and what a user may do now."""
    counts = ", ".join(f"{n} {state}" for state, n in outcome.counts.items() if n)
    typer.echo(f"{counts} in {duration(seconds)}")
    if outcome.ending.reason:
        typer.echo(outcome.ending.reason, err=outcome.exit_code != 0)
    if outcome.ending.kind is not EndKind.INPUT:  # else the reason says it
        failed = failures_text(run_dir, shown_path(run_dir), FAILURES_SHOWN)
        typer.echo(failed, nl=bool(failed))
        unmatched = unmatched_text(run_dir)
        typer.echo(unmatched, nl=bool(unmatched))
    remarks, best = numbers_text(run_dir, BEST_SHOWN)
    if outcome.ending.kind is not EndKind.INPUT:  # of it the reason is enough
        typer.echo(remarks, nl=bool(remarks))
    if best:
        typer.echo(f"\n{best}")
    typer.echo(f"\n{next_steps(run_dir, outcome)}")


def next_steps(run_dir: Path, outcome: Outcome) -> str:
    """The commands that a user may want now."""
    run = shown_path(run_dir)
    steps = [f"All trials:  sweep report {run}", f"One trial:   sweep show {run} TRIAL"]
    is_left = any(n for state, n in outcome.counts.items() if not state.is_final)
    is_unfinished = is_left or outcome.ending.is_interrupted  # a search may propose more
    # A run keeps its spec file as it was, so resuming does not mend a mistake in it.
    if is_unfinished and outcome.ending.kind is not EndKind.INPUT:
        steps.append(f"Go on:       sweep resume {run}")
    return "\n".join(steps)


def numbers_text(run_dir: Path, number: int) -> tuple[str, str]:
    """What is odd about trials, and the best ones that did not fail, as a short table.

    Each is "" where there is nothing to say.
    """
    from sweeper.report.remarks import remarks
    from sweeper.report.render import render
    from sweeper.report.summary import summaries
    from sweeper.report.table import best_trials

    with reading(run_dir) as store:
        objective, trials = store.sweep().objective, store.trials()
        summed = summaries(store, objective)
        table = best_trials(store, number, summed)
    told = printable("\n".join(remarks(trials, summed, objective)))
    if table is None:
        return told, ""
    columns = ["trial", *table.attrs["values"], "best", "best_epoch", "last", "epochs"]
    return told, render(table[columns])


def unmatched_text(run_dir: Path) -> str:
    """Which patterns of `channels` no trial had a channel for; "" where each found one."""
    with reading(run_dir) as store:
        complaints = [
            one.info.get("channels", "")
            for one in store.attempts()
            if one.state is AttemptState.FINISHED
        ]
    # A worker complains of what it has not met so far: another one may have met it.
    return printable(f"sweep.channels: {complaints[-1]}.") if all(complaints or [""]) else ""


def failures_text(run_dir: Path, run: str, number: int) -> str:
    """How many trials failed and why the first ones did; "" where none did.

    run: how the user names the run.
    """
    from sweeper.report.status import alike, failed_trials, failure_lines

    with reading(run_dir) as store:
        counts = store.counts()
        if not counts[TrialState.FAILED]:
            return ""
        found, total = failed_trials(store), sum(counts.values())
    kinds = alike(found)
    some = ", the first of them" if len(kinds) > number else ""
    told = failure_lines(kinds[:number], run)
    return printable(f"{len(found)} of {total} trials failed{some}:\n{told}")
