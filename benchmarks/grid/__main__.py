"""Whole sweeps against peers: `python benchmarks/grid [-j a d] [--sides ours tune]`.

Each side runs as a command of its own, one after the other, two workers of one core each, on the
same data and the same channels. Prints seconds from the first trial's start to the last trial's
end, seconds of the whole command, and how many times longer than ours each took.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from jobs import JOBS, Job, make_data  # noqa: E402

SPEC = """sweep:
  name: grid-{name}
  objective: {{channel: valid_objective, mode: min}}
  workers: 2
  pack: {pack}
  channels: ["*objective", "*misclass"]
  grid:
    rate: {rates}
    seed_of_weights: {seeds}
    order: {orders}
---
!obj:pylearn2core.train.Train {{
    dataset: &train !obj:grid_models.Data {{ path: {data}, which: train, labels: {labels} }},
    model: !obj:grid_models.{model} {{
        widths: {widths}, seed: {{{{ seed_of_weights }}}} }},
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {{
        learning_rate: {{{{ rate }}}},
        batch_size: {batch_size},
        seed: [2012, 10, {{{{ order }}}}],
        {rule}
        {cost}
        monitoring_dataset: {{
            train: *train,
            valid: !obj:grid_models.Data {{ path: {data}, which: valid, labels: {labels} }},
        }},
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {{
            max_epochs: {epochs} }},
    }},
}}
"""
RULE = (
    "learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum "
    "{ init_momentum: %s },"
)


def spec_text(name: str, job: Job, data: Path, pack: str) -> str:
    is_classifier = job.kind == "classifier"
    return SPEC.format(
        name=name,
        pack=pack,
        data=data,
        rates=list(job.rates),
        seeds=list(job.seeds),
        orders=list(job.orders),
        labels=str(is_classifier).lower(),
        model="Classifier" if is_classifier else "Autoencoder",
        widths=list(job.widths),
        batch_size=job.batch_size,
        epochs=job.epochs,
        rule=RULE % job.momentum if job.momentum else "",
        cost="" if is_classifier else "cost: !obj:grid_models.Reconstruction {},",
    )


def ours(name: str, job: Job, data: Path, folder: Path, pack: str) -> dict[str, float]:
    (folder / "grid_models.py").write_text((HERE / "grid_models.py").read_text())
    spec = folder / f"grid-{name}-{pack}.yaml.j2"
    spec.write_text(spec_text(name, job, data, pack))
    out = folder / f"run-{name}-{pack}"
    command = [sys.executable, "-m", "sweeper", "launch", str(spec), "--out", str(out)]
    whole, _ = timed(command)

    from sweeper.report.table import trials_table
    from sweeper.runs.open import open_to_read

    store = open_to_read(out)
    attempts = store.attempts()
    best = float(trials_table(store)["best"].iloc[0])
    inside = max(one.ended or 0.0 for one in attempts) - min(one.started for one in attempts)
    store.close()
    return {"trials": len(attempts), "inside_s": inside, "whole_s": whole, "best": best}


def peer(script: str, name: str, data: Path) -> dict[str, float]:
    whole, printed = timed([sys.executable, str(HERE / script), name, str(data)])
    return {**json.loads(printed.splitlines()[-1]), "whole_s": whole}


def timed(command: list[str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return time.perf_counter() - began, done.stdout


SIDES = {
    "ours": lambda name, job, data, folder: ours(name, job, data, folder, "auto"),
    "single": lambda name, job, data, folder: ours(name, job, data, folder, "1"),
    "tune": lambda name, job, data, folder: peer("peer_tune.py", name, data),
    "optuna": lambda name, job, data, folder: peer("peer_optuna.py", name, data),
}
TITLES = {
    "ours": "sweep",
    "single": "sweep, pack: 1",
    "tune": "Ray Tune + PyTorch",
    "optuna": "Optuna + joblib + PyTorch",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", "--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in chosen.jobs:
            job, folder = JOBS[name], Path(scratch)
            data = make_data(job, folder)
            print(f"\n{name}: {job.title}, {len(job.trials)} trials, {job.epochs} epochs")
            print(
                f"{'':28}{'inside s':>10}{'whole s':>10}{'best':>10}{'x inside':>10}{'x whole':>9}"
            )
            base: dict[str, float] = {}
            for side in chosen.sides:
                found = SIDES[side](name, job, data, folder)
                base = base or found
                print(
                    f"{TITLES[side]:28}{found['inside_s']:10.1f}{found['whole_s']:10.1f}"
                    f"{found['best']:10.4g}{found['inside_s'] / base['inside_s']:10.2f}"
                    f"{found['whole_s'] / base['whole_s']:9.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
