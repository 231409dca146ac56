"""Packs and the device's memory: fewer slots where it is short, and no trial lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer, width
from pylearn2core.engine.data import device_memory

ROWS = 60
X = np.random.RandomState(0).rand(ROWS, 5)
ORDER = Order.of([slice(0, 40), slice(40, 60)], ROWS)


@pytest.fixture(autouse=True)
def _no_data_of_other_tests(monkeypatch):
    monkeypatch.setattr("pylearn2core.engine.pack.fitting.bytes_on_device", lambda: 0)


def request(seed, wide=700):
    weights = pytensor.shared(np.random.RandomState(seed).randn(5, wide))
    x = pt.dmatrix("x")
    cost = pt.sqr(pt.tanh(x @ weights) - x.sum(axis=1, keepdims=True)).mean()
    updates = {weights: weights - 0.1 * pytensor.grad(cost, weights)}
    return TrainPass(Bound(Step(((x,),), updates, ())), (X,), ORDER), weights


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process's memory")
def test_a_pack_that_runs_out_of_memory_is_halved_and_no_trial_is_lost(tmp_path):
    flags = f"floatX=float32,compiledir={tmp_path}"
    # The library's own look ahead is not what is tried here.
    environ = {**os.environ, "PYTENSOR_FLAGS": flags, device_memory.SETTING: "1e15"}
    script = Path(__file__).with_name("little_memory.py")
    done = subprocess.run(
        # Eight slots take 320 MB, four 160; the compiler needs some too.
        [sys.executable, str(script), "2.6e8"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    # As many as went: memory in pieces may take four at first and two later.
    assert 1 < found["width"] == min(found["slots"]) <= max(found["slots"]) < 8
    assert len(found["slots"]) == 8
    assert found["difference"] < 1e-5 < found["moved"]
    assert "does not fit the device's memory (RESOURCE_EXHAUSTED" in done.stderr


def test_a_pack_has_no_more_slots_than_its_compiled_program_finds_memory_for(monkeypatch, caplog):
    alone, together = ([request(seed) for seed in range(8)] for _ in range(2))
    for one, _ in alone:
        one.answer()
    # Parameters of 28 kB come and go, and two batches' layers of 224 kB lie between: a slot.
    monkeypatch.setenv(device_memory.SETTING, "1.5e6")
    answers = answer([one for one, _ in together], 8)
    slots = width(together[0][0], 8)
    assert slots in (2, 4)
    assert [one.slots for one in answers] == [slots] * 8
    assert f"from here on {slots} at a time" in caplog.text
    for (_, expected), (_, found) in zip(alone, together, strict=True):
        np.testing.assert_allclose(found.get_value(), expected.get_value(), rtol=1e-12)
    # It is known for the trials that come after, and tried no more.
    caplog.clear()
    assert {one.slots for one in answer([one for one, _ in together], 8)} == {slots}
    assert caplog.text == ""


def test_a_program_that_no_pack_fits_runs_one_by_one(monkeypatch):
    some = [request(seed, wide=701) for seed in range(3)]
    monkeypatch.setenv(device_memory.SETTING, "1e5")
    assert [one.slots for one in answer([one for one, _ in some], 4)] == [1, 1, 1]
    assert width(some[0][0], 4) == 1
