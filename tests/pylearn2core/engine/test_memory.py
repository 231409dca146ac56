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

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer, memory, width
from pylearn2core.errors import ConfigError

ROWS = 60
X = np.random.RandomState(0).rand(ROWS, 5)
ORDER = Order.of([slice(0, 40), slice(40, 60)], ROWS)


@pytest.fixture(autouse=True)
def _no_data_of_other_tests(monkeypatch):
    monkeypatch.setattr("pylearn2core.engine.pack.bytes_on_device", lambda: 0)


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
    environ = {**os.environ, "PYTENSOR_FLAGS": flags, memory.SETTING: "1e15"}
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
    monkeypatch.setenv(memory.SETTING, "1.5e6")
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
    monkeypatch.setenv(memory.SETTING, "1e5")
    assert [one.slots for one in answer([one for one, _ in some], 4)] == [1, 1, 1]
    assert width(some[0][0], 4) == 1


def test_a_setting_that_is_no_number_is_the_users_to_mend(monkeypatch):
    monkeypatch.setenv(memory.SETTING, "2 GB")
    with pytest.raises(ConfigError, match="PYLEARN2_DEVICE_BYTES is '2 GB': expected a number"):
        memory.available()


def test_memory_is_the_hosts_share_of_this_processes_cores(monkeypatch):
    monkeypatch.delenv(memory.SETTING, raising=False)
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2}, raising=False)
    assert memory.available() <= 0.9 * whole / 4


# ------------------------------------------------------------------ a host's memory
V2 = "/sys/fs/cgroup"
V1 = "/sys/fs/cgroup/memory"


@pytest.mark.parametrize(
    ("cgroups", "files"),
    [
        (
            "0::/system.slice/slurmstepd.scope/job_7\n",
            [
                f"{V2}/system.slice/slurmstepd.scope/job_7/memory.max",
                f"{V2}/system.slice/slurmstepd.scope/memory.max",
                f"{V2}/system.slice/memory.max",
                f"{V2}/memory.max",
            ],
        ),
        ("0::/\n", [f"{V2}/memory.max"]),
        (
            "4:cpu,cpuacct:/other\n3:memory:/slurm/job_7\n1:name=systemd:/a:b\n",
            [
                f"{V1}/slurm/job_7/memory.limit_in_bytes",
                f"{V1}/slurm/memory.limit_in_bytes",
                f"{V1}/memory.limit_in_bytes",
            ],
        ),
        ("", [f"{V2}/memory.max"]),
    ],
)
def test_limits_are_looked_for_in_the_process_s_own_cgroup_and_all_above_it(cgroups, files):
    assert [str(path) for path in memory.limit_files(cgroups)] == files


def test_the_least_limit_counts_and_no_limit_is_the_host_s_own_memory():
    assert memory.least_limit(["max\n", "4000\n", "", "3000\n"], 9000) == 3000
    assert memory.least_limit(["max\n", "", "9223372036854771712\n"], 9000) == 9000


def test_a_job_s_limit_reaches_what_packs_may_take(monkeypatch, tmp_path):
    (tmp_path / "slice" / "job").mkdir(parents=True)
    (tmp_path / "slice" / "memory.max").write_text("1000000\n")
    (tmp_path / "slice" / "job" / "memory.max").write_text("max\n")
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path: "0::/slice/job" if path.parts[1] == "proc" else read(path)
    )
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(os.cpu_count()), raising=False)
    assert memory._share_of_host() == 1000000
