"""A trial's own generators, whoever draws in between."""

from pathlib import Path

import numpy as np
import pytest

from pylearn2core.paths import Places
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
