"""Seconds from `sweep launch` to the first row, cold and warm; programs compiled a key.

`python benchmarks/compile.py`. The first part runs whole sweeps, one worker, with a cache folder of
their own: empty at first (cold), then as the first run left it (warm), then for more trials. The
second part counts XLA's compilations in one process: more trials of a key must add none.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float32")

SPEC = """sweep:
  name: compile
  workers: 1
  floatX: float32
  grid:
    rate: {{logspace: [0.001, 0.1, {trials}]}}
---
!obj:pylearn2.train.Train {{
    dataset: &train !obj:pylearn2.datasets.digits.Digits {{ which_set: train }},
    model: !obj:pylearn2.models.mlp.MLP {{
        nvis: 64,
        layers: [
            !obj:pylearn2.models.mlp.Sigmoid {{ layer_name: h, dim: 32, irange: .1 }},
            !obj:pylearn2.models.mlp.Softmax {{ layer_name: y, n_classes: 10, irange: .1 }},
        ],
    }},
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {{
        learning_rate: {{{{ rate }}}},
        batch_size: 32,
        monitoring_dataset: {{ train: *train }},
        termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter {{
            max_epochs: 3 }},
    }},
}}
"""


class Compilations(logging.Handler):
    """Counts what JAX says that it compiles, by the program's name."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("Compiling "):
            self.names.append(text.split(" with ")[0].removeprefix("Compiling "))

    def passes(self) -> list[str]:
        """The passes over data among them: not a stray conversion or copy."""
        return [name for name in self.names if "_pass" in name]


def sweep(folder: Path, name: str, trials: int, cache: Path) -> dict[str, float]:
    """A whole sweep: seconds of the command, to the first row and to its end."""
    from sweeper.runs.open import open_to_read

    spec, out = folder / f"{name}.yaml.j2", folder / name
    spec.write_text(SPEC.format(trials=trials))
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "sweeper", "launch", str(spec), "--out", str(out)]
    began = time.time()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    ended = time.time()
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    with closing(open_to_read(out)) as store:
        attempts = store.attempts()
        rows = [row.time for one in attempts for row in store.rows(one.trial)]
    started = min(one.started for one in attempts)
    return {"worker": started - began, "row": min(rows) - began, "whole": ended - began}


def launches(trials: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch), Path(scratch) / "cache"
        print(f"{'seconds from the command to':34}{'a worker':>10}{'first row':>11}{'end':>8}")
        for title, count in (
            ("cold cache", trials),
            ("warm cache", trials),
            ("warm cache, 4 x the trials", 4 * trials),
        ):
            found = sweep(folder, title.replace(" ", "-").replace(",", ""), count, cache)
            shown = f"{title}, {count} trials"
            print(
                f"{shown:34}{found['worker']:10.2f}{found['row']:11.2f}{found['whole']:8.2f}",
                flush=True,
            )


def counted() -> None:
    """Programs of one key by what asks for them."""
    sys.path.insert(0, str(Path(__file__).parent))
    import jax
    import step as one_step

    from pylearn2core.engine import Bound, Order, TrainPass, answer

    seen = Compilations()
    for name in ("jax._src.interpreters.pxla", "jax._src.dispatch"):
        logger = logging.getLogger(name)
        logger.addHandler(seen)
        logger.propagate = False
    jax.config.update("jax_log_compiles", True)
    job = one_step.JOBS["d"]
    arrays = tuple(jax.device_put(array) for array in one_step.data(job))
    few = tuple(array[:500] for array in arrays)

    def trials(count: int, width: int, data: tuple[jax.Array, ...], batch: int = job.batch) -> None:
        rows = data[0].shape[0]
        order = Order.of([slice(k, k + batch) for k in range(0, rows - batch + 1, batch)], rows)
        answer([TrainPass(Bound(one_step.graph(job)), data, order) for _ in range(count)], width)

    print(f"\n{'a key of':48}{'new programs':>13}{'all':>6}")
    for title, arguments in (
        ("1 trial", (1, 1, arrays)),
        ("10 more", (10, 1, arrays)),
        ("8 as a pack of 8", (8, 8, arrays)),
        ("80 more as packs of 8", (80, 8, arrays)),
        ("a pack of 4", (4, 4, arrays)),
        ("8 on data of another length", (8, 8, few)),
        ("8 with batches of another size", (8, 8, arrays, 50)),
        ("8 as before", (8, 8, arrays)),
    ):
        before = len(seen.passes())
        trials(*arguments)
        after = len(seen.passes())
        print(f"{title:48}{after - before:13}{after:6}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--only", choices=["launches", "programs"])
    chosen = parser.parse_args()
    if chosen.only != "programs":
        launches(chosen.trials)
    if chosen.only != "launches":
        counted()


if __name__ == "__main__":
    main()
