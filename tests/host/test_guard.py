"""What a process leaves is ended, and while it lives it can end what it started itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from sweeper.host import guard

LEAVES = """
import os, subprocess, sys, time
from sweeper.host import guard
guard.start(os.environ[guard.MARK])
child = os.fork()
if not child:
    os.setsid()
    time.sleep(1000)
other = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(child, other.pid, flush=True)
{end}
"""
TWO = """
import os, subprocess, sys
from sweeper.host import descendants
descendants.adopt()
assert not descendants.has_children()
subprocess.run(["sh", "-c", "sleep 1000 & sleep 1000 & true"])
subprocess.Popen(["sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"])
spared = subprocess.Popen(["sleep", "1000"])
ended = descendants.end_all(spared=[spared.pid])
assert descendants.descendants(os.getpid()) == [spared.pid]
spared.kill()
spared.wait()
print(sum("sleep 1000" in one for one in ended), any("trap" in one for one in ended))
"""


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)", "sys.exit(0)"])
def test_what_a_process_leaves_ends_with_it_in_sessions_of_their_own_too(end):
    environ = {**os.environ, guard.MARK: f"test-{os.getpid()}-{time.monotonic_ns()}"}
    command = [sys.executable, "-c", LEAVES.format(end=end)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in process.stdout.readline().split()]
    process.stdout.close()
    process.wait(30)
    until = time.monotonic() + 20
    while any(map(lives, pids)):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_descendants_of_descendants_and_those_that_heed_nothing_are_ended_and_named():
    done = subprocess.run(
        [sys.executable, "-c", TWO], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["2", "True"]
