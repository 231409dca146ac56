"""A trial's own generators, whoever draws in between."""

import random
from pathlib import Path

import numpy as np
import pytest

from pylearn2core.paths import Places
from sweeper.host.patches import generator_memory
from sweeper.workers.runner.isolation import Isolation

DRAWS = {
    "an odd number of normals": np.random.randn,
    "uniforms": np.random.uniform,
    "nothing": lambda: 0.0,
    "more than the whole state": lambda: float(np.random.uniform(size=624).sum()),
    "normals and uniforms": lambda: np.random.randn() + np.random.uniform(),
}


@pytest.fixture(params=[True, False], ids=["by their memory", "by their own calls"])
def memory(request, monkeypatch):
    """With the generators' memory, and as if it did not lie as expected."""
    if not request.param:
        monkeypatch.setattr(generator_memory, "of_python", lambda: None)
        monkeypatch.setattr(generator_memory, "place_in_numpy", lambda bits: None)


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_what_a_trial_draws_does_not_depend_on_the_trials_beside_it(draw):
    trials = [Isolation(str(seed), Places(Path()), seed) for seed in range(3)]
    drawn = [[], [], []]
    for _ in range(4):
        for trial, values in zip(trials, drawn, strict=True):
            with trial:
                values.append(draw())
    for seed, values in enumerate(drawn):
        Isolation._installed = None  # this test draws from the process's own
        np.random.set_state(np.random.RandomState(seed).get_state())
        assert values == [draw() for _ in range(4)]


PYTHON_DRAWS = {
    "an odd number of normals": lambda: random.gauss(0, 1),
    "a bound method": random.random,
    "nothing": lambda: 0.0,
    "more than the whole state": lambda: random.getrandbits(32 * 700),
    "choices": lambda: random.sample(range(100), 7),
}


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("draw", PYTHON_DRAWS.values(), ids=PYTHON_DRAWS)
def test_so_it_is_with_what_it_draws_from_random(draw):
    was = random.getstate()
    try:
        trials = [Isolation(str(seed), Places(Path()), seed) for seed in range(3)]
        drawn = [[], [], []]
        for _ in range(5):
            for trial, values in zip(trials, drawn, strict=True):
                with trial:
                    values.append(draw())
        Isolation._installed = None
        for seed, values in enumerate(drawn):
            random.seed(seed)
            assert values == [draw() for _ in range(5)]
    finally:
        random.setstate(was)


def test_a_generator_of_a_trial_that_is_over_starts_anew_for_the_next_one():
    first = Isolation("first", Places(Path()), 1)
    with first:
        np.random.randn(3)
    first.leave()
    with Isolation("next", Places(Path()), 2) as second:
        drawn = [np.random.randn() for _ in range(3)]
    second.leave()
    assert drawn == np.random.RandomState(2).randn(3).tolist()
