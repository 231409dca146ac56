from __future__ import annotations

from collections.abc import Iterator

import pytensor
import pytest


@pytest.fixture(autouse=True)
def _no_compiling() -> Iterator[None]:
    """Functions run as Python where no mode is given: compiling costs seconds each."""
    with pytensor.config.change_flags(mode="Mode", linker="py"):
        yield
