"""What each sampler proposes, against the library or the design that it stands for."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from cmaes import CMA
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.stats import qmc

from sweeper.spec import expand, loads
from sweeper.spec.search.sampler import seed_of

AXES = {
    "lr": "{loguniform: [1.0e-4, 1.0]}",
    "momentum": "{uniform: [0, 1]}",
    "layers": "{randint: [1, 5]}",
    "dim": "{quniform: [50, 500, 50]}",
    "act": "[relu, tanh, null]",
}
DISTRIBUTIONS = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "layers": IntDistribution(1, 4),
    "dim": IntDistribution(50, 500, step=50),
    "act": CategoricalDistribution(["relu", "tanh", None]),
}


def error_of(values):
    return (values["momentum"] - 0.7) ** 2 + 10 * values["lr"] + values["layers"]


def own_tpe(trials, seed, fails=lambda values: False, direction="minimize"):
    """Optuna's own loop, one trial at a time; its generator is seeded anew before each."""
    study = optuna.create_study(direction=direction)
    found = []
    for number in range(trials):
        study.sampler = optuna.samplers.TPESampler(seed=seed_of(seed, number))
        trial = study.ask(DISTRIBUTIONS)
        found.append(dict(trial.params))
        if fails(trial.params):
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            sign = 1 if direction == "minimize" else -1
            study.tell(trial, sign * error_of(trial.params))
    return found


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("seed", [0, 7])
def test_tpe_asks_what_optuna_asks_one_at_a_time(searched, played, seed):
    source = searched(AXES, "tpe", trials=30, more=f"    lag: 0\n    seed: {seed}\n")
    assert [one for (one,) in played(source, error_of)] == own_tpe(30, seed)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_tpe_takes_what_failed_or_gave_nan_for_worse_than_all_that_was_pruned(searched, played):
    def fails(values):
        return values["momentum"] > 0.8

    def score(values):
        if not fails(values):
            return error_of(values)
        return None if values["layers"] > 2 else float("nan")

    source = searched(AXES, "tpe", trials=25, more="    lag: 0\n")
    assert [one for (one,) in played(source, score)] == own_tpe(25, 0, fails)


def test_the_first_batch_is_what_optuna_asks_with_the_search_s_own_seed(searched, played):
    source = searched(AXES, "tpe", trials=4, batch=4, more="    seed: 3\n")
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=3))
    assert played(source, error_of) == [[dict(study.ask(DISTRIBUTIONS).params) for _ in range(4)]]


def test_random_proposes_the_points_of_a_random_design_with_the_same_seed(searched, played):
    axes = {name: rule for name, rule in AXES.items() if name != "act"}
    found = played(searched(axes, trials=12, batch=5, more="    seed: 4\n"), error_of)
    design = ", ".join(f"{name}: {rule}" for name, rule in axes.items())
    text = f"sweep: {{random: {{samples: 12, seed: 4, axes: {{{design}}}}}}}\n---\n"
    uses = "".join(f"{name}: {{{{ {name} }}}}, " for name in axes)
    trials = expand(loads(f"{text}!obj:a.B {{ {uses} }}\n", "grid.yaml.j2")).trials
    assert [point for batch in found for point in batch] == [dict(one.values) for one in trials]
    assert [len(batch) for batch in found] == [5, 5, 2]


def test_sobol_is_scipy_s_sequence_cut_into_batches(searched, played):
    axes = {"x": "{uniform: [0, 1]}", "y": "{uniform: [-1, 3]}"}
    source = searched(axes, "sobol", trials=24, batch=8, more="    seed: 5\n")
    found = [point for batch in played(source, lambda _: 0.0) for point in batch]
    units = qmc.Sobol(2, scramble=True, rng=5).random(32)[:24]
    assert [one["x"] for one in found] == pytest.approx(units[:, 0], abs=1e-11)
    assert [one["y"] for one in found] == pytest.approx(4 * units[:, 1] - 1, abs=1e-11)


@pytest.mark.parametrize("sampler", ["random", "sobol", "tpe", "gp"])
def test_a_space_that_can_be_counted_is_used_up_and_no_point_comes_twice(searched, played, sampler):
    axes = {"a": "[1, 2, 3]", "b": "{randint: [0, 4]}"}
    found = played(searched(axes, sampler, trials=12, batch=5), lambda v: v["a"] + v["b"])
    points = sorted((one["a"], one["b"]) for batch in found for one in batch)
    assert points == [(a, b) for a in (1, 2, 3) for b in range(4)]


def test_cmaes_asks_what_the_library_does_a_population_at_a_time(searched, played):
    def score(x, y):
        return (x - 0.2) ** 2 + 100 * (y - x) ** 2

    axes = {"x": "{uniform: [0, 1]}", "y": "{uniform: [0, 1]}"}
    own = CMA(mean=np.full(2, 0.5), sigma=1 / 6, bounds=np.array([[0.0, 1.0]] * 2), seed=9)
    size = own.population_size
    source = searched(axes, "cmaes", 20 * size, batch=size, more="    lag: 0\n    seed: 9\n")
    found = played(source, lambda values: score(values["x"], values["y"]))
    for batch, points in enumerate(found):
        own.reseed_rng(seed_of(9, batch))
        asked = [own.ask() for _ in range(size)]
        proposed = np.array([[one["x"], one["y"]] for one in points])
        assert proposed == pytest.approx(np.array(asked), abs=1e-6)
        own.tell([(one, score(*one)) for one in asked])


@pytest.mark.parametrize("lag", [0, 1])
def test_cmaes_learns_also_from_points_that_an_earlier_state_proposed(searched, played, lag):
    def error(values):
        failed = values["x"] > 0.9
        return None if failed else (values["x"] - 0.3) ** 2 + (values["n"] - 12) ** 2 / 400

    axes = {"x": "{uniform: [0, 1]}", "n": "{randint: [0, 20]}"}
    found = played(searched(axes, "cmaes", 128, batch=16), error, lag=lag)
    first, last = ([error(one) or 1.0 for one in found[at]] for at in (0, -1))
    assert sum(last) < sum(first) / 4


@pytest.mark.parametrize("sampler", ["random", "sobol", "tpe", "gp"])
def test_every_kind_of_axis_gives_values_of_its_own(searched, played, sampler):
    axes = {
        "normal": "{normal: [5, 2]}",
        "levels": "{logspace: [1, 1000, 4]}",
        "tenths": "{quniform: [0.1, 0.5, 0.1]}",
        "lists": "[[1, 2], [3], null]",
        "fixed": "7",
    }
    found = played(searched(axes, sampler, trials=30, batch=6), lambda v: v["tenths"], lag=1)
    points = [one for batch in found for one in batch]
    assert all(-5 < one["normal"] < 15 for one in points)
    assert {one["levels"] for one in points} == {1.0, 10.0, 100.0, 1000.0}
    assert {one["tenths"] for one in points} <= {0.1, 0.2, 0.3, 0.4, 0.5}
    assert {repr(one["lists"]) for one in points} == {"[1, 2]", "[3]", "None"}
    assert {one["fixed"] for one in points} == {7}


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_what_learns_finds_a_better_point_of_branin_than_chance_does(searched, played, sampler):
    def branin(values):
        x, y = values["x"], values["y"]
        bowl = (y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6) ** 2
        return float(bowl + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10)

    def best(name):
        source = searched(axes, name, trials=40, batch=4)
        return min(branin(one) for batch in played(source, branin, lag=1) for one in batch)

    axes = {"x": "{uniform: [-5, 10]}", "y": "{uniform: [0, 15]}"}
    assert best(sampler) < best("random")
    assert best("gp") < 0.397887 + 0.1, "the lowest point has 0.397887"
