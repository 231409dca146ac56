"""Ray's cluster commands (`ray up`, `exec`, `rsync-up`, `rsync-down`, `down`) as functions."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sweeper.records.errors import ClusterError

_UP_S = 3600.0
_DOWN_S = 1200.0
_EXEC_S = 300.0
_LAST_LINES = 8
_BEGIN, _END = "SWEEP-SAYS-BEGIN", "SWEEP-SAYS-END"
_NO_HEAD = "Head node of cluster"  # Ray: "... not found!", once the provider has answered
_STARTS = " is in state "  # a head that is being set up, or failed at it
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class NoHeadError(ClusterError):
    """The provider answers, and there is no such head (any more)."""


@dataclass(frozen=True, slots=True)
class RayUp:
    """A cluster by the text of its `ray up` file. name: of the cluster, for messages."""

    text: str
    name: str

    def up(self) -> None:
        """Rent the head, set it up, start Ray on it. Raises ClusterError."""
        self._call(["up", "-y"], timeout_s=_UP_S)

    def down(self) -> None:
        """Give all machines back. Raises ClusterError."""
        self._call(["down", "-y"], timeout_s=_DOWN_S)

    def exec(self, command: str, *, timeout_s: float = _EXEC_S) -> str:
        """What a shell command on the head printed. Raises ClusterError where it fails."""
        # Ray's own lines stand around it, and a terminal's line ends in it.
        script = f"{{ echo {_BEGIN}; {{ {command}\n}}; }} 2>&1 && echo {_END}"
        said = self._call(["exec"], script, timeout_s=timeout_s)
        inside = re.search(rf"^{_BEGIN}\n(.*?)^{_END}$", said, re.MULTILINE | re.DOTALL)
        return inside[1] if inside else said

    def send(self, source: str, target: str) -> None:
        """Copy a folder here (its path ends with a slash) to the head."""
        self._call(["rsync-up"], source, target, timeout_s=_UP_S)

    def receive(self, source: str, target: str) -> None:
        """Copy a file of the head to here."""
        self._call(["rsync-down"], source, target, timeout_s=_UP_S)

    def _call(self, command: list[str], *rest: str, timeout_s: float) -> str:
        with _written(self.text) as path:
            words = [sys.executable, "-m", "ray.scripts.scripts", *command, str(path), *rest]
            try:
                code, said = run_group(words, timeout_s=timeout_s)
            except subprocess.TimeoutExpired as error:
                so_far = error.stdout or b""
                text = so_far.decode(errors="replace") if isinstance(so_far, bytes) else so_far
                raise ClusterError(
                    _failed(self.name, command[0], f"no end after {timeout_s:.0f} s", text)
                ) from None
        said = _COLOURS.sub("", said).replace("\r\n", "\n").replace("\r", "\n")
        if code:
            kind = NoHeadError if _NO_HEAD in said and _STARTS not in said else ClusterError
            raise kind(_failed(self.name, command[0], f"code {code}", said))
        return said


def run_group(words: Sequence[str], *, timeout_s: float) -> tuple[int, str]:
    """Run a command to its end; its exit code, and what it printed.

    Raises subprocess.TimeoutExpired. No process that it started (ssh, rsync) outlives this call
    where that does not return.
    """
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environment(),
        start_new_session=True,  # a group of its own, to end all of it
    )
    with process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, said


@contextmanager
def _written(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        path = Path(folder) / "ray-up.yaml"
        path.write_text(text, encoding="utf-8")
        yield path


def _environment() -> dict[str, str]:
    """Ours, without what would turn Ray's commands to another cluster."""
    found = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    # These commands speak to the cloud and to ssh alone: the cluster's token stays on its machines.
    return found | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}


def _failed(name: str, command: str, how: str, said: str) -> str:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    last = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
    return f"cloud cluster {name}: `ray {command}` failed ({how}). It said last:\n{last}"
