"""Sweeps on a real SLURM of four nodes: when all goes well, and when it does not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from array import array
from contextlib import closing
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from sweeper.records import AttemptState
from sweeper.runs.open import open_to_read

from .conftest import job_of, left_of, left_on_nodes, wait_for, write

pytestmark = pytest.mark.slurm


def tell(what: str, seconds: float) -> None:
    """A figure of the report: shown by `pytest -s`."""
    print(f"\n{what}: {seconds:.1f} s")


def overlap(one, other) -> bool:
    return one.started < other.ended and other.started < one.ended


def rows(run) -> dict[str, list[tuple[int, int]]]:
    """Of each trial: attempt and epoch of each row."""
    found: dict[str, list[tuple[int, int]]] = {}
    with closing(open_to_read(run.folder)) as store:
        for row in store.rows():
            found.setdefault(row.trial, []).append((row.attempt, row.epoch))
    return found


def test_a_sweep_over_two_nodes_uses_the_gpus_of_both_and_no_two_trials_one_at_a_time(
    launch, slurm
):
    (slurm.shared / "data").mkdir()
    (slurm.shared / "data" / "data.txt").write_text("7")
    run = launch(
        trials=24, seconds=0.1, gpus_per_node=2, cpus_per_node=2, data=f"file://{slurm.shared}/data"
    )
    run.finish()
    run.check()
    tell("from sbatch to the first row", run.first_row_s())
    attempts = run.attempts()
    where = {(one.device.host, *one.device.gpus) for one in attempts}
    assert where == {("node1", "0"), ("node1", "1"), ("node2", "0"), ("node2", "1")}
    for one, other in combinations(attempts, 2):
        same = (one.device.host, one.device.gpus) == (other.device.host, other.device.gpus)
        assert not (same and overlap(one, other)), (one, other)
    assert left_on_nodes(run.slurm) == []
    with closing(open_to_read(run.folder)) as store:
        assert {value_of(row, "has_data") for row in store.rows()} == {1.0}
    fetched = (slurm.root / "node").glob("*/tmp/swp-data-0/*/data.txt")
    assert {path.parts[-5] for path in fetched} == {"node1", "node2"}


def value_of(row, channel: str) -> float:
    return array("d", row.data)[row.channels.index(channel)]


def test_at_its_time_limit_a_sweep_saves_its_trials_goes_back_in_line_and_ends_complete(
    launch, slurm
):
    run = launch(trials=6, seconds=2.0, sbatch=["--signal=B:USR1@10"])
    run.running(2)
    # However long it took to come so far, the time is over within the minute.
    minutes = int(time.time() - run.began) // 60 + 1
    slurm.call("scontrol", "update", f"jobid={run.job}", f"timelimit={minutes}")
    wait_for(lambda: slurm.state(run.job) == "PENDING", 100)
    slurm.call("scontrol", "update", f"jobid={run.job}", "timelimit=10")
    run.finish()
    run.check()
    assert "goes back into the queue" in run.log()
    assert went_on(run)
    last = max(one.ended for one in run.attempts() if one.state is AttemptState.INTERRUPTED)
    tell(
        "from the warning to the next attempt",
        min(one.started for one in run.attempts() if one.started > last) - last,
    )


def test_a_preempted_sweep_saves_its_trials_and_goes_on_when_the_nodes_are_free(launch, slurm):
    run = launch(trials=6, seconds=0.7, partition="scavenge", preemptible=True)
    run.running(2)
    wait_for(lambda: run.seen(AttemptState.FINISHED))
    began = time.time()
    slurm.call("sbatch", "-N4", "--exclusive", "-o/dev/null", "--wrap", "sleep 1")
    run.finish()
    run.check()
    assert "SLURM takes the nodes away" in run.log()
    assert "Restarts=1" in slurm.call("scontrol", "-o", "show", "job", run.job)
    assert went_on(run)
    after = [one.started - began for one in run.attempts() if one.started > began + 3]
    tell("from the preemption to the next attempt", min(after))


def went_on(run) -> bool:
    """Whether trials were interrupted, and each went on from where it was."""
    interrupted = {one.trial for one in run.attempts() if one.state is AttemptState.INTERRUPTED}
    for trial in interrupted:
        epochs = [epoch for _, epoch in rows(run)[trial]]
        assert sorted(set(epochs)) == list(range(1, 11))
        assert len(epochs) <= 12, "an interrupted trial began anew"
    return bool(interrupted)


@pytest.fixture
def power_cut(slurm):
    """Cuts a node's power; it is on again after the test."""
    cut = []

    def power_cut(name: str) -> None:
        node = int(name.removeprefix("node"))
        cut.append(node)
        os.kill(slurm.init(node), signal.SIGKILL)

    yield power_cut
    for node in cut:
        for left in (slurm.root / "node" / f"node{node}" / "tmp").glob("*swp-*"):
            shutil.rmtree(left)  # a power cut leaves it until the next sweep there
        slurm.start_node(node)


def test_a_node_that_dies_costs_its_trials_an_attempt_and_the_rest_goes_on(launch, power_cut):
    run = launch(trials=12, seconds=0.5)
    hosts = run.hosts(2)
    wait_for(lambda: run.seen(AttemptState.FINISHED))
    (lost,) = hosts - {batch_host(run)}
    power_cut(lost)
    cut = time.time()
    run.finish()
    run.check()
    down = [one for one in run.attempts() if one.state is AttemptState.LOST]
    assert {one.device.host for one in down} == {lost}
    again = [
        one.started
        for one in run.attempts()
        for dead in down
        if one.trial == dead.trial and one.number == dead.number + 1
    ]
    tell("from a node's power cut to the next attempt", min(again) - cut)


def test_a_sweep_whose_first_node_dies_starts_again_on_others(launch, power_cut, slurm):
    run = launch(trials=10, seconds=0.5)
    run.hosts(2)
    wait_for(lambda: run.seen(AttemptState.FINISHED))
    power_cut(batch_host(run))
    cut = time.time()
    run.finish()
    run.check()
    assert "Restarts=1" in slurm.call("scontrol", "-o", "show", "job", run.job)
    tell(
        "from the power cut of the driver's node to the next attempt",
        min(one.started for one in run.attempts() if one.started > cut + 3) - cut,
    )


def batch_host(run) -> str:
    shown = run.slurm.call("scontrol", "-o", "show", "job", run.job)
    return shown.partition("BatchHost=")[2].split()[0]


def test_four_sweeps_of_two_users_on_one_node_start_and_stop_cleanly(launch, slurm):
    one_node = {"nodes": 1, "sbatch": ["--nodelist=node3"]}
    users = ("root", "nobody", "root", "nobody")
    runs = [launch(trials=4, seconds=0.5, user=user, **one_node) for user in users]
    cancelled, ended = runs[:2], runs[2:]
    for run in cancelled:
        run.hosts()
        slurm.call("scancel", run.job)
    for run in cancelled:
        wait_for(lambda run=run: slurm.state(run.job) == "CANCELLED", 40)
        assert left_of(run.job) == {}
    for run in ended:
        run.finish()
        run.check()
        assert left_of(run.job) == {}
    owners = [Path(run.folder / "sweep.db").stat().st_uid for run in runs]
    assert owners[0] == owners[2] != owners[1] == owners[3]
    assert left_on_nodes(slurm) == []


def test_an_array_runs_a_driver_a_task_and_its_report_is_of_all_trials(launch, slurm):
    brought = slurm.shared / "env" / "bin"
    brought.mkdir(parents=True)
    (brought / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (brought / "python").chmod(0o755)
    run = launch(
        trials=8,
        seconds=0.1,
        form="array",
        tasks=2,
        nodes=1,
        setup=f"export PATH={brought}:$PATH  # as `module load` or a virtual environment does",
    )
    run.finish()
    run.check()
    assert f", {brought}/python\n" in run.log()
    parts = [open_to_read(part) for part in sorted((run.folder / "parts").iterdir())]
    assert [len(list(part.trials())) for part in parts] == [4, 4]
    # A task has one worker or two, as its node's GPUs are free; no worker serves both.
    mine, other = ({(one.device.host, one.device.pid) for one in p.attempts()} for p in parts)
    assert mine
    assert other
    assert not mine & other


def test_on_nodes_that_differ_workers_are_as_many_as_fit_and_a_stopped_sweep_goes_on(launch, slurm):
    run = launch(
        trials=6,
        seconds=1.2,  # so that some are left when the last worker has started
        header="  resources: {cpus: 2}\n",
        gpus_per_node=0,
        cpus_per_node=None,
        sbatch=["--nodelist=node3,node4", "--exclusive"],
    )
    assert sorted(one.device.host for one in run.running(3)) == ["node3", "node3", "node4"]
    done = slurm.sweep("stop", str(run.folder))
    assert done.code == 0, done.err
    run.finish(60)
    assert left_of(run.job) == {}
    assert run.seen(AttemptState.RUNNING) == []
    assert run.seen(AttemptState.INTERRUPTED)
    assert "interrupted" in slurm.sweep("status", str(run.folder)).out
    done = slurm.sweep("resume", str(run.folder))
    assert done.code == 0, done.err
    again = replace(run, job=job_of(run.folder))
    again.finish()
    again.check()
    assert went_on(again)


# ------------------------------------------------------------------ bad input
def refused(slurm, tmp_name: str, **cluster):
    home = slurm.shared / tmp_name
    on = write(home, 4, 0.1, 10, "  resources: {gpus: 1}\n", cluster)
    done = slurm.sweep(
        "launch", str(home / "grid.yaml.j2"), "--on", str(on), "--out", f"{home}/run"
    )
    assert slurm.call("squeue", "-h") == ""
    assert "Traceback" not in done.err
    assert not (home / "run" / "sweep.db").exists()
    return done


def test_of_a_partition_that_does_not_exist_slurm_s_words_and_those_there_are_are_told(slurm):
    done = refused(slurm, "partition", partition="gpus")
    assert done.code == 2
    assert "invalid partition specified: gpus" in done.err
    assert "there are: main, scavenge" in done.err


def test_more_gpus_a_worker_than_any_node_has_are_refused_with_what_there_is(slurm):
    done = refused(slurm, "toomany", gpus_per_node=8)
    assert done.code == 2
    assert "Requested node configuration is not available" in done.err
    assert "gpu:fake:4" in done.err


def test_an_allocation_too_small_for_one_worker_is_refused_before_it_is_asked_for(slurm):
    done = refused(slurm, "small0", gpus_per_node=0)
    assert done.code == 2
    assert "gpus_per_node is 0, but a worker takes 1 GPU " in done.err


def test_a_slurm_that_does_not_answer_is_the_clusters_fault(slurm, tmp_path):
    conf = (slurm.root / "etc" / "slurm.conf").read_text()
    dead = conf.replace(f"SlurmctldPort={slurm.environ['PORT']}", "SlurmctldPort=1")
    (tmp_path / "slurm.conf").write_text(dead)
    on = write(slurm.shared / "dead", 4, 0.1, 10, "", {})
    done = slurm.sweep(
        "launch",
        str(slurm.shared / "dead" / "grid.yaml.j2"),
        "--on",
        str(on),
        "--out",
        str(slurm.shared / "dead" / "run"),
        SLURM_CONF=str(tmp_path / "slurm.conf"),
    )
    assert done.code == 3
    assert "SLURM does not answer" in done.err


def test_a_full_disk_ends_the_job_and_status_says_so(launch, slurm):
    run = launch(trials=8, seconds=0.5, folder="small/full")
    run.running(2)
    with contextlib.suppress(OSError), (slurm.shared / "small" / "filler").open("wb") as file:
        while file.write(b"x" * 4096):
            file.flush()
    run.finish(90)
    assert slurm.state(run.job) == "FAILED"
    shown = slurm.sweep("status", str(run.folder))
    assert "FAILED, exit code 2" in shown.out + shown.err, (shown.out, shown.err)
    assert "ExitCode=2:0" in slurm.call("scontrol", "-o", "show", "job", run.job)
    assert left_of(run.job) == {}
    assert left_on_nodes(slurm) == []
    (slurm.shared / "small" / "filler").unlink()
