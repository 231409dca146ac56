"""`sweep adopt`: a run of whose place this user has no record may be asked about from now on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.launchers.base import Adopting
from sweeper.launchers.choose import config_of, launcher_by
from sweeper.records.errors import InputError
from sweeper.runs.find import short_name
from sweeper.runs.placed import HERE, adopt_placed, moved_from, read_placed

if TYPE_CHECKING:
    from sweeper.records import Placed


def adopt_run(run_dir: Path, on: str | None) -> str:
    """Keep where the run is; what was done. on: the user's own cluster file, or a URL."""
    run, noted = short_name(run_dir, Path.cwd()), read_placed(run_dir)
    if noted is None:
        return f"{run} was put nowhere: there is nothing to adopt, its files say all"
    if noted.is_own:
        return f"{run} is yours already"
    placed = _by_own_record(run_dir) if on is None else None
    placed = placed or _by_file(noted, on)
    adopt_placed(run_dir, placed)
    return f"{run} is asked about as {placed.kind} job {placed.job} from now on: sweep status {run}"


def _by_own_record(run_dir: Path) -> Placed | None:
    """What the user's record says of the folder that this one was copied from."""
    found = moved_from(run_dir)
    return found[1] if found is not None and found[1].is_own else None


def _by_file(noted: Placed, on: str | None) -> Placed:
    """What the user's own file says, and what it leads to: of the folder only the job's name."""
    job = f"{noted.kind} job {noted.job}"
    if on is None and noted.kind != HERE:
        raise InputError(
            f"{job}: what its folder says of programs and addresses is not used. Name your own"
            " cluster file for it: sweep adopt RUN --on FILE."
        )
    config = config_of(on)
    if config.kind != noted.kind:
        raise InputError(
            f"--on {on}: is of kind {config.kind}, and the run is {job}. Name a cluster file of"
            f" kind {noted.kind}."
        )
    launcher = launcher_by(config)
    if not isinstance(launcher, Adopting):
        raise InputError(
            f"{job}: a run of this kind can't be found again by a cluster file alone. Ask from"
            " where it was launched, or bring the record that is kept there: docs/security.md."
        )
    return launcher.adopted(noted)
