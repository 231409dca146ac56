"""A run as a RayJob, by kubectl: created, looked at, asked to stop, fetched from, removed."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeper import cli
from sweeper.launchers import choose
from sweeper.launchers.base import DriverOrder, Job, Launcher
from sweeper.launchers.kubernetes import KubernetesLauncher
from sweeper.launchers.kubernetes.config import KubernetesConfig
from sweeper.launchers.kubernetes.kubectl import Kubectl
from sweeper.launchers.remote import restore
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.control import take_control

Cluster = Callable[[str], KubernetesConfig]
MakeOrder = Callable[..., DriverOrder]
NAME = "digits-mlp-20261121-221530"
RUN = Path("run")  # which nothing is asked of


@pytest.fixture
def launcher(cluster: Cluster) -> Launcher:
    return KubernetesLauncher(cluster(""))


@pytest.fixture
def placed(launcher: Launcher, order: MakeOrder, kube: Any) -> Placed:
    """A run that was submitted and whose head runs."""
    found = launcher.submit(order())
    kube.say("status.json", {"jobDeploymentStatus": "Running", "rayClusterName": "c1"})
    kube.say("pods.json", [{"metadata": {"name": "c1-head"}, "status": {}}])
    return found


@pytest.fixture
def run_in_pod(placed: Placed, kube: Any) -> Path:
    """The run's folder in the head's pod, with a store in it."""
    run_dir = Path(placed.remote_dir.replace("/sweep/work", str(kube.folder / "pod")))
    run_dir.mkdir(parents=True)
    with closing(sqlite3.connect(run_dir / "snapshot.db")) as store, store:
        store.execute("create table t (x)")
        store.execute("insert into t values (7)")
    return run_dir


# ------------------------------------------------------------------ the plain way
def test_a_run_is_two_objects(launcher: Launcher, order: MakeOrder, kube: Any) -> None:
    placed = launcher.submit(order())
    assert kube.objects() == [f"configmap-{placed.job}-files", f"rayjob-{placed.job}"]
    assert placed.job.startswith(NAME)
    assert (placed.kind, placed.address) == ("kubernetes", "lab")
    assert placed.remote_dir == f"/sweep/work/{placed.job}"


def test_every_call_names_namespace_and_context(
    cluster: Cluster, order: MakeOrder, kube: Any
) -> None:
    KubernetesLauncher(cluster("context: west\n")).submit(order())
    known = ["--namespace=lab", "--request-timeout=30s", "--context=west"]
    assert kube.calls() == [[*known, "create", "--filename=-"]] * 2


def test_a_run_is_found_again_by_what_its_folder_keeps(placed: Placed) -> None:
    launcher = choose.launcher_of(placed)
    assert launcher is not None
    assert launcher.look(placed, RUN).state == "running"


@pytest.mark.parametrize(
    ("status", "job"),
    [
        ({}, Job("waiting", "not seen by the operator")),
        ({"jobDeploymentStatus": "Initializing"}, Job("waiting", "Initializing")),
        ({"jobDeploymentStatus": "Running", "jobStatus": "RUNNING"}, Job("running", "RUNNING")),
        ({"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"}, Job("over", "SUCCEEDED")),
        (
            {"jobDeploymentStatus": "Failed", "reason": "DeadlineExceeded", "message": "too long"},
            Job("over", "DeadlineExceeded too long"),
        ),
    ],
)
def test_the_operators_words_are_handed_on(
    launcher: Launcher, placed: Placed, kube: Any, status: dict[str, str], job: Job
) -> None:
    kube.say("status.json", status)
    assert launcher.look(placed, RUN) == job


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
                    }
                ]
            },
            "pod c1-head: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        ),
        (
            {
                "initContainerStatuses": [
                    {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no x:1"}}}
                ]
            },
            "pod c1-head: ImagePullBackOff: no x:1",
        ),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "PodInitializing"}}}]}, "Init"),
    ],
)
def test_why_pods_wait_is_told(
    launcher: Launcher, placed: Placed, kube: Any, pod: dict[str, Any], words: str
) -> None:
    kube.say("status.json", {"jobDeploymentStatus": "Initializing", "rayClusterName": "c1"})
    kube.say("pods.json", [{"metadata": {"name": "c1-head"}, "status": pod}])
    found = launcher.look(placed, RUN)
    assert found.state == "waiting"
    assert found.words.startswith(words)


def test_the_newest_snapshot_comes_out_of_the_heads_pod(
    launcher: Launcher, placed: Placed, run_in_pod: Path, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    launcher.fetch(placed, here)
    with closing(sqlite3.connect(here / "snapshot.db")) as store:
        assert store.execute("select x from t").fetchall() == [(7,)]


def test_with_results_the_snapshot_comes_from_there(
    cluster: Cluster, order: MakeOrder, kube: Any, tmp_path: Path
) -> None:
    launcher = KubernetesLauncher(cluster(f"results: file://{tmp_path}/results\n"))
    placed = launcher.submit(order())
    there, here = tmp_path / "results" / placed.job, tmp_path / "here"
    for made in (there, here):
        made.mkdir(parents=True)
    (there / "snapshot.db").write_bytes(b"SQLite format 3\0rows")
    launcher.fetch(placed, here)
    assert (here / "snapshot.db").read_bytes() == b"SQLite format 3\0rows"


def test_a_driver_that_runs_is_asked_in_its_pod(
    launcher: Launcher, placed: Placed, run_in_pod: Path, tmp_path: Path
) -> None:
    told = launcher.stop(placed, tmp_path, ("abc",))
    assert "was asked to end abc" in told
    (asked,) = take_control(run_in_pod)
    assert (asked.command, asked.trials) == ("stop", ("abc",))
    assert "asked to save what runs and end" in launcher.stop(placed, tmp_path, ())


def test_a_job_that_only_waits_is_removed_on_stop(
    launcher: Launcher, placed: Placed, kube: Any, tmp_path: Path
) -> None:
    kube.say("status.json", {"jobDeploymentStatus": "Initializing"})
    with pytest.raises(ClusterError, match="still waits for its pods"):
        launcher.stop(placed, tmp_path, ("abc",))
    assert "only waited; it is removed" in launcher.stop(placed, tmp_path, ())
    assert kube.objects() == []


def test_a_job_that_is_over_is_not_asked(
    launcher: Launcher, placed: Placed, kube: Any, tmp_path: Path
) -> None:
    kube.say("status.json", {"jobDeploymentStatus": "Complete"})
    assert "is over already" in launcher.stop(placed, tmp_path, ())


def test_down_removes_all_and_works_twice(launcher: Launcher, placed: Placed, kube: Any) -> None:
    for _ in range(2):
        assert "are removed" in launcher.down(placed, RUN)
        assert kube.objects() == []
    assert launcher.look(placed, RUN).state == "unknown"


# ------------------------------------------------------------------ what goes wrong
def test_the_same_run_is_not_submitted_twice(
    launcher: Launcher, order: MakeOrder, kube: Any
) -> None:
    launcher.submit(order())
    before = kube.objects()
    with pytest.raises(InputError, match=r"has a job .* of this run already"):
        launcher.submit(order())
    assert kube.objects() == before


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        (
            'error: resource mapping not found: no matches for kind "RayJob" in version "v1"',
            InputError,
            r"no KubeRay operator.*1\.5\.1",
        ),
        ("Error from server (Forbidden): rayjobs is forbidden", InputError, "Ask for the right"),
        ("Unable to connect to the server: dial tcp: i/o timeout", ClusterError, "does not answer"),
        ('Error from server (NotFound): namespaces "lab" not found', InputError, "namespaces"),
        ("error: something else", ClusterError, "something else"),
    ],
)
def test_a_refusal_is_told_and_nothing_is_left(
    launcher: Launcher,
    order: MakeOrder,
    kube: Any,
    said: str,
    error: type[Exception],
    message: str,
) -> None:
    kube.say("fail-create-rayjob", said)
    with pytest.raises(error, match=rf"Kubernetes \(namespace lab\): kubectl create: .*{message}"):
        launcher.submit(order())
    assert kube.objects() == []


def test_files_that_were_made_by_a_call_without_an_answer_are_taken_back(
    launcher: Launcher, order: MakeOrder, kube: Any
) -> None:
    kube.say("late-create-configmap", "Unable to connect to the server: context deadline exceeded")
    with pytest.raises(ClusterError, match="does not answer"):
        launcher.submit(order())
    assert kube.objects() == []


def test_what_a_program_in_a_pod_prints_is_not_taken_for_kubectls_words(
    kube: Any, tmp_path: Path
) -> None:
    (tmp_path / "bin" / "kubectl").write_text(
        "#!/bin/sh\necho 'could not find the file: (AlreadyExists), forbidden'\n"
        "echo 'command terminated with exit code 1' >&2\nexit 1\n"
    )
    with pytest.raises(ClusterError, match=r"could not find the file.*exit code 1$"):
        Kubectl("lab").run("exec", "c1-head")


def test_what_can_not_be_taken_back_is_named(
    launcher: Launcher, order: MakeOrder, kube: Any, caplog: pytest.LogCaptureFixture
) -> None:
    kube.say("fail-create-rayjob", "error: the first fault")
    kube.say("fail-delete", "Unable to connect to the server: dial tcp: i/o timeout")
    with pytest.raises(ClusterError, match="the first fault"):
        launcher.submit(order())
    (left,) = kube.objects()
    assert f"delete --namespace=lab rayjob/{left[10:-6]} configmap/{left[10:]}" in caplog.text


def test_a_head_that_is_gone_is_told(
    launcher: Launcher, placed: Placed, kube: Any, tmp_path: Path
) -> None:
    kube.say("pods.json", [])
    with pytest.raises(ClusterError, match="head's pod is gone"):
        launcher.fetch(placed, tmp_path)


def test_what_the_program_in_the_pod_says_is_told(
    launcher: Launcher, placed: Placed, kube: Any, tmp_path: Path
) -> None:
    with pytest.raises(ClusterError, match=r"no run in .*exit code 1"):
        launcher.stop(placed, tmp_path, ())


def test_without_results_a_resume_is_refused_with_the_reason(
    launcher: Launcher, order: MakeOrder, placed: Placed
) -> None:
    with pytest.raises(InputError, match="can't be resumed: its store ended with the head's pod"):
        launcher.submit(order(before=placed))


def test_each_resume_is_a_job_of_its_own_and_keeps_the_runs_results(
    cluster: Cluster, order: MakeOrder, kube: Any
) -> None:
    launcher = KubernetesLauncher(cluster("results: s3://bucket/all\n"))
    first = launcher.submit(order())
    second = launcher.submit(order(before=first))
    third = launcher.submit(order(before=second))
    assert len({placed.job for placed in (first, second, third)}) == 3
    assert len(kube.objects()) == 6
    found = {placed.facts["results"] for placed in (first, second, third)}
    assert found == {f"s3://bucket/all/{first.job}"}


def test_without_kubectl_the_manifest_can_still_be_printed(
    launcher: Launcher, order: MakeOrder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "kind: RayJob" in launcher.describe(order())
    with pytest.raises(InputError, match="kubectl: no such program here"):
        launcher.submit(order())


def test_the_real_kubectl_takes_our_words(
    launcher: Launcher, order: MakeOrder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With nobody at the other end: each command gets as far as the connection."""
    if shutil.which("kubectl") is None:
        message = "kubectl is not installed (Debian: kubernetes-client)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{free.getsockname()[1]}"
        config = tmp_path / "kubeconfig"
        config.write_text(
            "{apiVersion: v1, kind: Config, current-context: c,"
            f" clusters: [{{name: k, cluster: {{server: '{server}'}}}}],"
            " contexts: [{name: c, context: {cluster: k, user: u}}],"
            " users: [{name: u, user: {token: t}}]}"
        )
        monkeypatch.setenv("KUBECONFIG", str(config))
        monkeypatch.setenv("HOME", str(tmp_path))
        placed = Placed("kubernetes", "job", "lab", "/sweep/work/job")
        for call in (
            lambda: launcher.submit(order()),
            lambda: launcher.look(placed, RUN),
            lambda: launcher.down(placed, RUN),
        ):
            with pytest.raises(ClusterError, match=r"refused.*does not answer"):
                call()


# ------------------------------------------------------------------ as a user sees it
def test_the_commands_from_launch_to_down(
    order: MakeOrder,
    cluster: Cluster,
    kube: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def sweep(*words: str) -> tuple[str, str]:
        assert cli.run(words) == 0
        return capsys.readouterr()

    monkeypatch.chdir(folder := order().spec_path.parent)
    (folder / "mine.py").write_text("class Experiment: ...\n")
    (folder / "kubernetes.yaml").write_text(cluster("").text)
    arguments = ("launch", "grid.yaml.j2", "--on", "kubernetes.yaml", "--out", "runs/a")
    out, err = sweep(*arguments, "--dry-run")
    assert [one["kind"] for one in yaml.safe_load_all(out)] == ["ConfigMap", "RayJob"]
    assert "Nothing was started" in err
    assert (kube.calls(), (tmp_path / "mine" / "runs").exists()) == ([], False)

    out, _ = sweep(*arguments)
    assert "put there as kubernetes job a-" in out
    assert len(kube.objects()) == 2
    kube.say("status.json", {"jobDeploymentStatus": "Initializing", "rayClusterName": "c1"})
    why = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "no GPU is free"}]}
    kube.say("pods.json", [{"metadata": {"name": "c1-head"}, "status": why}])
    assert "waiting (pod c1-head: no GPU is free)" in sweep("status", "runs/a")[0]
    assert "only waited; it is removed" in sweep("stop", "runs/a")[0]
    assert kube.objects() == []
    assert "are removed" in sweep("down", "runs/a")[0]


def test_a_launch_that_fails_leaves_no_run(
    order: MakeOrder,
    cluster: Cluster,
    kube: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder := order().spec_path.parent)
    (folder / "mine.py").write_text("class Experiment: ...\n")
    (folder / "kubernetes.yaml").write_text(cluster("").text)
    kube.say("fail-create", "Unable to connect to the server: dial tcp: i/o timeout")
    words = ("launch", "grid.yaml.j2", "--on", "kubernetes.yaml", "--out", "runs/a")
    assert cli.run(words) == 3
    assert "The cluster does not answer" in capsys.readouterr().err
    assert not (tmp_path / "mine" / "runs" / "a").exists()


def test_a_store_is_restored_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, run_dir = tmp_path / "results", tmp_path / "run"
    words = [f"file://{results}", str(run_dir)]
    assert restore.main(words) == 3  # nothing is there yet
    assert "not there yet" in capsys.readouterr().err
    results.mkdir()
    for content in (b"first", b"second"):
        (results / "snapshot.db").write_bytes(b"SQLite format 3\0" + content)
        assert restore.main(words) == 0
        assert (run_dir / "sweep.db").read_bytes() == b"SQLite format 3\0first"
    assert not (run_dir / "snapshot.db").exists()
