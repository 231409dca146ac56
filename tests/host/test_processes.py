"""A process is known by its number and by when it began."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from sweeper.host import processes


def test_a_process_lives_until_it_ends():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert processes.lives(child.pid, time.time())
        child.kill()
        child.wait()
    assert not processes.lives(child.pid, time.time())


def test_another_process_that_has_its_number_since_is_not_it():
    began = processes.started(os.getpid())
    assert began is not None
    assert processes.lives(os.getpid(), began)
    assert not processes.lives(os.getpid(), began - processes.CLOCK_SLACK_S - 1)


def test_a_process_began_after_this_host_and_before_now():
    now = time.time()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        began = processes.started(child.pid)
        child.kill()
    # The kernel counts from a start that it rounds to whole seconds.
    assert now - 1.1 <= began <= time.time() + 1.1
    assert processes.started(0) is None


def test_no_number_is_no_process():
    assert not processes.lives(0, time.time())
    assert not processes.lives(-1, time.time())
