"""Commands of the shell."""

from __future__ import annotations

import subprocess


def run_shell_command(cmd: str) -> tuple[str, int]:
    """(what the command wrote to either stream, its exit code)."""
    done = subprocess.run(
        cmd, shell=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout, done.returncode
