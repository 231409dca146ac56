"""Whole sweeps of real trainings, broken in the middle: the table is that of an undisturbed one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from array import array
from contextlib import closing

import numpy as np
import pytest

from sweeper.records import AttemptState
from sweeper.runs.open import open_to_read

pytestmark = pytest.mark.slow

MODULE = """
import os
import time

from pylearn2core.train_extensions import TrainExtension


class Slow(TrainExtension):
    def on_monitor(self, model, dataset, algorithm):
        time.sleep(float(os.environ["EPOCH_S"]))
"""

SPEC = """sweep:
  name: broken
  objective: {channel: train_objective, mode: min}
  pack: PACK
  checkpoint_every: 4 epochs
  workers: 1
  grid: {learning_rate: [0.05, 0.1, 0.2]}
---
!obj:pylearn2core.train.Train {
    dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: valid },
    model: !obj:pylearn2core.models.mlp.MLP {
        nvis: 64,
        layers: [
            !obj:pylearn2core.models.mlp.Sigmoid { layer_name: h, dim: 6, irange: .1 },
            !obj:pylearn2core.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: .1 },
        ],
    },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: {{ learning_rate }},
        batch_size: 150,
        cost: !obj:pylearn2core.costs.mlp.dropout.Dropout {
            input_include_probs: { h: .8 }, input_scales: { h: 1.25 } },
        learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum {
            init_momentum: .5 },
        monitoring_dataset: { train: *train },
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: 24 },
    },
    extensions: [ !obj:checkpoint_slow.Slow {} ],
}
"""


@pytest.fixture
def sweep(tmp_path):
    """Starts `sweep` with these arguments; an epoch takes `epoch_s`."""
    (tmp_path / "checkpoint_slow.py").write_text(MODULE)
    started = []

    def start(*arguments, epoch_s=0.0):
        command = [sys.executable, "-m", "sweeper", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "EPOCH_S": str(epoch_s)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process, code=0):
    said, _ = process.communicate(timeout=200)
    assert process.returncode == code, said


def rows_of(run_dir, trial=None):
    """{(trial, epoch): {channel: value}} of the histories, without the clocks."""
    found = {}
    with closing(open_to_read(run_dir)) as store:
        for row in store.rows(trial):
            numbers = array("d")
            numbers.frombytes(row.data)
            named = zip(row.channels, numbers, strict=True)
            found[row.trial, row.epoch] = {k: v for k, v in named if "sec" not in k}
    return found


def running_after(run_dir, epoch, timeout_s=120):
    """An attempt that runs and has given this epoch's row."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        time.sleep(0.05)
        with contextlib.suppress(Exception), closing(open_to_read(run_dir)) as store:
            open_ = {a.trial: a for a in store.attempts() if a.state is AttemptState.RUNNING}
            for row in store.rows():
                if row.trial in open_ and row.epoch >= epoch:
                    return open_[row.trial]
    raise AssertionError("the sweep did not come so far")


def attempts_of(run_dir, trial):
    with closing(open_to_read(run_dir)) as store:
        return store.attempts(trial)


def test_after_kill_9_of_a_worker_the_trial_goes_on_and_the_table_is_the_undisturbed_one(
    sweep, tmp_path
):
    spec = tmp_path / "grid.yaml.j2"
    spec.write_text(SPEC.replace("PACK", "1"))
    broken = sweep("launch", spec, "--out", tmp_path / "broken", epoch_s=0.15)
    victim = running_after(tmp_path / "broken", 10)
    os.kill(victim.device.pid, signal.SIGKILL)
    ended(broken)
    ended(sweep("launch", spec, "--out", tmp_path / "whole"))
    first, second = attempts_of(tmp_path / "broken", victim.trial)
    assert (first.state, second.state) == (AttemptState.LOST, AttemptState.FINISHED)
    place = second.info["resumed_from"]
    assert place["attempt"] == 1
    assert place["epoch"] in (8, 12, 16, 20)
    broken_rows, whole_rows = rows_of(tmp_path / "broken"), rows_of(tmp_path / "whole")
    assert len(whole_rows) == 3 * 25
    assert broken_rows == whole_rows
    assert not list((tmp_path / "broken").rglob("*checkpoint*.npz"))


def test_after_ctrl_c_a_resumed_pack_goes_on_from_the_very_epoch(sweep, tmp_path):
    spec = tmp_path / "grid.yaml.j2"
    spec.write_text(SPEC.replace("PACK", "3").replace("  checkpoint_every: 4 epochs\n", ""))
    broken = sweep("launch", spec, "--out", tmp_path / "broken", epoch_s=0.1)
    one = running_after(tmp_path / "broken", 6)
    broken.send_signal(signal.SIGINT)
    ended(broken, 130)
    ended(sweep("resume", tmp_path / "broken"))
    ended(sweep("launch", spec, "--out", tmp_path / "whole"))
    first, second = attempts_of(tmp_path / "broken", one.trial)
    assert (first.state, second.state) == (AttemptState.INTERRUPTED, AttemptState.FINISHED)
    assert second.info["resumed_from"]["epoch"] >= 6
    broken_rows, whole_rows = rows_of(tmp_path / "broken"), rows_of(tmp_path / "whole")
    assert len(broken_rows) == 3 * 25
    for at, values in whole_rows.items():
        for name, value in values.items():
            np.testing.assert_allclose(broken_rows[at][name], value, rtol=1e-4, err_msg=name)
