"""A sweep on a cluster that has no worker node yet: prints how many there were, as JSON.

`python scaling.py SPEC RUN_DIR`, in a namespace of its own: the cluster is started and ended by
Ray's own test class, which ends every Ray that it sees. Its nodes are processes of this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

import ray
from ray.cluster_utils import AutoscalingCluster

SWEEP = (sys.executable, "-m", "sweeper", "launch")
NODE = {"CPU": 1, "object_store_memory": 80_000_000}
PROVIDER = {
    "type": "fake_multinode",
    "use_node_id_as_ip": True,
    "disable_node_updaters": True,
    "disable_launch_config_check": True,
}
COMMANDS = ("initialization", "setup", "head_setup", "worker_setup")
STARTS = ("head_start_ray", "worker_start_ray")


class FakeCloud(AutoscalingCluster):
    """Ray's own makes its file from one that its wheel does not have."""

    def _generate_config(self, head_resources, worker_node_types, autoscaler_v2=False, **more):
        head = {"resources": dict(head_resources), "node_config": {}, "max_workers": 0}
        made = {
            "cluster_name": "fake",
            "max_workers": 2,
            "provider": PROVIDER,
            "available_node_types": {**worker_node_types, "head": head},
            "head_node_type": "head",
            "auth": {},
            "upscaling_speed": 1.0,
            "idle_timeout_minutes": 0.2,
            "docker": {},
            "file_mounts": {},
            "cluster_synced_files": [],
            "file_mounts_sync_continuously": False,
            "rsync_exclude": [],
            "rsync_filter": [],
        }
        return {**made, **{f"{name}_commands": [] for name in COMMANDS + STARTS}, **more}


def workers() -> int:
    """Nodes that lend a core; the head lends none."""
    return sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())


def main(spec: str, run_dir: str) -> None:
    kind = {"resources": NODE, "node_config": {}, "min_workers": 0, "max_workers": 2}
    cloud = FakeCloud(head_resources={"CPU": 0}, worker_node_types={"worker": kind})
    cloud.start()
    ray.init("auto", log_to_driver=False, logging_level="ERROR")
    address = ray.get_runtime_context().gcs_address
    before, most, began = workers(), 0, time.monotonic()
    driver = subprocess.Popen(
        [*SWEEP, spec, "-D", "epochs=40", "-D", "seconds=0.1", "--workers", "2", "--out", run_dir],
        env={**os.environ, "RAY_ADDRESS": address, "SWEEP_AUTOSCALING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = {}
    while driver.poll() is None:
        most = max(most, workers())
        if most == 2 and "two" not in seconds:
            seconds["two"] = round(time.monotonic() - began, 1)
        time.sleep(0.2)
    seconds["over"] = round(time.monotonic() - began, 1)
    while workers() and time.monotonic() - began < 120:
        time.sleep(0.2)
    seconds["none"] = round(time.monotonic() - began, 1)
    found = {"before": before, "most": most, "after": workers(), "code": driver.returncode}
    print("SCALED", json.dumps({**found, "seconds": seconds, "said": driver.stdout.read()}))
    ray.shutdown()
    cloud.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
