from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sweeper.spec import Expansion, expand, loads


def _experiment(names: list[str]) -> str:
    return "!obj:a.B {\n" + "".join(f"  {name}: {{{{ {name} }}}},\n" for name in names) + "}\n"


@pytest.fixture(scope="session")
def experiment() -> Callable[..., str]:
    """An experiment that uses each of the named variables: a line each."""
    return lambda *names: _experiment(list(names))


@pytest.fixture(scope="session")
def expanded() -> Callable[..., Expansion]:
    """Expand a header's lines (indented by two, below `sweep:`) over an experiment of `names`."""

    def run(header: str, *names: str, defines: dict[str, str] | None = None) -> Any:
        text = f"sweep:\n{header}\n---\n{_experiment(list(names))}"
        return expand(loads(text, "grid.yaml.j2", defines))

    return run
