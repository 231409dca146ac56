"""A sweep as a user starts it, in a process of its own, and its processes to break."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.runs.open import open_to_read

EPOCHS = 8
EATEN = 4 << 30
SPEC = """\
sweep:
  name: faults
  objective: {channel: error, mode: min}
  workers: 2
  retries: 0
  grid: {x: [1, 2, 3, 4]}
---
!obj:slowly.Slowly {x: {{ x }}, seconds: {{ seconds }}, fault: '{{ fault | default("") }}'}
"""
EXPERIMENT = f"""\
import time

class Slowly:
    def __init__(self, x, seconds, fault):
        self.x, self.seconds, self.fault = x, seconds, fault

    def __iter__(self):
        for epoch in range({EPOCHS}):
            time.sleep(self.seconds / {EPOCHS})
            if self.fault == "eats memory" and self.x == 2 and epoch == 2:
                self.eaten = bytearray(b"x") * {EATEN}
                time.sleep(60)
            yield {{"error": self.x / (epoch + 1)}}
"""


class Driver:
    """`sweep ...` in a folder with a spec. pid: of its process."""

    def __init__(self, folder, *arguments, **environ):
        self.run_dir = folder / "run"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sweeper", *map(str, arguments)],
            env={**os.environ, **environ},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def wait(self, timeout_s=120):
        """(exit code, standard output, standard error)."""
        out, err = self._process.communicate(timeout=timeout_s)
        return self._process.returncode, out, err

    def end(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def process(self, name):
        """Id of the one process of its private Ray that is called `name`."""
        (pid,) = (pid for pid, words in self.left() if Path(words[0]).name == name)
        return pid

    def left(self):
        """(id, command line) of each process of its private Ray."""
        found = [
            (int(path.parent.name), arguments_of(path))
            for path in Path("/proc").glob("[0-9]*/cmdline")
        ]
        ours = f"/tmp/swp{self.pid}-"
        return [(pid, words) for pid, words in found if any(ours in word for word in words)]


def arguments_of(path):
    try:
        return path.read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


@pytest.fixture
def wait_for():
    """Waits until `enough(store)` of a run; returns what it returned."""

    def wait(run_dir, enough, timeout_s=90):
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            time.sleep(0.1)
            # It may be there and not be written yet.
            with contextlib.suppress(Exception), closing(open_to_read(run_dir)) as store:
                found = enough(store)
                if found:
                    return found
        raise AssertionError("the sweep did not come so far")

    return wait


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "grid.yaml.j2").write_text(SPEC)
    (tmp_path / "slowly.py").write_text(EXPERIMENT)
    return tmp_path


@pytest.fixture
def start(folder):
    """Starts `sweep ...` with more variables."""
    drivers = []

    def start(*arguments, **environ):
        drivers.append(Driver(folder, *arguments, **environ))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.end()
