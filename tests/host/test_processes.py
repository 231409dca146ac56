"""Which processes run here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sweeper.host import processes


def test_a_process_lives_while_it_runs_and_its_number_was_given_then() -> None:
    began = processes.started(os.getpid())
    assert began is not None
    assert 0 < time.time() - began < 86_400
    assert processes.lives(os.getpid(), began)
    assert not processes.lives(os.getpid(), began - 60.0)  # somebody else had the number
    assert not processes.lives(0, time.time())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux's /proc tells")
def test_a_process_that_is_over_is_over_though_nobody_has_asked_how() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read() == b""  # it has ended, or is about to
        end = time.monotonic() + 30
        while processes.lives(child.pid, time.time()):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert Path(f"/proc/{child.pid}").exists()
