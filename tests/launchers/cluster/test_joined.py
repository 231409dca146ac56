"""A cluster that is there already: what is refused, what fits, and a real head that goes away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.host import cores, folders
from sweeper.launchers.cluster import connection, joined
from sweeper.launchers.cluster.joined import JoinedCluster, Node
from sweeper.records import AttemptState, Resources, TrialState
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.open import open_to_read

FAT, THIN = Node("fat", cpus=16, gpus=4), Node("thin", cpus=3, gpus=1)


# ------------------------------------------------------------------ how many workers fit
@pytest.mark.parametrize(
    ("resources", "workers"),
    [
        (Resources(), 19),  # 16 + 3
        (Resources(cpus=2), 9),  # 8 + 1: a worker is on one node
        (Resources(cpus=4), 4),  # only on the fat one
        (Resources(gpus=1), 5),
        (Resources(gpus=2), 2),
        (Resources(gpus=0.5), 10),
        (Resources(cpus=2, gpus=0.5), 9),  # 8 + 1: cores run out on the thin one
        (Resources(cpus=8, gpus=1), 2),
    ],
)
def test_workers_fit_on_each_node_by_its_gpus_and_then_by_its_cores(resources, workers):
    assert count(resources) == workers


def count(resources, *, wanted=None, trials=100, grows=False, nodes=(FAT, THIN)):
    return joined.count_on_nodes(resources, nodes, wanted=wanted, trials=trials, grows=grows)


def test_no_more_workers_start_than_there_are_trials_or_than_are_asked_for():
    assert count(Resources(), trials=4) == 4
    assert count(Resources(), wanted=2) == 2
    with pytest.raises(InputError, match=r"workers: 20 were asked for, but 19 fit on this cluster"):
        count(Resources(), wanted=20)


def test_a_worker_that_no_node_holds_is_refused_with_what_each_node_has():
    said = (
        r"a worker takes 1 core and 5 GPUs, and no node of this cluster has that:"
        r" fat with 16 cores and 4 GPUs; thin with 3 cores and 1 GPU\."
    )
    with pytest.raises(InputError, match=said):
        count(Resources(gpus=5))


def test_a_cluster_that_grows_may_be_asked_for_more_than_it_has_now():
    assert count(Resources(gpus=1), wanted=8, grows=True) == 8
    assert count(Resources(), wanted=3, grows=True, nodes=()) == 3
    assert count(Resources(), grows=True, nodes=()) == 1


# ------------------------------------------------------------------ where it is
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("auto", r"'auto' is whatever cluster Ray finds on this host"),
        ("ray://head:10001", r"is the Ray Client's"),
        ("http://head:8265", r"unset RAY_ADDRESS and launch with `--on http://head:8265`"),
        ("head", r"'head' has no host and port\. .* as in 10\.0\.0\.1:6379"),
        ("head:port", r"has no host and port"),
    ],
)
def test_an_address_that_can_not_be_joined_is_refused_before_anything_starts(address, said):
    with pytest.raises(InputError, match=said):
        JoinedCluster(Resources(), wanted=None, trials=1, environ={"RAY_ADDRESS": address})


def test_local_is_ray_s_word_for_a_cluster_of_one_s_own():
    assert joined.given_in({"RAY_ADDRESS": "local"}) == joined.given_in({}) == ""
    assert joined.given_in({"RAY_ADDRESS": "head:6379"}) == "head:6379"


def test_temporary_files_have_a_short_folder_of_their_own_a_user_a_cluster_and_a_driver():
    def made(**environ):
        environ = {"RAY_ADDRESS": "10.0.0.1:6379", **environ}
        return JoinedCluster(Resources(), wanted=None, trials=1, environ=environ).scratch

    assert re.fullmatch(rf"/tmp/swp-{os.getuid()}-[0-9a-f]{{8}}/[0-9a-f]{{8}}", made())
    assert made() != made()
    assert made().split("/")[2] == made().split("/")[2]
    assert made().split("/")[2] != made(RAY_ADDRESS="10.0.0.2:6379").split("/")[2]
    assert made(SWEEP_SCRATCH="/local/me/").startswith("/local/me/")


def test_a_head_that_nothing_answers_for_is_told_after_a_bounded_wait():
    with pytest.raises(ClusterError, match=r"nothing answers at 127\.0\.0\.1:1 within 0 s .*head"):
        joined._reach("127.0.0.1:1", 0.1)


def test_a_head_is_lost_when_its_port_stayed_shut_and_not_before():
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        link = connection.Link(address, clock=lambda: now[0])
        for now[0] in (10.0, 20.0):
            link.check()
    for now[0] in (30.0, 45.0, 59.0):
        link.check()
    now[0] = 65.0
    with pytest.raises(ClusterError, match=rf"{address} is lost: .* for 35 s .* `sweep resume`"):
        link.check()


def test_a_head_that_answers_again_in_time_is_not_lost():
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as head:
        port = head.getsockname()[1]
    link = connection.Link(f"127.0.0.1:{port}", clock=lambda: now[0])
    now[0] = 10.0
    link.check()
    with socket.create_server(("127.0.0.1", port)):
        now[0] = 30.0
        link.check()
    for now[0] in (40.0, 65.0):
        link.check()


# ------------------------------------------------------------------ a real head
SPEC = """\
sweep:
  name: joined
  objective: {channel: error, mode: min}
  grid: {x: [1, 2, 3, 4]}
---
!obj:slowly.Slowly {x: {{ x }}, seconds: {{ seconds }}}
"""
EXPERIMENT = """\
import time

class Slowly:
    def __init__(self, x, seconds):
        self.x, self.seconds = x, seconds

    def __iter__(self):
        for epoch in range(4):
            time.sleep(self.seconds / 4)
            yield {"error": self.x / (epoch + 1)}
"""


class Head:
    """`ray start --head --block` on this host, with a token and two cores to lend."""

    def __init__(self, folder):
        with socket.create_server(("", 0)) as one, socket.create_server(("", 0)) as other:
            port, unused = one.getsockname()[1], other.getsockname()[1]
        token = folder / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self.environ = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        self.environ.pop("RAY_AUTH_TOKEN", None)  # a private cluster's of this process
        command = (
            f"{Path(sys.executable).with_name('ray')} start --head --block --port={port}"
            " --node-ip-address=127.0.0.1 --num-cpus=2 --num-gpus=0"
            " --object-store-memory=100000000 --include-dashboard=false --disable-usage-stats"
            # Ray's own choices are the same for every cluster of a host.
            f" --ray-client-server-port={unused} --min-worker-port=0 --max-worker-port=0"
        )
        with (folder / "head.log").open("w") as log:
            self.process = subprocess.Popen(
                [*command.split(), f"--temp-dir={folder}/r"],
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.environ |= {"RAY_ADDRESS": f"127.0.0.1:{port}", "SWEEP_SCRATCH": f"{folder}/s"}

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def head():
    with tempfile.TemporaryDirectory(prefix="swt", dir="/tmp", ignore_cleanup_errors=True) as name:
        started = Head(Path(name))
        yield started
        started.end()


def sweep(*arguments, environ, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "sweeper", *map(str, arguments)],
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "grid.yaml.j2").write_text(SPEC)
    (tmp_path / "slowly.py").write_text(EXPERIMENT)
    return tmp_path


def wait_for_rows(run_dir, timeout_s=60):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        time.sleep(0.2)
        # It may be there and not be written yet.
        with contextlib.suppress(Exception), closing(open_to_read(run_dir)) as store:
            if next(iter(store.rows()), None):
                return
    raise AssertionError("no row came")


@pytest.mark.slow
def test_a_sweep_joins_the_cluster_takes_its_cores_and_leaves_it_as_it_was(head, folder):
    launched = ("launch", "grid.yaml.j2", "--out")
    first = sweep(*launched, "one", "-D", "seconds=1", environ=head.environ, cwd=folder)
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, out + err
    with closing(open_to_read(folder / "one")) as store:
        assert store.counts()[TrialState.FINISHED] == 4
        devices = {attempt.device for attempt in store.attempts()}
    # Two workers; each has a core of its own where this host's cores are just those it lends.
    assert len({device.pid for device in devices}) == 2
    if len(os.sched_getaffinity(0)) == 2:
        assert {len(device.cores) for device in devices} == {1}
        assert len({device.cores for device in devices}) == 2
    scratch = Path(head.environ["SWEEP_SCRATCH"])
    assert scratch.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in scratch.iterdir()] == ["lock"]
    assert head.process.poll() is None

    wrong = {**head.environ, "RAY_AUTH_TOKEN": "0" * 64, "RAY_AUTH_TOKEN_PATH": ""}
    refused = sweep(*launched, "two", "-D", "seconds=1", environ=wrong, cwd=folder)
    out, err = refused.communicate(timeout=60)
    assert refused.returncode == 3
    assert "refuses this token" in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_where_another_sweep_has_the_cores_the_workers_run_unbound(head, folder):
    every = os.sched_getaffinity(0)
    with contextlib.ExitStack() as held:
        folders.make_scratch(cores.claims())
        for core in every:
            lock = held.enter_context((cores.claims() / str(core)).open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        arguments = ("launch", "grid.yaml.j2", "--out", "run", "-D", "seconds=1")
        driver = sweep(*arguments, environ=head.environ, cwd=folder)
        out, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, out + err
    with closing(open_to_read(folder / "run")) as store:
        assert store.counts()[TrialState.FINISHED] == 4
        assert {one.device.cores for one in store.attempts()} == {tuple(sorted(every))}


@pytest.mark.faults
def test_a_head_that_dies_in_mid_sweep_ends_the_driver_and_resume_runs_what_is_left(head, folder):
    arguments = ("launch", "grid.yaml.j2", "--out", "run", "-D", "seconds=4")
    driver = sweep(*arguments, environ=head.environ, cwd=folder)
    wait_for_rows(folder / "run")
    head.end()
    lost = time.monotonic()
    out, err = driver.communicate(timeout=90)
    assert driver.returncode == 3, out + err
    assert "is lost: its head has not answered" in err
    print(f"the driver ended {time.monotonic() - lost:.0f} s after its head")
    with closing(open_to_read(folder / "run")) as store:
        left = [attempt.state for attempt in store.attempts()]
        assert set(left) <= {AttemptState.INTERRUPTED, AttemptState.LOST}
        assert store.counts()[TrialState.PENDING] == 4

    alone = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    again = sweep("resume", "run", environ=alone, cwd=folder)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, out + err
    with closing(open_to_read(folder / "run")) as store:
        ends = [attempt.state for attempt in store.attempts()]
        assert ends.count(AttemptState.FINISHED) == store.counts()[TrialState.FINISHED] == 4
        assert all(len(list(store.rows(trial.id))) >= 4 for trial in store.trials())
