"""Where everything of a run is. Nothing else builds these paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweeper.store.sql.files import SNAPSHOT_FILE, STORE_FILE, wal_of

RUNS = "runs"  # where runs are launched, in the user's folder
LATEST = "latest"  # a link in RUNS
TRIALS = "trials"  # also at a results' URL
_PARTS = "parts"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run, or of one of its parts, which has the same things in it."""

    path: Path

    # -------------------------------------------------------------- files
    @property
    def store(self) -> Path:
        """What the driver records."""
        return self.path / STORE_FILE

    @property
    def snapshot(self) -> Path:
        """A copy of the store: published on a disk that hosts share, or fetched."""
        return self.path / SNAPSHOT_FILE

    @property
    def spec(self) -> Path:
        """The spec file as it was launched."""
        return self.path / "spec.yaml.j2"

    @property
    def placed(self) -> Path:
        """Where the driver was put."""
        return self.path / "placed.json"

    @property
    def results_arrived(self) -> Path:
        """There once the last snapshot is at the run's results."""
        return self.path / "results-arrived"

    @property
    def divided(self) -> Path:
        """Of a part: into how many parts the run was divided."""
        return self.path / "of"

    @property
    def driver_log(self) -> Path:
        """What a driver in the background says."""
        return self.logs / "driver.log"

    def worker_log(self, worker: int) -> Path:
        """What a worker's trials print."""
        return worker_log(self.logs, worker)

    def worker_logs(self) -> list[Path]:
        """The logs that there are, of the parts' workers too."""
        pattern = worker_log(self.logs, "*").name
        here = [self, *self.parts()]
        return [path for one in here for path in sorted(one.logs.glob(pattern))]

    # -------------------------------------------------------------- folders
    @property
    def logs(self) -> Path:
        """Logs of the driver, the workers and a queue."""
        return self.path / "logs"

    @property
    def control(self) -> Path:
        """What the driver is asked."""
        return self.path / "control"

    @property
    def trials(self) -> Path:
        """What the trials leave."""
        return self.path / TRIALS

    def trial(self, trial: str) -> Path:
        """What a trial's attempts leave."""
        return self.trials / trial

    def begun(self) -> set[str]:
        """The trials that left something."""
        return {path.name for path in self.trials.iterdir()} if self.trials.is_dir() else set()

    def attempts(self, trial: str) -> list[int]:
        """The attempts of a trial that left something."""
        numbers = [attempt_number(path.name) for path in self.trial(trial).glob("a*")]
        return [number for number in numbers if number is not None]

    def attempt(self, trial: str, number: int) -> Path:
        """Where an attempt writes."""
        return self.trials / attempt_path(trial, number)

    def part(self, number: int) -> RunFolder:
        """The folder of a part, with a store, logs and control of its own."""
        return RunFolder(self.path / _PARTS / str(number))

    def parts(self) -> list[RunFolder]:
        """The folders of the parts that there are, by number."""
        names = [path.name for path in (self.path / _PARTS).glob("*")]
        return [self.part(number) for number in sorted(int(n) for n in names if n.isdecimal())]

    # -------------------------------------------------------------- what is here
    @property
    def has_store(self) -> bool:
        """Whether the store itself is here."""
        return self.store.is_file()

    @property
    def has_snapshot(self) -> bool:
        """Whether a copy of the store is here."""
        return self.snapshot.is_file()

    @property
    def can_be_read(self) -> bool:
        """Whether something of what was recorded is here."""
        return self.has_store or self.has_snapshot

    @property
    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Other than before where something more may have been recorded."""
        stores = [path for one in (self, *self.parts()) for path in (one.store, one.snapshot)]
        return tuple(_stamp(path) for store in stores for path in (store, wal_of(store)))

    @property
    def is_fetched(self) -> bool:
        """Whether what is here is a copy, at most, of a run that is elsewhere."""
        return self.placed.is_file() and not self.has_store

    @property
    def is_run(self) -> bool:
        """Whether a run was made here; put elsewhere it has no copy until one is fetched."""
        return self.can_be_read or self.placed.is_file()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


# ------------------------------------------------------------------ names inside
def attempt_name(number: int) -> str:
    """Of an attempt's folder, in its trial's."""
    return f"a{number}"


def attempt_number(name: str) -> int | None:
    """The attempt whose folder is named so, None for any other name."""
    return int(name[1:]) if name[:1] == "a" and name[1:].isdecimal() else None


def attempt_path(trial: str, number: int) -> str:
    """Of an attempt's folder below TRIALS, on a disk as at a results' URL."""
    return f"{trial}/{attempt_name(number)}"


def worker_log(logs: Path, worker: int | str) -> Path:
    """A worker's log in a folder of logs."""
    return logs / f"worker-{worker}.log"


def snapshot_url(results: str) -> str:
    """Where a run's snapshot is, below its own folder at a URL."""
    return f"{results.rstrip('/')}/{SNAPSHOT_FILE}"
