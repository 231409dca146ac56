"""`kind: slurm` of a cluster file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sweeper.launchers import readers as r
from sweeper.spec.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmConfig:
    """`kind: slurm`.

    memory_per_node_mib: MiB.    time_s: seconds, whole minutes are what SLURM counts.
    form: one allocation of `nodes` nodes, or an array of `tasks` jobs of one node each.
    preemptible: the queue may take the nodes away at any time, and the job is put back in line.
    sbatch: more options of sbatch's, verbatim (`--mail-type=END`), without `#SBATCH`.
    python: the interpreter on the nodes, "" for the one that runs `sweep`.
    """

    kind: str = "slurm"
    path: Path
    text: str
    nodes: int = 1
    gpus_per_node: int = 0
    cpus_per_node: int | None = None
    memory_per_node_mib: int | None = None
    time_s: int | None = None
    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    form: Literal["allocation", "array"] = "allocation"
    tasks: int = 1
    preemptible: bool = False
    setup: tuple[str, ...] = ()
    sbatch: tuple[str, ...] = ()
    data: str = ""
    python: str = ""


def read(place: Place, common: r.Common) -> SlurmConfig:
    """Check the mapping of a cluster file. Raises InputError."""
    keys = {
        **r.KIND,
        **r.keys(nodes=r.at_least(1), gpus_per_node=r.at_least(0), cpus_per_node=r.at_least(1)),
        "memory_per_node": ("memory_per_node_mib", r.memory_mib),
        "time": ("time_s", r.duration_s(common["text"])),
        **r.keys(partition=r.word, account=r.word, qos=r.word, constraint=r.word),
        **r.keys(form=r.one_of("allocation", "array"), tasks=r.at_least(1)),
        **r.keys(preemptible=r.yes_or_no, setup=r.shell_lines, sbatch=_sbatch_lines),
        **r.keys(data=r.data, python=r.line),
    }
    config = SlurmConfig(**r.fields(place, keys), **common)
    if config.form == "allocation" and "tasks" in place.value:
        raise place.child("tasks").error(
            "only an array has tasks, and `form` is allocation. Write `form: array`, or say with"
            " `nodes` how many nodes the allocation has."
        )
    if config.form == "array" and config.nodes > 1:
        raise place.child("nodes").error(
            f"each task of an array runs alone on one node, got nodes: {config.nodes}. Remove"
            " `nodes`, and say with `tasks` how many there are."
        )
    if config.form == "array" and "tasks" not in place.value:
        raise place.child("form").error("an array needs `tasks`. Write `tasks: 4`, say.")
    return config


def _sbatch_lines(place: Place) -> tuple[str, ...]:
    """Read more options of sbatch's, with or without `#SBATCH` before them."""
    found = tuple(row.strip().removeprefix("#SBATCH").strip() for row in r.shell_lines(place))
    for row in found:
        if not row.startswith("-") or "\n" in row:
            raise place.error(
                f"expected options of sbatch's, one a line, got {row!r}. Write --mail-type=END."
            )
    return found
