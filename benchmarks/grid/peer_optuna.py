"""Optuna with joblib and PyTorch: two processes, each a study of half of the points."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import joblib
import optuna
from jobs import JOBS


def share(name, data, points):
    """Run a process's share; (first start, last end, best objective, number of trials)."""
    from peer_torch import Trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    job = JOBS[name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    times = []

    def objective(trial):
        began = time.time()
        point = {
            "rate": trial.suggest_float("rate", 0.001, 1.0),
            "seed": trial.suggest_int("seed", 0, 1000),
            "order": trial.suggest_int("order", 0, 1000),
        }
        one = Trial(job, data, **point)
        for epoch in range(job.epochs):
            channels = one.epoch()
            trial.report(channels["valid_objective"], epoch)
        times.append((began, time.time()))
        return channels["valid_objective"]

    for point in points:
        study.enqueue_trial(point)
    study.optimize(objective, n_trials=len(points))
    return times[0][0], times[-1][1], study.best_value, len(times)


if __name__ == "__main__":
    name, data = sys.argv[1:3]
    points = JOBS[name].trials
    shares = joblib.Parallel(n_jobs=2)(
        joblib.delayed(share)(name, data, points[start::2]) for start in range(2)
    )
    first, last = min(s[0] for s in shares), max(s[1] for s in shares)
    total = sum(s[3] for s in shares)
    print(
        json.dumps({"trials": total, "inside_s": last - first, "best": min(s[2] for s in shares)})
    )
