"""The batch script, as a pure function of the order and the cluster file.

Its first half says what is asked of SLURM and holds the user's own lines; its second half,
`job.sh`, is the same for every run.
"""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

from sweeper.host.variables import DATA_PATH
from sweeper.launchers.data import is_url
from sweeper.launchers.fit import share_gpus
from sweeper.launchers.slurm.checks import tasks_of
from sweeper.runs.folder import RunFolder

if TYPE_CHECKING:
    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.slurm.config import SlurmConfig

FOLDER = "slurm"
# SLURM warns up to a minute early; a driver takes some ten seconds to save what runs.
WARNING_S = 120
SHORTEST_WARNING_S = 10


def text(order: DriverOrder, config: SlurmConfig, *, python: str = sys.executable) -> str:
    """The script. python: the interpreter that runs `sweep launch`, for nodes that share it."""
    return "\n".join(
        [
            "#!/bin/bash",
            *_about(order, config),
            *(f"#SBATCH --{name}={shlex.quote(value)}" for name, value in asked(order, config)),
            *(f"#SBATCH --{name}" for name in _flags(config)),
            *_verbatim("sbatch", [f"#SBATCH {line}" for line in config.sbatch]),
            "",
            *_values(order, config, python),
            *_verbatim("setup", config.setup),
            "",
            files("sweeper.launchers.slurm").joinpath("job.sh").read_text("utf-8"),
        ]
    )


def log_of(order: DriverOrder, job: str) -> str:
    """The file that the job prints to."""
    return str(RunFolder(order.run_dir).logs / f"slurm-{job}.log")


def _about(order: DriverOrder, config: SlurmConfig) -> list[str]:
    save = order.header.checkpoint
    if save is None:
        kept = "saved on SLURM's warning alone (the spec has no checkpoint_every)"
    else:
        kept = "saved every " + (f"{save.epochs} epochs" if save.epochs else f"{save.seconds:g} s")
    lines = [f"# {_plain(order.header.name)}: {order.trials} trials, {kept}."]
    if config.preemptible and save is None:
        lines.append("# This queue takes nodes away: with checkpoint_every less would run twice.")
    if config.form == "array" and (tasks := tasks_of(order, config)) < config.tasks:
        lines.append(f"# {tasks} tasks, not {config.tasks}: there are no more trials to share.")
    return lines


def _plain(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def asked(order: DriverOrder, config: SlurmConfig) -> list[tuple[str, str]]:
    """Options of sbatch and their values; in the script they are quoted, as it reads quotes."""
    output = log_of(order, "").removesuffix(".log").replace("%", "%%") + "%j.log"
    options: list[tuple[str, str | int | None]] = [
        ("job-name", order.header.name),
        ("output", output),
        ("open-mode", "append"),
        ("signal", f"B:USR1@{warning_s(config)}"),
        ("nodes", 1 if config.form == "array" else config.nodes),
        ("ntasks-per-node", 1),
        ("cpus-per-task", config.cpus_per_node or _cores_needed(order, config)),
        ("gres", f"gpu:{config.gpus_per_node}" if config.gpus_per_node else None),
        ("mem", f"{config.memory_per_node_mib}M" if config.memory_per_node_mib else None),
        ("time", None if config.time_s is None else _clock(config.time_s)),
        ("partition", config.partition),
        ("account", config.account),
        ("qos", config.qos),
        ("constraint", config.constraint),
        ("array", f"0-{tasks_of(order, config) - 1}" if config.form == "array" else None),
    ]
    return [(name, str(value)) for name, value in options if value]


def _flags(config: SlurmConfig) -> list[str]:
    """A job with trials left is put back; the loss of one of several nodes does not end it."""
    return ["requeue", *(["no-kill"] if config.nodes > 1 else [])]


def _cores_needed(order: DriverOrder, config: SlurmConfig) -> int | None:
    """Cores a node for all workers that its GPUs are enough for, else for one; SLURM gives one."""
    resources = order.header.resources
    workers = share_gpus(resources.gpus, config.gpus_per_node) if resources.gpus else 1
    needed = workers * resources.cpus
    return needed if needed > 1 else None


def warning_s(config: SlurmConfig) -> int:
    """How long before the time limit SLURM should warn."""
    if config.time_s is None:
        return WARNING_S
    return max(SHORTEST_WARNING_S, min(WARNING_S, config.time_s // 5))


def _clock(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{minutes // 1440}-{minutes // 60 % 24:02}:{minutes % 60:02}:00"


def _values(order: DriverOrder, config: SlurmConfig, python: str) -> list[str]:
    options = [] if order.workers is None else [f"--workers {order.workers}"]
    if order.code_changed_ok:
        options.append("--code-changed-ok")
    if config.form == "array":
        # Each task is a whole driver, for the trials whose number is its own modulo the tasks.
        options.append(f'--part "$SLURM_ARRAY_TASK_ID/{tasks_of(order, config)}"')
    lines = [
        f"run={shlex.quote(str(order.run_dir))}",
        f"options=({' '.join(options)})",
        f"part={'$SLURM_ARRAY_TASK_ID' if config.form == 'array' else ''}",
        f"data={shlex.quote(config.data)}",
        f"preemptible={'yes' if config.preemptible else ''}",
    ]
    if config.data and not is_url(config.data):
        lines.append(f'export {DATA_PATH}="$data"')
    if config.python:
        return [*lines, f"python={shlex.quote(config.python)}", "own_python= found_python="]
    return [
        *lines,
        f"own_python={shlex.quote(python)} found_python=$(command -v python)",
        'python="$own_python"',
    ]


def _verbatim(key: str, lines: list[str] | tuple[str, ...]) -> list[str]:
    return ["", f"# `{key}` of the cluster file:", *lines] if lines else []
