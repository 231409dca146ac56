"""Generators' memory is looked at before it is trusted, and left alone where it is another."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sweeper.host.patches import generator_memory, looks


@pytest.fixture(autouse=True)
def nothing_was_looked_at(monkeypatch):
    monkeypatch.setattr(looks, "_said", set())
    generator_memory.of_python.cache_clear()
    generator_memory._numpy_lies_as_expected.cache_clear()
    yield
    generator_memory.of_python.cache_clear()
    generator_memory._numpy_lies_as_expected.cache_clear()


def test_what_is_read_of_python_s_memory_sets_it_back():
    generator = random.Random(7)
    memory = generator_memory.of_python(generator)
    generator.getrandbits(32 * 700)
    state = memory.read()
    drawn = [generator.random() for _ in range(1000)]
    memory.write(state)
    assert [generator.random() for _ in range(1000)] == drawn


def test_a_seed_s_memory_is_that_of_a_generator_with_this_seed():
    generator = random.Random(7)
    generator_memory.of_python(generator).write(generator_memory.seeded(3))
    assert generator.getstate()[1] == random.Random(3).getstate()[1]


class Elsewhere(random.Random):
    """Keeps its state in a place of its own."""

    def getstate(self):
        return 3, (*range(625),), None


def test_a_generator_that_keeps_its_state_elsewhere_is_left_alone_and_that_is_said_once(caplog):
    assert generator_memory.of_python(Elsewhere()) is None
    assert generator_memory.of_python(Elsewhere()) is None
    assert [record.message for record in caplog.records] == [
        "the memory of Python's random.Random is not as expected, so it is left as it is: trials"
        " side by side take longer."
    ]


def test_numpy_s_place_changes_with_what_is_drawn_and_with_nothing_else():
    bits = np.random.MT19937(5)
    place = generator_memory.place_in_numpy(bits)
    before = place()
    assert place() == before
    bits.random_raw()
    after = place()
    assert after != before
    bits.random_raw(624)  # as far in the next key
    assert place() != after


def test_a_numpy_whose_memory_is_another_one_is_left_alone(monkeypatch, caplog):
    class Bits(np.random.MT19937):
        @property
        def state(self):
            return {"state": {"key": np.arange(624), "pos": 624}}

    monkeypatch.setattr(np.random, "MT19937", Bits)
    assert generator_memory.place_in_numpy(Bits(1)) is None
    assert "NumPy's MT19937 is not as expected" in caplog.text
