"""What asks on standard input finds its end at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASKS = """
from sweeper.workers.process import standard_input
standard_input.empty()
{ask}
"""


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        ("input('continue? ')", "EOFError: EOF when reading a line"),
        ("breakpoint()\nx = 1", "bdb.BdbQuit"),
        ("import pdb; pdb.set_trace()\nx = 1", "bdb.BdbQuit"),
        ("import sys; assert sys.stdin.read() == ''; raise KeyError('read')", "KeyError: 'read'"),
    ],
)
def test_standard_input_that_stays_open_and_says_nothing_is_not_waited_for(ask, error):
    reader, writer = os.pipe()
    environ = {**os.environ, "PYTHONBREAKPOINT": "ray.util.rpdb.set_trace"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", ASKS.format(ask=ask)],
            stdin=reader, env=environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(reader)
        os.close(writer)
    assert done.stderr.strip().splitlines()[-1] == error
