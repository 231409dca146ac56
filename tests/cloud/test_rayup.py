"""Cluster files to `ray up` files: by Ray's own schema, and what bounds their cost."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder
from sweeper.launchers.cloud import CloudLauncher, credentials, give_back, rayup
from sweeper.launchers.cloud.wheel import make_wheel
from sweeper.records import Resources, SweepSpec
from sweeper.records.errors import InputError

pytestmark = pytest.mark.cloud

CLUSTERS = Path(__file__).parents[2] / "clusters"
AWS = """
kind: cloud
provider: aws
region: us-east-1
head: {instance: m5.large}
workers: {instance: g4dn.xlarge, gpus: 1, cpus: 4, spot: true, max: 3}
max_hours: 2
"""


def made(text=AWS, **changes):
    lines = "".join(f"{key}: {value}\n" for key, value in changes.items())
    found = cluster_file.loads(text + lines, "my.yaml")
    return rayup.ray_up(found, cluster_name="n", ray_version="2.60.0", files="/f", wheel="w.whl")


@pytest.mark.parametrize("name", ["aws.yaml", "gcp.yaml", "azure.yaml"])
def test_our_cluster_files_fit_rays_schema_and_rent_no_spot_head(name):
    found = cluster_file.load(CLUSTERS / name)
    written = rayup.ray_up(found, cluster_name="n", ray_version="2.60.0", files="/f", wheel="w.whl")
    rayup.check(written, name)
    types = written["available_node_types"]
    assert not rayup.is_spot(types[written["head_node_type"]]["node_config"])
    assert rayup.is_spot(types["worker"]["node_config"]) == found.workers.spot
    assert types["worker"]["max_workers"] == written["max_workers"] == found.workers.max
    assert types["head"]["max_workers"] == 0


def test_every_machine_arms_its_own_end_before_anything_else():
    written = made()
    assert written["setup_commands"][0] == "sudo shutdown -h +120"
    # Of AWS a machine that shuts itself down is by default only stopped.
    for kind in written["available_node_types"].values():
        assert kind["node_config"]["InstanceInitiatedShutdownBehavior"] == "terminate"


def test_a_machine_that_ssh_never_reaches_ends_itself_too():
    script = "#!/bin/sh\nshutdown -h +120\n"
    for kind in made()["available_node_types"].values():
        assert kind["node_config"]["UserData"] == script
    google = AWS.replace("aws", "gcp").replace("gpus: 1, ", "") + "project: p\n"
    for kind in made(google)["available_node_types"].values():
        [item] = kind["node_config"]["metadata"]["items"]
        assert item == {"key": "startup-script", "value": script}


def test_google_s_zone_may_be_left_out():
    google = AWS.replace("aws", "gcp").replace("gpus: 1, ", "") + "project: p\n"
    assert made(google)["provider"]["availability_zone"] == "us-east-1-a"


def test_every_node_can_read_what_its_urls_name():
    def installed(**urls):
        return made(**urls)["setup_commands"][-1].partition("w.whl ")[2]

    assert installed() == ""
    assert installed(data="s3://bucket/d") == '"s3fs>=2026.1"'
    assert installed(data="abfs://a/d", results="gs://b/r") == "adlfs gcsfs"
    assert installed(data="gs://a/d", results="gs://b/r") == "gcsfs"
    assert made()["setup_commands"][-1] == (
        'python -m pip install "ray[default]==2.60.0" ~/sweep/files/w.whl'
    )
    assert made()["worker_setup_commands"] == ["python -m pip install ~/sweep/files/w.whl[cuda13]"]


def test_every_node_speaks_to_nobody_without_the_token():
    written = made()
    starts = written["head_start_ray_commands"][1:] + written["worker_start_ray_commands"][1:]
    assert len(starts) == 2
    for line in starts:
        assert "RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$HOME/sweep/files/token" in line
    assert "--dashboard-host=127.0.0.1" in starts[0]


def test_a_key_that_ray_does_not_know_is_told_before_anything_starts():
    with pytest.raises(InputError, match=r"my.yaml: .*'max_wrokers' was unexpected.*`ray`"):
        rayup.check(made(ray="{max_wrokers: 3}"), "my.yaml")
    with pytest.raises(InputError, match=r"at auth.*'user' was unexpected"):
        rayup.check(made(ray="{auth: {user: me}}"), "my.yaml")


def test_a_spot_head_is_refused_however_it_is_written():
    spot = "{InstanceMarketOptions: {MarketType: spot}}"
    with pytest.raises(InputError, match="the head would be a spot machine"):
        rayup.check(made(ray=f"{{available_node_types: {{head: {{node_config: {spot}}}}}}}"), "f")


def test_keys_of_ray_are_merged_map_by_map():
    written = made(ray="{provider: {use_internal_ips: true}, upscaling_speed: 2}")
    assert written["provider"]["use_internal_ips"] is True
    assert written["provider"]["region"] == "us-east-1"
    assert written["upscaling_speed"] == 2


@pytest.mark.parametrize(
    ("cpus", "gpus", "expected"), [(1, 1, 3), (1, 0.5, 6), (2, 0, 6), (1, 0, 12)]
)
def test_as_many_workers_are_asked_for_as_fit_on_all_machines(cpus, gpus, expected):
    assert rayup.workers_asked(cluster_file.loads(AWS, "f"), cpus, gpus) == expected


def test_a_worker_that_fits_on_no_machine_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"takes 2 GPUs, and no machine \(g4dn.xlarge\)"):
        rayup.workers_asked(cluster_file.loads(AWS, "f"), 1, 2)


def test_a_google_gpu_machine_needs_an_image():
    text = (
        AWS.replace("aws", "gcp").replace("us-east-1", "us-west1")
        + "project: p\nzone: us-west1-a\n"
    )
    with pytest.raises(InputError, match=r"workers.image: .*NVIDIA's driver"):
        made(text)


def test_a_dry_run_prints_the_file_and_the_driver(tmp_path):
    spec = tmp_path / "grid.yaml.j2"
    spec.write_text("x")
    order = DriverOrder(tmp_path / "runs" / "n", spec, {}, SweepSpec("n", resources=Resources()), 9)
    text = CloudLauncher(cluster_file.loads(AWS, "f")).describe(order)
    assert yaml.safe_load(text.partition("# then")[0])["max_workers"] == 3
    assert "ray job submit --no-wait" in text
    assert "python -m sweeper launch grid.yaml.j2" in text


def test_no_credentials_stop_it_before_anything_starts(tmp_path, monkeypatch):
    found = cluster_file.loads(AWS, "my.yaml")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    monkeypatch.setenv("PATH", str(bin_dir))
    with pytest.raises(InputError, match="ssh and rsync can't be found on this machine"):
        credentials.check(found)
    for name in ("ssh", "rsync"):
        (bin_dir / name).symlink_to("/bin/true")
    with pytest.raises(InputError, match=r"no credentials for AWS .*Nothing was started.*aws conf"):
        credentials.check(found)
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(InputError, match=r"no credentials for AWS .*\(gone\)"):
        credentials.check(found)
    monkeypatch.setitem(sys.modules, "azure", None)
    azure = cluster_file.loads(AWS.replace("aws", "azure") + "resource_group: g\n", "my.yaml")
    with pytest.raises(InputError, match="pip install azure-identity"):
        credentials.check(azure)


def test_the_wheel_that_nodes_install_holds_what_is_installed_here(tmp_path):
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        info = next(name for name in names if name.endswith("/RECORD")).rpartition("/")[0]
        record = wheel.read(f"{info}/RECORD").decode().splitlines()
        assert "sweep = sweeper.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert sorted(line.split(",")[0] for line in record) == sorted(names)
    assert {"sweeper/cli/app.py", "pylearn2core/train.py", f"{info}/METADATA"} <= set(names)


def test_the_last_act_gives_the_machines_back_or_lets_the_head_wait():
    assert give_back.plan(2, has_results=True, has_minimum=False).endswith(
        "ray down -y ~/ray_bootstrap_config.yaml || sudo shutdown -h +1"
    )
    assert give_back.plan(1.5, has_results=False, has_minimum=False) == "sudo shutdown -h +90"
    kept = give_back.plan(2, has_results=False, has_minimum=True)
    assert kept.startswith("sudo shutdown -h +120; ray stop")
    assert "ray down -y --workers-only" in kept
