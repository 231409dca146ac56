"""How good searches are: our samplers, in batches, beside Optuna's own loop on the same functions.

    .venv/bin/python benchmarks/search.py                       # 10 seeds, 96 points: some minutes
    .venv/bin/python benchmarks/search.py --seeds 2 --trials 48 # a short look

Each line is a way to search, each figure the regret (best value less the lowest there is) after all
trials: the median over the seeds, and in brackets the middle half of them. No trial is trained: a
function is called, so the figures do not depend on the machine but for their last bits.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from sweeper import spec as specs
from sweeper.records import History, PastTrial, TrialState

BATCH, LAG, WORKERS = 8, 1, 16

_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(x: Any) -> float:
    """Hartmann's function of six numbers."""
    weights = np.array([1.0, 1.2, 3.0, 3.2])
    return -float(weights @ np.exp(-(_A * (np.asarray(x) - _P) ** 2).sum(axis=1)))


def branin(x: Any) -> float:
    """Branin's function of two numbers."""
    bowl = (x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6) ** 2
    return float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


def rosenbrock(x: Any) -> float:
    """Rosenbrock's valley."""
    x = np.asarray(x)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


@dataclass(frozen=True, slots=True)
class Task:
    """bounds: of each axis.    lowest: the value of the function's lowest point."""

    name: str
    function: Callable[[Any], float]
    bounds: tuple[tuple[float, float], ...]
    lowest: float


TASKS = (
    Task("Hartmann 6", hartmann, ((0.0, 1.0),) * 6, -3.322368),
    Task("Branin", branin, ((-5.0, 10.0), (0.0, 15.0)), 0.397887),
    Task("Rosenbrock 10", rosenbrock, ((-2.0, 2.0),) * 10, 0.0),
)


def value_of(task: Task, values: Mapping[str, Any]) -> float:
    """The function's value of a point."""
    return task.function([values[f"x{at}"] for at in range(len(task.bounds))])


def ours(sampler: str, batch: int, lag: int) -> Callable[[Task, int, int], float]:
    """The best value that a search of ours finds."""

    def search(task: Task, trials: int, seed: int) -> float:
        axes = "".join(
            f"x{at}: {{uniform: [{low}, {high}]}}, " for at, (low, high) in enumerate(task.bounds)
        )
        uses = "".join(f"x{at}: {{{{ x{at} }}}}, " for at in range(len(task.bounds)))
        text = (
            "sweep: {objective: {channel: value, mode: min}, search: {sampler: "
            f"{sampler}, trials: {trials}, batch: {batch}, lag: {lag}, seed: {seed}, "
            f"axes: {{{axes}}}}}}}\n---\n!obj:mine.Trial {{ {uses} }}\n"
        )
        source = specs.source_of(specs.loads(text, "search.yaml.j2"))
        done: list[list[PastTrial]] = []
        for number in range(math.ceil(trials / batch)):
            until = max(number - lag, 0)
            history = History(
                tuple(one for past in done[:until] for one in past),
                tuple(one.values for past in done[until:] for one in past),
            )
            proposal = source.propose(number, history)
            found = proposal.trials if proposal is not None else ()
            done.append(
                [
                    PastTrial(
                        one.values, TrialState.FINISHED, ((0, 1, value_of(task, one.values)),)
                    )
                    for one in found
                ]
            )
        return min(one.objective[0][2] for past in done for one in past)

    return search


def optuna_s(workers: int) -> Callable[[Task, int, int], float]:
    """The best value that Optuna's own loop finds: so many trials are asked for before one ends."""

    def search(task: Task, trials: int, seed: int) -> float:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        running: deque[optuna.Trial] = deque()
        for number in range(trials + workers - 1):
            if number < trials:
                trial = study.ask()
                for at, (low, high) in enumerate(task.bounds):
                    trial.suggest_float(f"x{at}", low, high)
                running.append(trial)
            if len(running) == workers or number >= trials:
                trial = running.popleft()
                study.tell(trial, value_of(task, trial.params))
        return float(study.best_value)

    return search


WAYS: dict[str, Callable[[Task, int, int], float]] = {
    "Optuna's loop, one at a time": optuna_s(1),
    f"Optuna's loop, {WORKERS} at a time": optuna_s(WORKERS),
    "tpe, batch 1, lag 0": ours("tpe", 1, 0),
    **{f"{name}, batch {BATCH}, lag {LAG}": ours(name, BATCH, LAG) for name in ("tpe", "gp")},
    f"cmaes, batch {BATCH}, lag {LAG}": ours("cmaes", BATCH, LAG),
    f"sobol, batch {BATCH}": ours("sobol", BATCH, LAG),
    f"random, batch {BATCH}": ours("random", BATCH, LAG),
}


def main() -> None:
    """Print a table a function."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=96)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    for task in TASKS:
        print(f"\n{task.name}: regret after {options.trials} trials, {options.seeds} seeds")
        for name, search in WAYS.items():
            began = time.perf_counter()
            found = [search(task, options.trials, seed) for seed in range(options.seeds)]
            ms = 1000 * (time.perf_counter() - began) / (options.seeds * options.trials)
            low, middle, high = np.quantile(np.array(found) - task.lowest, [0.25, 0.5, 0.75])
            print(f"  {name:32} {middle:9.4f}  [{low:.4f}, {high:.4f}]  {ms:6.1f} ms a trial")


if __name__ == "__main__":
    main()
