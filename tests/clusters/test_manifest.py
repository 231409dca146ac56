"""The manifest of a run: what the operator and Kubernetes know, and what a pod makes of it."""

from __future__ import annotations

import base64
import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from rayjob_schema import RAY_JOB

from sweeper import driver
from sweeper import spec as specs
from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder
from sweeper.launchers.kubernetes import KubernetesLauncher
from sweeper.launchers.kubernetes.config import KubernetesConfig, KubernetesWorkers
from sweeper.launchers.kubernetes.manifest import merged
from sweeper.launchers.kubernetes.shape import count_workers, job_name
from sweeper.launchers.kubernetes.text import dump
from sweeper.records import Placed, Resources
from sweeper.records.errors import InputError

Cluster = Callable[[str], KubernetesConfig]
MakeOrder = Callable[..., DriverOrder]
FOLDER = Path(__file__).parents[2] / "clusters"
ALL_KEYS = """context: west
head: {cpus: 1, memory: 2G, pod: {nodeSelector: {pool: small}}}
service_account: sweeps
results: s3://bucket/sweeps
env: {OMP_NUM_THREADS: 2}
secrets: [s3-credentials]
claims: {datasets: /datasets}
ttl_minutes: 5
max_hours: 1.5
data: s3://bucket/data
"""


def documents(config: KubernetesConfig, order: DriverOrder) -> tuple[Any, Any]:
    files, job = yaml.safe_load_all(KubernetesLauncher(config).describe(order))
    return files, job


def pods(job: Any) -> list[Any]:
    cluster = job["spec"]["rayClusterSpec"]
    return [group["template"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]


def check(files: Any, job: Any) -> None:
    """Raise where Kubernetes or the operator would refuse it, or drop a field."""
    jsonschema.validate(job, RAY_JOB)
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(files, version, strict=True)
    for template in pods(job):
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
        kubernetes_validate.validate(pod, version, strict=True)


# ------------------------------------------------------------------ by the schemas
@pytest.mark.parametrize("more", ["", ALL_KEYS])
def test_kubernetes_and_the_operator_know_every_field(
    cluster: Cluster, order: MakeOrder, more: str
) -> None:
    check(*documents(cluster(more), order()))


def test_the_file_that_comes_with_the_project_gives_a_good_manifest(order: MakeOrder) -> None:
    found = cluster_file.load(FOLDER / "kubernetes.yaml")
    assert isinstance(found, KubernetesConfig)
    check(*documents(found, order()))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda job: job["spec"].update(shutDownAfterJobFinishes=True),
        lambda job: job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0].update(replicas="1"),
        lambda job: job["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"].update(a=0),
        lambda job: pods(job)[0]["spec"]["containers"][0].pop("name"),
        lambda job: pods(job)[1]["spec"].update(toleration=[]),
        lambda job: job["metadata"].update(name="x" * 48),
    ],
)
def test_the_schemas_find_what_is_wrong(
    cluster: Cluster, order: MakeOrder, spoil: Callable[[Any], Any]
) -> None:
    files, job = documents(cluster(""), order())
    spoilt = copy.deepcopy(job)
    spoil(spoilt)
    with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError)):
        check(files, spoilt)


# ------------------------------------------------------------------ what it says
def test_costs_are_bounded(cluster: Cluster, order: MakeOrder) -> None:
    _, job = documents(cluster(ALL_KEYS), order())
    spec = job["spec"]
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (5400, 300)
    assert (spec["backoffLimit"], spec["shutdownAfterJobFinishes"]) == (0, True)
    workers = spec["rayClusterSpec"]["workerGroupSpecs"][0]
    assert (workers["replicas"], workers["minReplicas"], workers["maxReplicas"]) == (0, 0, 3)


def test_the_head_runs_no_trial_and_the_cluster_has_a_token(
    cluster: Cluster, order: MakeOrder
) -> None:
    _, job = documents(cluster(""), order())
    ray = job["spec"]["rayClusterSpec"]
    assert ray["authOptions"] == {"mode": "token"}
    assert ray["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    head, worker = (pod["spec"]["containers"][0]["resources"]["limits"] for pod in pods(job))
    assert "nvidia.com/gpu" not in head
    assert worker == {"cpu": "4", "memory": "16384Mi", "nvidia.com/gpu": "2"}


def test_a_pool_of_a_fixed_size_does_not_ask_for_the_autoscaler(
    cluster: Cluster, order: MakeOrder
) -> None:
    _, growing = documents(cluster(""), order())
    same = KubernetesWorkers(cpus=4, min=3, max=3)
    _, fixed = documents(replace(cluster(""), workers=same), order())
    assert growing["spec"]["rayClusterSpec"]["enableInTreeAutoscaling"] is True
    assert fixed["spec"]["rayClusterSpec"]["enableInTreeAutoscaling"] is False


def test_the_keys_of_pod_reach_their_pods_alone(cluster: Cluster, order: MakeOrder) -> None:
    _, job = documents(cluster(ALL_KEYS), order())
    head, worker = (pod["spec"] for pod in pods(job))
    assert head["nodeSelector"] == {"pool": "small"}
    assert "nodeSelector" not in worker


def test_every_pod_finds_data_and_results(cluster: Cluster, order: MakeOrder) -> None:
    _, job = documents(cluster(ALL_KEYS), order())
    for pod in pods(job):
        (container,) = pod["spec"]["containers"]
        env = {entry["name"]: entry["value"] for entry in container["env"]}
        assert env["PYLEARN2_DATA_PATH"] == "/sweep/work/data"
        assert env["SWEEP_RESULTS"] == f"s3://bucket/sweeps/{job['metadata']['name']}"
        assert env["OMP_NUM_THREADS"] == "2"
        assert {"name": "claim-0", "mountPath": "/datasets"} in container["volumeMounts"]
        assert container["envFrom"] == [{"secretRef": {"name": "s3-credentials"}}]


def test_the_workers_of_all_pods_are_asked_for(cluster: Cluster, order: MakeOrder) -> None:
    half, cores = Resources(cpus=1, gpus=0.5), Resources(cpus=3)
    assert count_workers(half, cluster("")) == 12  # four a pod, for its cores; three pods
    assert count_workers(cores, cluster("")) == 3
    files, _ = documents(cluster(""), order(half))
    assert "--workers 12 " in files["data"]["run.sh"]
    files, _ = documents(cluster(""), order(half, trials=5))
    assert "--workers 5 " in files["data"]["run.sh"]
    files, _ = documents(cluster(""), order(half, workers=2))
    assert "--workers 2 " in files["data"]["run.sh"]


def test_a_name_is_good_for_kubernetes_and_one_a_run() -> None:
    names = {
        job_name(Path(run), user)
        for run in (
            "/a/runs/Digits_MLP-2026",
            "/b/runs/Digits_MLP-2026",
            f"/a/{'x' * 90}",
            "/a/2026",
        )
        for user in ("me@here", "you@here")
    }
    assert len(names) == 8
    for name in names:
        jsonschema.validate(name, RAY_JOB["properties"]["metadata"]["properties"]["name"])
    assert any(name.startswith("digits-mlp-2026-") for name in names)


def test_maps_are_merged_and_lists_grow() -> None:
    made = {"a": {"b": 1, "c": 2}, "list": [1], "d": 4}
    more = {"a": {"c": 3}, "list": [2], "d": 5, "e": 6}
    assert merged(made, more) == {"a": {"b": 1, "c": 3}, "list": [1, 2], "d": 5, "e": 6}
    assert made == {"a": {"b": 1, "c": 2}, "list": [1], "d": 4}


def test_a_text_of_several_lines_is_a_block_that_reads_back() -> None:
    values = ["a\nb\n", "a\n\n  b", "x: 1", "tail \n", "1", "\tq\n"]
    text = dump([{"data": values}, {"b": values}])
    assert list(yaml.safe_load_all(text)) == [{"data": values}, {"b": values}]
    assert "- |\n" in text
    assert "&" not in text


# ------------------------------------------------------------------ what a pod makes of it
def mount(files: Any, volume: Any, folder: Path) -> None:
    """Lay a ConfigMap out as a kubelet does: a dated folder, and links through `..data`."""
    dated = folder / "..2026_11_21"
    content = {key: text.encode() for key, text in files["data"].items()}
    content |= {key: base64.b64decode(text) for key, text in files.get("binaryData", {}).items()}
    for item in volume["configMap"]["items"]:
        path = dated / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[item["key"]])
    (folder / "..data").symlink_to(dated.name)
    for entry in dated.iterdir():
        (folder / entry.name).symlink_to(f"..data/{entry.name}")


def run(command: list[str], folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """A pod's command, with its /sweep in `folder`. python: the script that is `python` there."""
    shim = folder / "bin" / "python"
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f"#!/bin/bash\n{python}\n")
    shim.chmod(0o755)
    there = [word.replace("/sweep/", f"{folder}/") for word in command]
    environ = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
    return subprocess.run(there, capture_output=True, text=True, check=False, env=environ)


def test_a_pod_has_the_files_and_the_drivers_words_as_they_are_here(
    cluster: Cluster, order: MakeOrder, tmp_path: Path
) -> None:
    nasty = {"name": "it's; $(touch x) \"&& é", "other": "a b"}
    given = order(defines=nasty)
    files, job = documents(cluster(""), given)
    (volume, *_), (before, *_) = (
        pods(job)[0]["spec"][key] for key in ("volumes", "initContainers")
    )
    mount(files, volume, tmp_path / "shipped")
    (tmp_path / "work").mkdir()
    assert run(before["command"], tmp_path, "exit 1").returncode == 0
    work = tmp_path / "work" / "files"
    for path in given.spec_path.parent.rglob("*"):
        if path.is_file():
            copied = work / path.relative_to(given.spec_path.parent)
            assert (copied.read_bytes(), copied.is_symlink()) == (path.read_bytes(), False)

    script = tmp_path / "work" / "run.sh"
    script.write_text(script.read_text().replace("/sweep/", f"{tmp_path}/"))
    says = 'pwd; printf "%s\\n" "$@"'
    done = run(job["spec"]["entrypoint"].split(), tmp_path, says)
    where, *words = done.stdout.splitlines()
    assert where == str(work)
    defined = [word for pair in nasty.items() for word in ("-D", "=".join(pair))]
    name = job["metadata"]["name"]
    assert words[:4] == ["-m", "sweeper", "launch", "grid.yaml.j2"]
    assert words[4:] == [*defined, "--workers", "12", "--out", f"{tmp_path}/work/{name}"]


def test_a_pod_fetches_data_from_a_url_before_ray_starts(
    cluster: Cluster, order: MakeOrder, tmp_path: Path
) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "x.csv").write_text("1\n")
    files, job = documents(cluster(f"data: file://{tmp_path}/bucket\n"), order())
    spec = pods(job)[1]["spec"]
    mount(files, spec["volumes"][0], tmp_path / "shipped")
    (tmp_path / "work").mkdir()
    done = run(spec["initContainers"][0]["command"], tmp_path, f"exec '{sys.executable}' \"$@\"")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "work" / "data" / "x.csv").read_text() == "1\n"


@pytest.mark.slow
def test_a_resumed_driver_goes_on_from_the_results(
    cluster: Cluster, order: MakeOrder, tmp_path: Path
) -> None:
    """The store of the first driver's last snapshot, in a pod that never saw the run."""
    given = order(trials=3)
    folder = given.spec_path.parent
    given.spec_path.write_text(
        "sweep: {grid: {a: [1, 2, 3]}}\n---\n!obj:counting.Rows { a: {{ a }} }\n"
    )
    (folder / "counting.py").write_text(
        "class Rows:\n"
        "    def __init__(self, a):\n        self.a = a\n"
        "    def __iter__(self):\n        yield {'cost': self.a}\n"
    )
    results = tmp_path / "results"
    facts = {"results": f"file://{results}", "driver": "1"}
    again = replace(given, workers=1, before=Placed("kubernetes", "first", facts=facts))
    files, job = documents(cluster(""), again)
    (volume, *_), (before, *_) = (
        pods(job)[0]["spec"][key] for key in ("volumes", "initContainers")
    )
    mount(files, volume, tmp_path / "shipped")
    (tmp_path / "work").mkdir()
    assert run(before["command"], tmp_path, "exit 1").returncode == 0
    spec = specs.load(tmp_path / "work" / "files" / "grid.yaml.j2", {})
    driver.create(spec, specs.expand(spec), tmp_path / "made", published=True)
    results.mkdir()
    shutil.copy(tmp_path / "made" / "sweep.db", results / "snapshot.db")
    script = tmp_path / "work" / "run.sh"
    script.write_text(script.read_text().replace("/sweep/", f"{tmp_path}/"))
    words = job["spec"]["entrypoint"].split()
    done = run(words, tmp_path, f"exec '{sys.executable}' \"$@\"")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 finished" in done.stdout


# ------------------------------------------------------------------ what does not fit
def test_files_that_no_configmap_holds_are_named(cluster: Cluster, order: MakeOrder) -> None:
    given = order()
    (given.spec_path.parent / "big.csv").write_text("x" * 1_000_000)
    with pytest.raises(InputError, match=r"at most 900 KiB.*largest files: big\.csv \(977 KiB\)"):
        KubernetesLauncher(cluster("")).describe(given)


def test_a_worker_that_no_pod_holds_is_told(cluster: Cluster, order: MakeOrder) -> None:
    launcher = KubernetesLauncher(cluster(""))
    with pytest.raises(InputError, match="takes 8 cores and 0 GPUs, a pod has 4 and 2"):
        launcher.describe(order(Resources(cpus=8)))
    with pytest.raises(InputError, match="workers: 9 were asked for, but 3 fit into the pods"):
        launcher.describe(order(Resources(cpus=4, gpus=1), workers=9))
