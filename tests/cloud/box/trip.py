"""One sweep on rented machines, in a namespace of its own: prints what happened, as JSON.

`python trip.py SPEC RUN_DIR BOX`
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

SHIMS = ("ssh", "rsync", "sudo", "pip", "ray", "python")
CLUSTER = """
kind: cloud
provider: aws
region: us-east-1
zone: us-east-1a
head: {instance: m5.large, image: ami-12c6146b}
workers: {instance: m5.large, image: ami-12c6146b, cpus: 1, gpus: 0, spot: true, max: 1}
idle_minutes: 1
max_hours: 3
ray: {provider: {use_internal_ips: true}}
"""


def main(spec_path: Path, run_dir: Path, box: Path) -> None:
    prepare(box)
    server = start_moto()
    try:
        print("TRIP", json.dumps(trip(spec_path, run_dir, box)))
    finally:
        server.kill()
        server.wait()


def prepare(box: Path) -> None:
    (box / "bin").mkdir(parents=True)
    shim = Path(__file__).with_name("shim.py").read_text()
    for name in SHIMS:
        program = box / "bin" / name
        program.write_text(f"#!{sys.executable} -S\n{shim}")
        program.chmod(0o755)
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            del os.environ[name]
    os.environ.update(
        BOX=str(box),
        BOX_PYTHON=sys.executable,
        PATH=f"{box}/bin:{os.environ['PATH']}",
        HOME=str(box / "laptop"),
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
    )
    (box / "laptop").mkdir()


def start_moto() -> subprocess.Popen[bytes]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    log = (Path(os.environ["BOX"]) / "moto.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=log, stderr=log
    )
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return server
    raise SystemExit("moto did not start")


def machines() -> list[dict[str, object]]:
    import boto3

    found = boto3.client("ec2").describe_instances()["Reservations"]
    return [
        {
            "id": one["InstanceId"],
            "ip": one.get("PrivateIpAddress", ""),
            "state": one["State"]["Name"],
            "kind": {t["Key"]: t["Value"] for t in one.get("Tags", [])}.get("ray-node-type"),
            "is_spot": one.get("InstanceLifecycle") == "spot",
        }
        for reservation in found
        for one in reservation["Instances"]
    ]


def trip(spec_path: Path, run_dir: Path, box: Path) -> dict[str, object]:
    import boto3
    import shim

    from sweeper import spec as specs
    from sweeper.launchers import cluster_file
    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.cloud import CloudLauncher, commands

    go = box / "go"
    defines = {"epochs": "3", "seconds": "0.1", "points": "2", "until": str(go)}
    spec = specs.load(spec_path, defines)
    order = DriverOrder(run_dir, spec_path, defines, spec.header, len(specs.expand(spec).trials))
    launcher = CloudLauncher(cluster_file.loads(CLUSTER, "aws.yaml"))
    seconds, began = {}, time.monotonic()

    def note(what: str) -> None:
        seconds[what] = round(time.monotonic() - began, 1)
        print("AT", what, seconds[what], flush=True)

    placed = launcher.submit(order)
    note("submitted")
    try:
        during = launcher.look(placed, run_dir)
        until(lambda: rows(box) > 3, "rows")
        note("rows")
        [worker] = [one for one in machines() if one["kind"] == "worker"]
        # What the cloud does to a spot machine: it is listed as ended, and all in it is gone.
        boto3.client("ec2").terminate_instances(InstanceIds=[worker["id"]])
        shim.end_machine(box / str(worker["ip"]))
        go.touch()
        note("reclaimed")
        until(lambda: list(box.glob("*/sweep/*/exit-code")), "the driver's end")
        note("over")
        job = launcher.look(placed, run_dir)
        launcher.fetch(placed, run_dir)
        note("fetched")
        machines_then = machines()
        # With `results` the head gives everything back by itself, after its driver.
        head = commands.RayUp(placed.facts["ray_up"], placed.job)
        safe = box / "safe"
        arrived = f"mkdir {safe} && touch {safe}/results-arrived"
        head.exec(f"{arrived} && python -m sweeper.launchers.cloud.give_back {safe} 0 2 1 0")
        until(lambda: not any(one["state"] == "running" for one in machines()), "the head's end")
        note("given back by the head")
    finally:
        said = launcher.down(placed, run_dir)
        note("down")
    return {
        "ray_up": placed.facts["ray_up"],
        "states": [during.state, job.state],
        "words": job.words,
        "worker": worker,
        "during": machines_then,
        "after": machines(),
        "said": said,
        "seconds": seconds,
    }


def rows(box: Path) -> int:
    """Rows in the store on the head."""
    found = list(box.glob("*/sweep/*/snapshot.db"))
    if not found:
        return 0
    try:
        with closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as store:
            return int(store.execute("select count(*) from rows").fetchone()[0])
    except sqlite3.Error:
        return 0


def until(condition, what: str, seconds: float = 150.0, every: float = 0.5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
