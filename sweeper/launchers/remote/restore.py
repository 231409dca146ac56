"""A run's store comes back from its results, for a driver on a machine that never had it.

`python -m sweeper.launchers.remote.restore URL RUN_DIR`, before `sweep resume RUN_DIR --here`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sweeper.launchers.remote.receive import from_url
from sweeper.records.errors import SweepError
from sweeper.runs.create import make_folder
from sweeper.runs.folder import RunFolder


def restore(url: str, run_dir: Path) -> None:
    """Make the run's folder, with the newest snapshot at `url` for its store.

    Does nothing where there is a store already. Raises InputError, ClusterError.
    """
    make_folder(run_dir)
    run = RunFolder(run_dir)
    if not run.store.exists():
        from_url(url, run_dir, run_dir.name)
        run.snapshot.replace(run.store)


def main(arguments: list[str]) -> int:
    """Restore, return the exit code."""
    url, run_dir = arguments
    try:
        restore(url, Path(run_dir))
    except SweepError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
