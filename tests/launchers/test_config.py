"""A cluster file becomes a record, and a mistake in it is told with its line and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.launchers import cluster_file
from sweeper.launchers.base import ClusterConfig
from sweeper.launchers.cloud.config import CloudConfig, CloudHead, CloudWorkers
from sweeper.launchers.kubernetes.config import KubernetesConfig
from sweeper.launchers.local.config import LocalConfig
from sweeper.launchers.ray.config import RayConfig
from sweeper.launchers.slurm.config import SlurmConfig
from sweeper.records.errors import InputError

CLOUD = """kind: cloud
provider: aws
region: us-west-2
head: {instance: m5.large}
workers: {instance: g4dn.xlarge, gpus: 1, max: 3}
"""


def read(text: str) -> ClusterConfig:
    return cluster_file.loads(text, "c.yaml")


def slurm(lines: str) -> SlurmConfig:
    found = read(f"kind: slurm\n{lines}\n")
    assert isinstance(found, SlurmConfig)
    return found


# ------------------------------------------------------------------ what is read
def test_every_key_of_slurm_is_read() -> None:
    text = """kind: slurm
nodes: 2
gpus_per_node: 4
cpus_per_node: 32
memory_per_node: 64G
time: "1-02:03:04"
partition: gpu
account: physics
qos: high
constraint: a100|h100
preemptible: true
setup:
  - module load cuda
  - source ~/venv/bin/activate
sbatch: [--mail-type=END]
data: /shared/data
python: /opt/my python/bin/python
"""
    assert read(text) == SlurmConfig(
        path=Path("c.yaml"),
        text=text,
        nodes=2,
        gpus_per_node=4,
        cpus_per_node=32,
        memory_per_node_mib=65536,
        time_s=93784,
        partition="gpu",
        account="physics",
        qos="high",
        constraint="a100|h100",
        preemptible=True,
        setup=("module load cuda", "source ~/venv/bin/activate"),
        sbatch=("--mail-type=END",),
        data="/shared/data",
        python="/opt/my python/bin/python",
    )


def test_what_is_left_out_is_left_to_slurm() -> None:
    found = slurm("")
    assert (found.cpus_per_node, found.memory_per_node_mib, found.time_s) == (None, None, None)
    assert (found.nodes, found.form, found.partition, found.setup) == (1, "allocation", "", ())


def test_a_key_without_a_value_is_left_out() -> None:
    assert slurm("partition:\nnodes:\nsetup:").partition == ""


def test_a_cloud_file_is_read() -> None:
    found = read(
        f"{CLOUD}results: s3://bucket/runs/\nray: {{provider: {{cache_stopped_nodes: no}}}}\n"
    )
    assert isinstance(found, CloudConfig)
    assert found.head == CloudHead(instance="m5.large")
    assert found.workers == CloudWorkers(instance="g4dn.xlarge", gpus=1, max=3)
    assert (found.keep_hours, found.max_hours, found.idle_minutes) == (2.0, 24.0, 5)
    assert found.results == "s3://bucket/runs"
    assert found.ray == {"provider": {"cache_stopped_nodes": False}}


def test_a_running_cluster_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = read("kind: ray\naddress: http://head:8265/\ntoken_path: ~/token\nworkers: 3\n")
    assert isinstance(found, RayConfig)
    assert (found.address, found.workers) == ("http://head:8265", 3)
    assert found.token_path == "/home/me/token"


def test_a_kubernetes_file_is_read() -> None:
    text = "kind: kubernetes\nimage: r/sweeper:1\nworkers: {gpus: 1, memory: 1.5 GiB, max: 2}\n"
    found = read(f"{text}env: {{OMP_NUM_THREADS: 1, A: b}}\nclaims: {{data: /data}}\n")
    assert isinstance(found, KubernetesConfig)
    assert (found.workers.gpus, found.workers.memory_mib, found.workers.max) == (1, 1536, 2)
    assert found.env == {"OMP_NUM_THREADS": "1", "A": "b"}
    assert found.claims == {"data": "/data"}
    assert found.head.cpus == 2


def test_a_local_file_is_read() -> None:
    found = read("kind: local\ngpus: 2\n")
    assert isinstance(found, LocalConfig)
    assert (found.gpus, found.cpus) == (2, None)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("4:00:00", 14_400),  # YAML alone would read the number 14400, to the base of 60
        ('"4:00:00"', 14_400),
        ("04:00:00", 14_400),
        ("0:00:30  # short", 30),
        ("1-12:00:00", 129_600),
        ("30 minutes", 1800),
        ("1.5 hours", 5400),
        ("2 days", 172_800),
        # As `man sbatch` has them: minutes:seconds, days-hours, days-hours:minutes.
        ("10:00", 600),
        ('"90:30"', 5430),
        ("2-0", 172_800),
        ("1-02:30", 95_400),
    ],
)
def test_a_time_is_read_as_it_is_written(written: str, seconds: int) -> None:
    assert slurm(f"time: {written}").time_s == seconds


@given(st.integers(1, 999), st.sampled_from([("M", 1), ("G", 1024), ("T", 1024**2)]))
def test_memory_of_any_unit_is_mib(number: int, unit: tuple[str, int]) -> None:
    letter, mib = unit
    for written in (f"{number}{letter}", f"{number} {letter}iB", f"{number}{letter.lower()}b"):
        assert slurm(f"memory_per_node: {written}").memory_per_node_mib == number * mib


def test_setup_is_a_block_or_a_list() -> None:
    assert slurm("setup: |\n  a  'b\n\n  if x; then\n    y\n  fi").setup == (
        "a  'b",
        "if x; then",
        "  y",
        "fi",
    )
    assert slurm("setup: [a, b]").setup == ("a", "b")


def test_sbatch_lines_may_be_copied_from_a_script() -> None:
    assert slurm("sbatch: |\n  #SBATCH --exclusive\n  --mail-type=END").sbatch == (
        "--exclusive",
        "--mail-type=END",
    )


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfkind: slurm\r\ntime: 4:00:00\r\nsetup: |\r\n  a\r\n")
    found = cluster_file.load(path)
    assert isinstance(found, SlurmConfig)
    assert (found.time_s, found.setup) == (14_400, ("a",))


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "nodes: 1\n",
            r"c\.yaml, line 1: the key `kind` is missing.*slurm, cloud, ray, kubernetes",
        ),
        ("kind: slrum\n", r"line 1, kind: .* \(did you mean slurm\?\), got the string 'slrum'"),
        ("kind: 3\n", "line 1, kind: expected one of slurm"),
        ("- kind: slurm\n", "line 1: expected a map of keys, got a list"),
        ("kind: slurm\n---\nkind: ray\n", "one map of keys is expected here, got 2 documents"),
        ("", "expected"),
        ("kind: slurm\n nodes: 2\n", "line 2"),
        ("kind: !obj:os.system {}\n", "the tag !obj:os.system can't stand here"),
        ("kind: slurm\nnodes: 1\nnodes: 2\n", "line 3, nodes: this key stands twice"),
    ],
)
def test_a_file_that_is_none_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gpu_per_node: 1", r"gpu_per_node: unknown key \(did you mean gpus_per_node"),
        ("nodes: 0", "nodes: expected a whole number of at least 1, got the number 0"),
        ("nodes: '2'", "nodes: expected a whole number of at least 1, got the string '2'"),
        ("gpus_per_node: true", "gpus_per_node: expected a whole number of at least 0, got true"),
        ("memory_per_node: 16", "memory_per_node: expected an amount of memory with its unit"),
        ("memory_per_node: 16K", "memory_per_node: expected an amount of memory with its unit"),
        ("time: 60", "time: expected a time .* with its unit, got the number 60"),
        ("time: 60", r'got the number 60\..* "10:00" is ten minutes'),  # SLURM alone reads minutes
        ("time: 10:99", "time: expected a time"),
        ("time: 0:00:00", "time: expected a time of one second or more"),
        ("account: 12345", r'account: expected a string, got the number 12345\. .*quotes: "12345"'),
        ("partition: two words", "partition: expected one word without blanks"),
        ('partition: "a\\nb"', "partition: expected a string of one line"),
        ("form: arrays", r"form: .* \(did you mean array\?\)"),
        ("form: array", "form: an array needs `tasks`"),
        ("tasks: 3", "tasks: only an array has tasks"),
        ("form: array\ntasks: 2\nnodes: 2", "nodes: each task of an array runs alone"),
        ("preemptible: often", "preemptible: expected true or false"),
        ("setup: 3", "setup: expected lines of shell, got the number 3"),
        ("setup: [3]", r"setup\[0\]: expected a line of shell, got the number 3"),
        ("sbatch: [mail-type=END]", "sbatch: expected options of sbatch's.*'mail-type=END'"),
        ("data: data/mnist", "data: expected an absolute path .* or a URL"),
        ("data: s3://", "data: expected a URL, got the string 's3://'"),
    ],
)
def test_a_mistake_of_slurms_is_told_where_it_stands(line: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"c\.yaml, line \d, .*{message}"):
        slurm(line)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: cloud\nprovider: aws\n", "the key `region` is missing"),
        (CLOUD.replace("aws", "gcp"), "the key `project` is missing, which gcp needs"),
        (CLOUD.replace("aws", "azure"), "the key `resource_group` is missing, which azure needs"),
        (f"{CLOUD}project: x\n", "line 6, project: only gcp has this"),
        (CLOUD.replace("m5.large", "m5.large, spot: true"), r"head\.spot: unknown key"),
        (CLOUD.replace("max: 3", "min: 4, max: 3"), r"workers: min \(4\) is more than max \(3\)"),
        (f"{CLOUD}keep_hours: 48\n", r"keep_hours \(48\) is more than max_hours \(24\)"),
        (f"{CLOUD}max_hours: 0\n", "max_hours: expected a number of hours above 0"),
        (f"{CLOUD}results: bucket\n", "results: expected a URL"),
        ("kind: ray\n", "the key `address` is missing"),
        ("kind: ray\naddress: ray://head:10001\n", "expected the address of a Ray dashboard"),
        ("kind: ray\naddress: http://h\ntoken_path: token\n", "token_path: expected an absolute"),
        ("kind: kubernetes\n", "the key `image` is missing"),
        ("kind: kubernetes\nimage: i\nnamespace: My_Space\n", "namespace: expected a name as Kube"),
        ("kind: kubernetes\nimage: i\nenv: {A-B: c}\n", "'A-B' can't be a variable's name"),
        ("kind: kubernetes\nimage: i\nenv: {A: true}\n", r"env\.A: expected a string, got true"),
        (
            "kind: kubernetes\nimage: i\nclaims: {c: data}\n",
            r"claims\.c: expected an absolute path",
        ),
        ("kind: local\ngpu: 1\n", r"gpu: unknown key \(did you mean gpus"),
    ],
)
def test_a_mistake_of_another_kind_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text)


def test_a_file_that_is_not_there_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "slurm.yaml").write_text("kind: slurm\n")
    with pytest.raises(InputError, match=r"No such file.*did you mean slurm\.yaml\?"):
        cluster_file.load(tmp_path / "slrm.yaml")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"kind: \xff")
    with pytest.raises(InputError, match="no text in UTF-8"):
        cluster_file.load(tmp_path / "c.yaml")


@given(st.text(max_size=60))
def test_no_text_ends_in_another_error_than_ours(text: str) -> None:
    for start in ("", "kind: slurm\n", "kind: slurm\ntime: ", "kind: slurm\nsetup: "):
        try:
            read(f"{start}{text}")
        except InputError:
            continue


def test_reading_a_file_loads_no_engine_and_no_ray() -> None:
    code = (
        "import sys; from sweeper.launchers.cluster_file import loads; loads('kind: slurm', 'c');"
        "print([m for m in ('ray', 'jax', 'pytensor', 'pandas', 'fsspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
