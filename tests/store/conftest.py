"""Small runs for the store's tests."""

from __future__ import annotations

import pytest

from sweeper.testing.stores import made


@pytest.fixture(scope="session")
def make():
    return made
