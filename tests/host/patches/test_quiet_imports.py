"""What a module draws while it is imported is put back, for the thread that asked for it."""

from __future__ import annotations

import importlib
import random
import sys
import threading

import pytest

from sweeper.host.patches import quiet_imports


@pytest.fixture
def draws(tmp_path, monkeypatch):
    """Makes modules that draw a number when they are imported; gives the function that imports."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    was = random.getstate()

    def load(name, text="import random; drawn = random.random()"):
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield load
    random.setstate(was)


def test_what_a_module_draws_is_put_back_also_where_its_import_fails(draws):
    quiet_imports.install(random.getstate, random.setstate)
    random.seed(1)
    expected = random.Random(1).random()
    assert draws("draws_when_imported").drawn == expected
    with pytest.raises(ZeroDivisionError):
        draws("draws_and_fails", "import random; random.random(); 1 / 0")
    assert random.random() == expected


def test_what_another_thread_imports_does_not_put_anything_back(draws):
    quiet_imports.install(random.getstate, random.setstate)
    random.seed(1)
    other = threading.Thread(target=draws, args=("draws_in_another_thread",))
    other.start()
    other.join()
    generator = random.Random(1)
    generator.random()
    assert random.random() == generator.random()


def test_it_is_installed_once_and_for_the_last_thread_that_asked(draws):
    for _ in range(2):
        other = threading.Thread(
            target=quiet_imports.install, args=(random.getstate, random.setstate)
        )
        other.start()
        other.join()
    quiet_imports.install(random.getstate, random.setstate)
    kinds = [type(finder).__name__ for finder in sys.meta_path]
    assert kinds.count("_Finder") == 1
    random.seed(1)
    draws("draws_for_the_last_thread")
    assert random.random() == random.Random(1).random()
