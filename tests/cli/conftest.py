"""A command line in a process of its own, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Modules beside this one; tests are imported by path.
sys.path.append(str(Path(__file__).parent))

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sweep(tmp_path: Path) -> Run:
    """sweep("expand", "grid.yaml.j2") runs it in `tmp_path`."""

    def run(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sweeper", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


GRID = """\
sweep:
  name: toy
  objective: {channel: loss, mode: min}
  grid:
    x: [0.5, 1.0, 2]
    word: [a, "01"]
---
!obj:toy.Toy { x: {{ x }}, word: {{ word }}, epochs: {{ epochs | default(2) }} }
"""


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """A spec of six trials whose module does not exist: expanding must not miss it."""
    path = tmp_path / "grid.yaml.j2"
    path.write_text(GRID)
    return path
