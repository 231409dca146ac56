"""A driver on a machine that has none of this one's disk: its command, its names, its state."""

from __future__ import annotations

import secrets
import shlex
from typing import TYPE_CHECKING, Any

from sweeper.launchers.base import Job
from sweeper.launchers.remote.receive import run_url
from sweeper.launchers.remote.shell import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.launchers.base import DriverOrder

OVER = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})  # Ray's words for a job
LOG_LINES = 5


def driver_command(order: DriverOrder, remote_dir: str, most_workers: int | None) -> str:
    """The shell command of the driver, in the folder where the spec's files lie."""
    asked = order.workers or order.header.workers
    numbers = [number for number in (asked, most_workers) if number]
    workers = ["--workers", str(min(numbers))] if numbers else []
    if order.before:
        allowed = ["--code-changed-ok"] if order.code_changed_ok else []
        return quoted(["python", "-m", "sweeper", "resume", remote_dir, *workers, *allowed])
    words = ["python", "-m", "sweeper", "launch", order.spec_path.name]
    for name, value in order.defines.items():
        words += ["-D", f"{name}={value}"]
    return quoted([*words, *workers, "--out", remote_dir])


def remote_dir_in(command: str) -> str:
    """The run's folder in a command of `driver_command`; "" in any other."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    if "sweeper" not in words:
        return ""
    verb, *rest = words[words.index("sweeper") + 1 :] or [""]
    if verb == "resume":
        return rest[0] if rest else ""
    after = rest[rest.index("--out") + 1 :] if verb == "launch" and "--out" in rest else []
    return after[0] if after else ""


def head_command(what: str, remote_dir: str, *words: str) -> list[str]:
    """The words of a command on the head: our small program, on the run's folder there."""
    return ["python", "-m", "sweeper.launchers.remote.on_head", what, remote_dir, *words]


def job_name(order: DriverOrder) -> str:
    """A name that no other job has, and that a person finds again."""
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in order.run_dir.name)
    return f"{safe[:60]}-{secrets.token_hex(4)}"


def results_of(folder: str, order: DriverOrder, job: str) -> str:
    """The run's own URL below a cluster file's `results`; it stays that of the first driver."""
    if order.before:
        return order.before.facts.get("results", "")
    return run_url(folder, job)


def job_of(found: Mapping[str, Any]) -> Job:
    """Ray's words for a job as ours; of a driver's log its last lines."""
    status, words = str(found.get("status")), str(found.get("message") or "")
    how, _, log = words.partition(", last available logs")
    lines = [line.strip() for line in log.splitlines()[1:] if line.strip()]
    words = f"{how}: {' / '.join(lines[-LOG_LINES:])}" if lines else how
    if status in OVER:
        return Job("over", words)
    return Job("waiting" if status == "PENDING" else "running", words)
