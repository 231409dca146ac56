"""A driver in the background of this machine, which outlives its shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sweeper.cli.say import say
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import write_placed_here
from sweeper.runs.provenance import check_code


def detach(
    run_dir: Path, *, workers: int | None, code_changed_ok: bool = False, cluster_file: str = ""
) -> None:
    """Start a driver of a run that is made, which outlives this shell. Raises InputError.

    cluster_file: text of the file that this process is confined by, for a later resume.
    """
    if not code_changed_ok:
        _check_code(run_dir)  # a refusal is for who is here to read it
    words = [sys.executable, "-m", "sweeper", "resume", str(run_dir.absolute())]
    words += ["--workers", str(workers)] if workers else []
    words += ["--code-changed-ok"] if code_changed_ok else []
    log = RunFolder(run_dir).driver_log
    # A child of a shell that is gone: it ends as anybody's, also where this process stays to watch.
    # In a session of its own, so that Ctrl-C here and the end of this terminal are not for it.
    started = subprocess.run(
        ["sh", "-c", '"$@" >>"$0" 2>&1 </dev/null & echo $!', str(log.absolute()), *words],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        check=True,
    )
    driver = int(started.stdout)
    try:
        write_placed_here(run_dir, driver, cluster_file)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(driver, signal.SIGTERM)  # nobody would find it again
        raise
    say(f"runs in the background as process {driver}, its output goes to {log}")


def _check_code(run_dir: Path) -> None:
    from sweeper.runs.open import open_to_read

    with closing(open_to_read(run_dir)) as store:
        check_code(run_dir, store.sweep())
