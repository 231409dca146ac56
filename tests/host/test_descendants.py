"""What a process has started, and the memory that it takes."""

from __future__ import annotations

import os
import subprocess
import sys

from sweeper.host import descendants

CHILD = """
import subprocess, sys
held = b"x" * (64 << 20)
with subprocess.Popen([sys.executable, "-c", "input()"], stdin=0, start_new_session=True) as child:
    print(child.pid, flush=True)
"""


def test_children_of_children_are_found_in_sessions_of_their_own_too():
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        below = int(child.stdout.readline())
        assert descendants.has_children()
        found = descendants.descendants(os.getpid())
        assert found.index(child.pid) < found.index(below)
        assert descendants.resident([child.pid]) > 64 << 20
        assert "input()" in descendants.name(below)
        child.communicate("\n")
    assert below not in descendants.descendants(os.getpid())
    assert descendants.resident([below]) == 0
