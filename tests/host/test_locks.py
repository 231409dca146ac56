"""A lock lasts as long as its process has the file open."""

from __future__ import annotations

import os
import subprocess
import sys

from sweeper.host import locks

HOLD = """
import sys
from pathlib import Path
from sweeper.host import locks
with locks.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_file_is_locked_by_one_process_until_it_ends_however_that_is(tmp_path):
    path = tmp_path / "file"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert locks.try_lock(path) is None
        holder.kill()
        holder.wait()
    descriptor = locks.try_lock(path)
    assert descriptor is not None
    os.close(descriptor)


def test_no_file_is_made_where_none_is_wanted_and_no_link_is_followed(tmp_path):
    assert locks.try_lock(tmp_path / "file", create=False) is None
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert locks.try_lock(tmp_path / "link") is None
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
