"""A trial's own generators, whoever draws in between."""

import random
from pathlib import Path

import numpy as np
import pytest

from pylearn2core.paths import Places
from sweeper.workers.runner import surroundings
from sweeper.workers.runner.surroundings import Surroundings

DRAWS = {
    "an odd number of normals": np.random.randn,
    "uniforms": np.random.uniform,
    "nothing": lambda: 0.0,
    "more than the whole state": lambda: float(np.random.uniform(size=624).sum()),
    "normals and uniforms": lambda: np.random.randn() + np.random.uniform(),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_what_a_trial_draws_does_not_depend_on_the_trials_beside_it(draw):
    trials = [Surroundings(str(seed), Places(Path()), seed) for seed in range(3)]
    drawn = [[], [], []]
    for _ in range(4):
        for trial, values in zip(trials, drawn, strict=True):
            with trial:
                values.append(draw())
    for seed, values in enumerate(drawn):
        Surroundings._installed = None  # this test draws from the process's own
        np.random.set_state(np.random.RandomState(seed).get_state())
        assert values == [draw() for _ in range(4)]


PYTHON_DRAWS = {
    "an odd number of normals": lambda: random.gauss(0, 1),
    "a bound method": random.random,
    "nothing": lambda: 0.0,
    "more than the whole state": lambda: random.getrandbits(32 * 700),
    "choices": lambda: random.sample(range(100), 7),
}


@pytest.mark.parametrize("draw", PYTHON_DRAWS.values(), ids=PYTHON_DRAWS)
@pytest.mark.parametrize("copies", [True, False], ids=["its memory copied", "by getstate"])
def test_so_it_is_with_what_it_draws_from_random(monkeypatch, draw, copies):
    monkeypatch.setattr(surroundings, "_COPIES", copies)
    surroundings._python_state.cache_clear()
    was = random.getstate()
    try:
        trials = [Surroundings(str(seed), Places(Path()), seed) for seed in range(3)]
        drawn = [[], [], []]
        for _ in range(5):
            for trial, values in zip(trials, drawn, strict=True):
                with trial:
                    values.append(draw())
        Surroundings._installed = None
        for seed, values in enumerate(drawn):
            random.seed(seed)
            assert values == [draw() for _ in range(5)]
    finally:
        surroundings._python_state.cache_clear()
        random.setstate(was)


def test_the_memory_of_pythons_generator_is_looked_at_before_it_is_trusted(monkeypatch):
    assert surroundings._PythonGenerator.lies_as_expected()
    monkeypatch.setattr(surroundings._PythonGenerator, "_inst", random.Random(1))
    assert not surroundings._PythonGenerator.lies_as_expected()
