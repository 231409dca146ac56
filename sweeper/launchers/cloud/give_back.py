"""The driver's last act on the head: give the machines back, or see to it that they end.

`python -m sweeper.launchers.cloud.give_back RUN_DIR CODE KEEP_HOURS HAS_RESULTS HAS_MINIMUM`
"""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from sweeper.records.errors import SweepError
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_read
from sweeper.store.liveness import driver_lives

CLUSTER = "~/ray_bootstrap_config.yaml"  # Ray put it there
EXIT_CODE, LOG = "exit-code", "give-back.log"


def plan(keep_hours: float, *, has_results: bool, has_minimum: bool) -> str:
    """Shell lines that end what is rented.

    has_results: what the run found is safe elsewhere.    has_minimum: the autoscaler would keep
    workers as long as it lives.
    """
    # Ray's processes go first: its autoscaler would rent again what is given back.
    stop = "ray stop --force"
    if has_results:
        return f"{stop}; ray down -y {CLUSTER} || sudo shutdown -h +1"
    lines = [f"sudo shutdown -h +{max(1, round(keep_hours * 60))}"]
    if has_minimum:
        lines += [stop, f"ray down -y --workers-only {CLUSTER}"]
    return "; ".join(lines)


def has_driver(run_dir: Path) -> bool:
    """Whether a driver of the run lives on this machine: then its end is not ours to see to."""
    try:
        with closing(open_to_read(run_dir)) as store:
            sweep = store.sweep()
    except SweepError:  # there is no store yet, say
        return False
    return driver_lives(sweep, host=socket.gethostname(), now=time.time())


def main(arguments: list[str]) -> int:
    """Note how the driver ended; leave the rest to a process that outlives this job."""
    run_dir, code, keep_hours, has_results, has_minimum = arguments
    run = RunFolder(Path(run_dir))
    if has_driver(run.path):
        print("giving back: nothing, another driver of this run lives")
        return 0
    if run.path.is_dir():
        (run.path / EXIT_CODE).write_text(f"{code}\n")
    # A URL alone is no copy: the machines go only where the last snapshot is there.
    is_safe = has_results == "1" and run.results_arrived.is_file()
    lines = plan(float(keep_hours), has_results=is_safe, has_minimum=has_minimum == "1")
    home = Path.home() / "sweep"
    home.mkdir(exist_ok=True)
    with (home / LOG).open("ab") as log:
        subprocess.Popen(
            ["bash", "-c", f"sleep 2; {lines}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ray ends a job's processes by their session
        )
    print(f"giving back: {shlex.quote(lines)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
