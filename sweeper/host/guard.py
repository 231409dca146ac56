"""Ends what a worker's trials started and left, once the worker is gone in whatever way.

    python -I -S guard.py PID MARK

It runs beside the worker, and is no child of it. What it ends it knows by a variable that every
process of the worker's has from its start, in sessions of their own too. It imports nothing of
ours, so that it takes a few MB.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time

MARK = "SWEEP_WORKER"
_PATIENCE_S = 5.0


def start(mark: str) -> None:
    """Start one for this process, whose environment has had `MARK=mark` from its start."""
    command = [sys.executable, "-I", "-S", __file__, str(os.getpid()), mark]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


def marked(mark: str) -> list[int]:
    """The processes with this mark, but for this one."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208  (pathlib takes longer to import than all of it)
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123
                if wanted in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    return found


def wait_for(pid: int) -> None:
    """Return when the process is gone."""
    try:
        process = os.pidfd_open(pid)
    except OSError:  # gone already
        return
    select.select([process], [], [])


def end_all(mark: str) -> None:
    """End the processes with this mark, and those that they start meanwhile."""
    until = time.monotonic() + _PATIENCE_S
    while (left := marked(mark)) and time.monotonic() < until:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
            print(f"ended process {pid}, which the worker that is gone had left", file=sys.stderr)
        time.sleep(0.05)


def main() -> None:
    """Leave the worker's tree, wait for its end, and clean up."""
    if os.fork():
        os._exit(0)
    os.setsid()
    wait_for(int(sys.argv[1]))
    end_all(sys.argv[2])


if __name__ == "__main__":
    main()
