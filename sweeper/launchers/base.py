"""What a place to run offers: a Ray cluster for a driver, and how a driver gets there.

A backend is a folder that keeps this contract and knows no other one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeVar, runtime_checkable

from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

    from sweeper.records import Placed, SweepSpec
    from sweeper.spec.place import Place


class Cluster(Protocol):
    """A Ray cluster that this process is connected to while it is entered.

    workers: how many fit.    cores: to pin workers to, empty for none.
    scratch: a short folder on the workers' own disk, there while the cluster is entered.
    """

    workers: int
    cores: tuple[int, ...]
    scratch: str

    def __enter__(self) -> Self:
        """Start or join it. Raises ClusterError."""

    def check(self) -> None:
        """Raise ClusterError once the cluster is lost; called all the time."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave it, and end what was started."""


# ------------------------------------------------------------------ a driver that runs elsewhere
@dataclass(frozen=True, slots=True)
class DriverOrder:
    """A run whose driver is to be put somewhere.

    run_dir: the run's folder here, absolute.    spec_path: absolute.    defines: of `-D`.
    trials: how many are to run.    workers: as the user asked, None for as many as fit.
    has_folder: the run's store is in run_dir already and the driver's host shares that disk.
    before: where the run was put the last time; this order goes on with it (`sweep resume`).
    code_changed_ok: go on although modules beside the spec are not those that the run began with.
    """

    run_dir: Path
    spec_path: Path
    defines: Mapping[str, str]
    header: SweepSpec
    trials: int
    workers: int | None = None
    has_folder: bool = False
    before: Placed | None = None
    code_changed_ok: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What a queue says of a driver. words: its own, such as the reason why it waits."""

    state: Literal["waiting", "running", "over", "unknown"]
    words: str = ""


class Launcher(Protocol):
    """Puts a run's driver somewhere, and reaches it from the user's shell.

    run_dir: the run's folder here. Every method may raise InputError (a wrong option, no such
    program) and ClusterError (what is asked does not answer).
    """

    @property
    def has_folder(self) -> bool:
        """Whether the driver's host shares the disk of the run's folder."""

    def describe(self, order: DriverOrder) -> str:
        """What `submit` would send, for a person to read: a script, a YAML file, a manifest.

        It is asked before anything is made: it raises InputError for an order that can't be kept.
        """

    def submit(self, order: DriverOrder) -> Placed:
        """Put the driver there. Where it raises nothing is left running."""

    def look(self, placed: Placed, run_dir: Path) -> Job:
        """What the queue says of it now."""

    def stop(self, placed: Placed, run_dir: Path, trials: tuple[str, ...]) -> str:
        """Ask the driver to end in order, or to end some trials; what was done, in one line.

        A driver that only waits in a queue is cancelled.
        """

    def fetch(self, placed: Placed, run_dir: Path) -> None:
        """Bring the newest snapshot into run_dir; nothing to do on a shared disk."""

    def down(self, placed: Placed, run_dir: Path) -> str:
        """End what costs money or holds an allocation; what was done, in one line."""


@runtime_checkable
class InProcess(Launcher, Protocol):
    """A launcher whose driver may also be the very process that launches: this machine's."""

    def confine(self, *, fetch: bool = True) -> None:
        """Leave this process, and what it starts, no more than the cluster file says.

        fetch: whether data at a URL is brought here; False where nothing is to run.
        """

    def here(self) -> Placed:
        """This process, as it is noted where it drives a run."""


@runtime_checkable
class Adopting(Launcher, Protocol):
    """A launcher that finds a driver again of whose placing this user has no record."""

    def adopted(self, noted: Placed) -> Placed:
        """What the cluster file, and the place that it leads to, say of a job.

        noted: kind, job, start and number of parts, as the run's folder has them.
        """


# ------------------------------------------------------------------ what a backend registers
class ClusterConfig(Protocol):
    """What a cluster file says: a frozen record of its kind's own.

    path: the file.    text: all of it as it stands.
    In each kind that has them, data is a path that is there on every node, or a URL that every
    node fetches to its own disk; results a URL (fsspec) of a folder that outlives the cluster;
    setup the user's own shell lines, verbatim. A number that is None, and a word that is "", is
    left to the cluster's own default.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def path(self) -> Path: ...  # noqa: D102

    @property
    def text(self) -> str: ...  # noqa: D102


C = TypeVar("C", bound=ClusterConfig)


@dataclass(frozen=True, slots=True)
class Backend(Generic[C]):
    """One kind of place: what an entry point of the group `sweeper.launchers` names.

    read: the mapping of a cluster file, and the `path` and `text` that every config has, to the
    config; raises InputError with line and key.    launcher: the launcher that it asks for.
    """

    read: Callable[[Place, dict[str, Any]], C]
    launcher: Callable[[C], Launcher]


def asked_words(trials: tuple[str, ...]) -> str:
    """What a driver was asked by `stop`, for a person; follows "was asked"."""
    return f"to end {', '.join(trials)}" if trials else "to save what runs and end"


def check_parts(header: SweepSpec) -> None:
    """Raise InputError for a rule across trials: no driver of a part sees all of them."""
    if header.max_failures is not None:
        raise InputError(
            "sweep.max_failures: counts the failed trials of the whole sweep, which no task of a"
            " job array sees: each drives its own share. Remove it, or write `form: allocation` in"
            " the cluster file."
        )
    if header.stop.across:
        raise InputError(
            "sweep.stop: a rule that compares trials waits for all of a cohort, which no task of a"
            " job array sees: each drives its own share. Remove it, or write `form: allocation` in"
            " the cluster file."
        )
