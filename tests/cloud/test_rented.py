"""What is rented is always found again and given back: the launcher around Ray's commands.

A fake stands where `ray up`, `ray exec` and `ray down` speak to a cloud.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.cli import watcher as watchers
from sweeper.cli.submit import Target, submit, submit_again, submit_new
from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder, Job
from sweeper.launchers.cloud import CloudLauncher, commands, credentials, give_back, launcher
from sweeper.records import Ending, EndKind, Placed, Resources, SweepSpec
from sweeper.records.errors import ClusterError
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_drive
from sweeper.runs.placed import read_placed, write_placed

pytestmark = pytest.mark.cloud

AWS = """
kind: cloud
provider: aws
region: us-east-1
head: {instance: m5.large}
workers: {instance: m5.large, cpus: 4, gpus: 0}
"""
SPEC = "sweep: {grid: {a: [1, 2]}}\n---\n!obj:counting.Rows { a: {{ a }} }\n"


class Cloud:
    """Plays RayUp. calls: what was asked.    fails: the error of a call, by its name."""

    def __init__(self, run_dir):
        self.calls, self.fails, self.noted, self.says = [], {}, None, ""
        self.run_dir = run_dir

    def __call__(self, text, name):
        self.text, self.name = text, name
        return self

    def _did(self, what):
        self.calls.append(what)
        if what in self.fails:
            raise self.fails[what]

    def up(self):
        self.noted = read_placed(self.run_dir)
        self._did("up")

    def down(self):
        self._did("down")

    def send(self, source, target):
        self._did("send")

    def exec(self, command, **_):
        self._did("exec")
        return self.says


@pytest.fixture
def order(tmp_path):
    run_dir = tmp_path / "runs" / "n"
    run_dir.mkdir(parents=True)
    (tmp_path / "grid.yaml.j2").write_text("x")
    return DriverOrder(
        run_dir, tmp_path / "grid.yaml.j2", {}, SweepSpec("n", resources=Resources()), 3
    )


@pytest.fixture
def cloud(order, monkeypatch):
    made = Cloud(order.run_dir)
    monkeypatch.setattr(launcher, "RayUp", made)
    monkeypatch.setattr(credentials, "check", lambda _: None)
    return made


@pytest.fixture
def aws():
    return CloudLauncher(cluster_file.loads(AWS, "aws.yaml"))


def test_where_the_machines_are_is_noted_before_they_are_rented(aws, cloud, order):
    placed = aws.submit(order)
    assert cloud.calls == ["up", "send", "exec"]
    assert cloud.noted is not None
    assert (cloud.noted.job, cloud.noted.facts) == (placed.job, placed.facts)


def test_a_launch_that_fails_gives_back_and_leaves_no_note(aws, cloud, order):
    cloud.fails = {"send": ClusterError("no rsync there")}
    with pytest.raises(ClusterError, match="no rsync there"):
        submit(Target(aws, AWS), order)
    assert cloud.calls == ["up", "send", "down"]
    assert not RunFolder(order.run_dir).placed.exists()


@pytest.mark.parametrize("how", [ClusterError("no network"), KeyboardInterrupt()])
def test_machines_that_could_not_be_given_back_are_told_and_stay_noted(
    aws, cloud, order, caplog, how
):
    cloud.fails = {"send": ClusterError("no rsync there"), "down": how}
    with pytest.raises(ClusterError if isinstance(how, ClusterError) else KeyboardInterrupt):
        submit(Target(aws, AWS), order)
    assert "may still run and cost money" in caplog.text
    assert f"sweep down {order.run_dir}" in caplog.text
    assert RunFolder(order.run_dir).placed.exists()


@pytest.mark.parametrize("is_given_back", [True, False])
def test_a_failed_launch_keeps_its_folder_only_for_sweep_down(aws, cloud, tmp_path, is_given_back):
    path = tmp_path / "grid.yaml.j2"
    path.write_text(SPEC)
    spec, run_dir = specs.load(path, {}), tmp_path / "other"
    cloud.run_dir = run_dir
    cloud.fails = {"up": ClusterError("no quota")}
    if not is_given_back:
        cloud.fails["down"] = ClusterError("no network")
    found = cluster_file.loads(AWS, "aws.yaml")
    target = Target(CloudLauncher(found), found.text)
    order = target.order(spec, run_dir, trials=2, workers=None)
    with pytest.raises(ClusterError, match="no quota"):
        submit_new(target, spec, specs.expand(spec), order)
    assert run_dir.exists() != is_given_back
    if not is_given_back:
        placed = read_placed(run_dir)
        cloud.fails = {}
        assert "are given back" in aws.down(placed, run_dir)
        assert cloud.name == placed.job


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_while_renting_gives_the_machines_back(aws, cloud, order, number):
    def closed():
        os.kill(os.getpid(), number)
        time.sleep(5)  # the signal ends this

    cloud.up = closed
    # Under `nohup` a closed terminal is ignored, and these tests may run under it.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as ended:
            submit(Target(aws, AWS), order)
        assert ended.value.code == 128 + number
        assert cloud.calls == ["down"]
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_only_a_head_that_is_gone_is_unknown(aws, cloud):
    placed = Placed("cloud", "j", "aws us-east-1", "~/sweep/j", AWS, facts={"ray_up": ""})
    cloud.fails = {"exec": ClusterError("ssh: no route to host")}
    with pytest.raises(ClusterError, match="no route"):
        aws.look(placed, Path())
    cloud.fails = {"exec": commands.NoHeadError("Head node of cluster (j) not found!")}
    assert aws.look(placed, Path()).state == "unknown"
    cloud.fails = {}
    cloud.says = "ConnectionError: refused"
    with pytest.raises(ClusterError, match=r"Ray does not answer on the head.*refused"):
        aws.look(placed, Path())
    cloud.says = "SWEEP-JOB null"
    assert aws.look(placed, Path()).state == "unknown"
    cloud.says = 'SWEEP-JOB {"status": "RUNNING", "message": ""}'
    assert aws.look(placed, Path()).state == "running"


def test_a_watch_ends_only_after_several_answers_that_there_is_no_driver(tmp_path, monkeypatch):
    states = ["unknown", "unknown", "running", "unknown", "unknown", "unknown", "unknown"]

    class Queue:
        has_folder = True

        def look(self, *_):
            return Job(states.pop(0))

    monkeypatch.setattr(watchers, "launcher_of", lambda _: Queue())
    monkeypatch.setattr(watchers, "ASK_EVERY_S", 0.0)
    write_placed(tmp_path, Placed("cloud", "j"))
    watcher = watchers.Watcher(tmp_path)
    over = []
    while not over or not over[-1]:
        watcher.look()
        over.append(watcher.is_over)
    assert over == [False] * 5 + [True]


def test_a_run_is_not_resumed_beside_a_driver_that_does_not_answer(cloud, order, monkeypatch):
    cloud.fails = {"exec": ClusterError("ssh: no route to host")}
    placed = Placed("cloud", "j", "aws us-east-1", "~/sweep/j", AWS, facts={"ray_up": ""})
    with pytest.raises(ClusterError, match="no route"):
        submit_again(order.run_dir, placed, workers=None, code_changed_ok=False)
    assert cloud.calls == ["exec"]


def test_a_run_whose_head_is_gone_says_that_it_cannot_go_on(aws, cloud, order):
    before = Placed("cloud", "j", "aws us-east-1", "~/sweep/j", AWS, facts={"ray_up": ""})
    cloud.fails = {"exec": commands.NoHeadError("Head node of cluster (j) not found!")}
    with pytest.raises(ClusterError, match=r"its head is gone.*launch the sweep again"):
        aws.submit(replace(order, before=before))


def test_a_command_that_takes_too_long_ends_with_all_that_it_started(tmp_path):
    noted = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {noted}; wait"
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run_group(["bash", "-c", script], timeout_s=1.0)
    until = time.monotonic() + 10
    while lives(int(noted.read_text())):
        assert time.monotonic() < until
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_a_command_printed_and_how_it_ended_is_told():
    assert commands.run_group([sys.executable, "-c", "print(1); exit(3)"], timeout_s=60) == (
        3,
        "1\n",
    )


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The shell lines that the last act leaves to a process of their own."""
    found = []
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(give_back.subprocess, "Popen", lambda words, **_: found.append(words[-1]))
    return found


def test_a_results_url_alone_gives_nothing_back(started, tmp_path):
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    assert give_back.main([str(run_dir), "0", "2", "1", "0"]) == 0
    RunFolder(run_dir).results_arrived.touch()
    assert give_back.main([str(run_dir), "0", "2", "1", "0"]) == 0
    kept, given_back = started
    assert "ray down" not in kept
    assert "shutdown -h +120" in kept
    assert "ray down" in given_back


def test_a_second_driver_leaves_the_first_one_s_machines_alone(started, tmp_path):
    path = tmp_path / "grid.yaml.j2"
    path.write_text(SPEC)
    spec = specs.load(path, {})
    run_dir = tmp_path / "run"
    driver.create(spec, specs.expand(spec), run_dir, published=False)
    with closing(open_to_drive(run_dir, published=False)) as store:
        generation = store.claim(socket.gethostname(), os.getpid(), time.time())
        assert give_back.main([str(run_dir), "3", "2", "1", "0"]) == 0
        assert started == []
        assert not (run_dir / give_back.EXIT_CODE).exists()
        store.finish(generation, Ending(EndKind.INTERRUPTED), time.time())
    assert give_back.main([str(run_dir), "130", "2", "1", "0"]) == 0
    assert len(started) == 1
    assert (run_dir / give_back.EXIT_CODE).read_text() == "130\n"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("RuntimeError: Head node of cluster (j) not found!", commands.NoHeadError),
        ("Head node (i-1) is in state setting-up.\nHead node of cluster (j) not found!", None),
        ("ssh: connect to host: no route", None),
    ],
)
def test_a_head_that_is_still_being_set_up_is_not_gone(monkeypatch, said, kind):
    monkeypatch.setattr(commands, "run_group", lambda *_, **__: (1, said))
    with pytest.raises(ClusterError) as raised:
        commands.RayUp("{}", "j").exec("true")
    assert type(raised.value) is (kind or ClusterError)
