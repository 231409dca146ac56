"""Ray Tune with PyTorch: class trainable, actors used again. Prints first start, last end, best."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
name, data = sys.argv[1:3]

import ray  # noqa: E402
from jobs import JOBS  # noqa: E402
from ray import tune  # noqa: E402

job = JOBS[name]


class Trainable(tune.Trainable):
    def setup(self, config):
        point = dict(config["point"])
        sys.path.insert(0, point.pop("here"))
        from peer_torch import Trial

        self.began = time.time()
        self.trial = Trial(job, point.pop("data"), **point)

    def reset_config(self, new_config):
        self.setup(new_config)
        return True

    def step(self):
        return {**self.trial.epoch(), "began": self.began, "ended": time.time()}


if __name__ == "__main__":
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    common = {"data": data, "here": str(Path(__file__).parent)}
    points = [{**point, **common} for point in job.trials]
    with tempfile.TemporaryDirectory() as folder:
        results = tune.Tuner(
            tune.with_resources(Trainable, {"cpu": 1}),
            param_space={"point": tune.grid_search(points)},
            # Without max_concurrent_trials: under it no trial waits when one ends, and no actor is
            # used again. The two cores bound how many run at once.
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(
                stop={"training_iteration": job.epochs},
                # By default a class trainable is saved at its end. The other sides save nothing,
                # and a trainable that cannot save fails there, and its actor with it.
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                storage_path=folder,
                verbose=0,
            ),
        ).fit()
        if results.errors:
            raise SystemExit(f"{results.num_errors} trials failed: {results.errors[0]}")
        rows = [result.metrics for result in results]
    best = min(row["valid_objective"] for row in rows)
    first, last = min(row["began"] for row in rows), max(row["ended"] for row in rows)
    print(json.dumps({"trials": len(rows), "inside_s": last - first, "best": best}))
