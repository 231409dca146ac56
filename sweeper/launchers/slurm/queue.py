"""SLURM's own programs, called: what they say is plain data, what they complain of is an error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeper.launchers.base import Job
from sweeper.records.errors import ClusterError, InputError

TIMEOUT_S = 60.0
_WAITING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"}
)
_RUNNING = frozenset(
    {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"}
)
# Options whose variable is not just SBATCH_ and their name.
_VARIABLES = {"time": "TIMELIMIT", "mem": "MEM_PER_NODE", "array": "ARRAY_INX"}
_SILENT = (
    "contact slurm controller",
    "Socket timed out",
    "Connection refused",
    "Zero Bytes",
    "Could not establish a configuration source",  # a machine that no SLURM knows
)


class RefusedError(InputError):
    """SLURM understood, and said no. The message is its own words."""


@dataclass(frozen=True, slots=True)
class Line:
    """What SLURM says of a job, or of one task of an array."""

    state: str
    reason: str
    nodes: str
    exit_code: str


def call(program: str, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
    """What the program printed.

    Raises InputError where there is none, ClusterError where SLURM does not answer, RefusedError
    where it refuses.
    """
    path = shutil.which(program)
    if path is None:
        raise InputError(
            f"there is no `{program}` on this machine, so no job can be given to SLURM from here."
            " Run the command on a login node of the cluster, or load the module that brings"
            " SLURM's programs. On this machine alone, leave --on away."
        )
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
            env=None if environ is None else dict(environ),
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"`{program}` gave no answer within {TIMEOUT_S:.0f} s: SLURM's controller may be down."
            " Look with `scontrol ping`, and try again later."
        ) from error
    if done.returncode == 0:
        return done.stdout
    words = own_words(done.stderr or done.stdout)
    if any(sign in words for sign in _SILENT):
        raise ClusterError(f"SLURM does not answer: {words}. Look with `scontrol ping`.")
    raise RefusedError(words or f"{program} ended with {done.returncode}")


def own_words(complaint: str) -> str:
    """What a program of SLURM's complained of, as one line, without its name before each."""
    lines = (re.sub(r"^\w+: (error: )?", "", line).strip() for line in complaint.splitlines())
    return "; ".join(dict.fromkeys(line for line in lines if line))


def submission_environ(environ: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """The shell's environment without what would change the job.

    given: options that the script has itself, as `partition`: SBATCH_PARTITION would override it.
    A shell inside of another job carries that job's SLURM_ variables.
    """
    dropped = {
        f"SBATCH_{_VARIABLES.get(name, name.upper().replace('-', '_'))}"
        for name in (*given, "no-requeue")
    }
    return {
        name: value
        for name, value in environ.items()
        if name not in dropped and (not name.startswith("SLURM_") or name == "SLURM_CONF")
    }


def submit(script: str, given: Sequence[str]) -> str:
    """Submit a script's file; the job's number. given: as in `submission_environ`."""
    environ = submission_environ(os.environ, given)
    said = call("sbatch", "--parsable", script, environ=environ).strip()
    return said.splitlines()[-1].partition(";")[0]


def cancel(job: str, *options: str) -> None:
    """`scancel`; of a job that is over nothing is said."""
    try:
        call("scancel", *options, job)
    except RefusedError as error:
        if "Invalid job id" not in str(error) and "already completing" not in str(error):
            raise


def look(job: str) -> list[Line]:
    """A job's line, or one for each task of an array; none where SLURM has forgotten it."""
    try:
        shown = call("scontrol", "--oneliner", "show", "job", job)
    except RefusedError as error:
        if "Invalid job id" in str(error):
            return []
        raise
    return [_line(row) for row in shown.splitlines() if "JobState=" in row]


def _line(row: str) -> Line:
    fields = dict(re.findall(r"\b(JobState|Reason|NodeList|ExitCode)=(\S+)", row))
    nodes = fields.get("NodeList", "")
    return Line(
        state=fields.get("JobState", ""),
        reason=fields.get("Reason", ""),
        nodes="" if nodes == "(null)" else nodes,
        exit_code=fields.get("ExitCode", "").partition(":")[0],
    )


def sum_up(job: str, lines: Sequence[Line]) -> Job:
    """A job's state in our words, with SLURM's own reasons."""
    if not lines:
        return Job("over", f"SLURM no longer knows job {job}")
    running = [line for line in lines if line.state in _RUNNING]
    waiting = [line for line in lines if line.state in _WAITING]
    is_array = len(lines) > 1
    if running:
        nodes = ", ".join(sorted({line.nodes for line in running if line.nodes}))
        more = f"; waiting tasks: {len(waiting)}" if is_array and waiting else ""
        return Job("running", f"SLURM's job {job} runs on {nodes}{more}")
    if waiting:
        reasons = ", ".join(sorted({line.reason for line in waiting}))
        return Job("waiting", f"SLURM's job {job} waits in the queue ({reasons})")
    ends = ", ".join(sorted({_end(line) for line in lines}))
    return Job("over", f"SLURM's job {job} is over ({ends})")


def _end(line: Line) -> str:
    if line.exit_code in {"", "0"}:
        return line.state
    return f"{line.state}, exit code {line.exit_code}"


def most_tasks() -> int | None:
    """The most tasks that this site lets an array have; None where SLURM does not say.

    `man slurm.conf`: MaxArraySize is one more than the largest index.
    """
    try:
        said = call("scontrol", "show", "config")
    except (InputError, ClusterError):
        return None
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", said, re.MULTILINE)
    return int(found[1]) if found else None


def partitions() -> str:
    """Names of the partitions, for a person; "" where SLURM does not say."""
    return _listed("%R")


def nodes() -> str:
    """What nodes there are, for a person: partition, number, cores, MiB, GPUs."""
    return _listed("%R: %D nodes with %c cores, %m MiB, generic resources %G", "; ")


def _listed(form: str, between: str = ", ") -> str:
    try:
        said = call("sinfo", "--noheader", f"--format={form}")
    except (InputError, ClusterError):
        return ""
    return between.join(dict.fromkeys(row.strip() for row in said.splitlines() if row.strip()))
