"""A cluster file of ours to a `ray up` file: pure, so that it can be read before it costs money."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sweeper.launchers import data
from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.launchers.cloud.config import CloudConfig, CloudHead, CloudWorkers

# On every node; `~` is the home folder of `ssh_user` there.
FOLDER = "~/sweep"
# Copied to every node: the wheel, and the token without which its cluster speaks to nobody.
FILES, TOKEN = f"{FOLDER}/files", "token"
# Before every command of ours on a node.
SECURED = f"export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$HOME/sweep/files/{TOKEN}"
HEAD, WORKER = "head", "worker"
_PORT = 6379

# Images bring all kinds of Python; where `python` is none that will do, a node gets its own.
_PYTHON = (
    "python -c 'import sys, pip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || ("
    "curl -LsSf https://astral.sh/uv/install.sh | env UV_INSTALL_DIR=$HOME/sweep/bin sh &&"
    " ~/sweep/bin/uv venv --seed --python 3.12 ~/sweep/venv &&"
    " echo 'export PATH=$HOME/sweep/venv/bin:$PATH' >> ~/.bashrc)",
)

# What fsspec needs for the URLs of `results` and `data`, by their schemes.
# An s3fs without a bound gives way to a newer boto3, back to 2020.
_FILE_SYSTEMS = {
    "s3": '"s3fs>=2026.1"',
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
}


def ray_up(
    config: CloudConfig, *, cluster_name: str, ray_version: str, files: str, wheel: str
) -> dict[str, Any]:
    """The `ray up` file of a cluster.

    files: a folder here with the token and the wheel.    wheel: its name there.
    """
    wheel = f"{FILES}/{wheel}"
    made: dict[str, Any] = {
        "cluster_name": cluster_name,
        "max_workers": config.workers.max,
        "idle_timeout_minutes": config.idle_minutes,
        "provider": _provider(config),
        "auth": {"ssh_user": config.ssh_user},
        "available_node_types": {
            HEAD: _head(config),
            WORKER: _worker(config),
        },
        "head_node_type": HEAD,
        "file_mounts": {FILES: files},
        "initialization_commands": [],
        "setup_commands": _setup(config, ray_version, wheel),
        "worker_setup_commands": _cuda(config.workers, wheel),
        "head_start_ray_commands": [
            "ray stop",
            f"{SECURED}; {_limits()}; {_data(config)}ray start --head --port={_PORT}"
            " --autoscaling-config=~/ray_bootstrap_config.yaml --dashboard-host=127.0.0.1"
            " --disable-usage-stats",
        ],
        "worker_start_ray_commands": [
            "ray stop",
            f"{SECURED}; {_limits()}; {_data(config)}ray start --address=$RAY_HEAD_IP:{_PORT}"
            " --disable-usage-stats",
        ],
    }
    return _merged(made, config.ray)


def check(made: Mapping[str, Any], source: str) -> None:
    """Check a `ray up` file by Ray's own schema. Raises InputError."""
    import jsonschema
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        validate_config(prepare_config(copy.deepcopy(dict(made))))
    except jsonschema.ValidationError as error:
        where = ".".join(map(str, error.absolute_path)) or "the file"
        raise InputError(
            f"{source}: the `ray up` file made of it does not fit Ray's schema, at {where}:"
            f" {error.message}. Look at `ray` in the cluster file: its keys are merged in."
        ) from error
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{source}: Ray refuses the `ray up` file made of it: {error}. Look at `ray` in the"
            " cluster file: its keys are merged in."
        ) from error
    kind = made.get("head_node_type")
    if is_spot(made["available_node_types"].get(kind, {}).get("node_config", {})):
        raise InputError(
            f"{source}, ray.available_node_types.{kind}: the head would be a spot machine, and the"
            " whole sweep would end with it. Remove that: only `workers` can be spot machines."
        )


def workers_asked(config: CloudConfig, cpus: int, gpus: float) -> int:
    """How many workers fit on all machines that may be rented. cpus, gpus: of one worker.

    A machine whose size Ray looks up itself, as it does on AWS, is taken to hold one.
    """
    machine = config.workers
    if gpus:
        is_looked_up = machine.gpus is None and config.provider == "aws"
        each = 1 if is_looked_up else int((machine.gpus or 0) / gpus + 1e-9)
    else:
        each = 1 if machine.cpus is None else machine.cpus // cpus
    if not each:
        what = f"{gpus:g} GPUs" if gpus else f"{cpus} cores"
        raise InputError(
            f"{config.path}, workers: a worker of this sweep takes {what}, and no machine"
            f" ({machine.instance}) has so many. Choose a larger one, or ask for less under"
            " `resources` in the spec's header."
        )
    return each * machine.max


# ------------------------------------------------------------------ machines
def _provider(config: CloudConfig) -> dict[str, Any]:
    if config.provider == "aws":
        found = {"type": "aws", "region": config.region, "cache_stopped_nodes": False}
        return found | ({"availability_zone": config.zone} if config.zone else {})
    if config.provider == "gcp":
        return {
            "type": "gcp",
            "region": config.region,
            "availability_zone": config.zone or f"{config.region}-a",
            "project_id": config.project,
        }
    found = {
        "type": "azure",
        "location": config.region,
        "resource_group": config.resource_group,
        "cache_stopped_nodes": False,
    }
    return found | ({"availability_zone": config.zone} if config.zone else {})


def _head(config: CloudConfig) -> dict[str, Any]:
    # No cores: no trial runs on the head, which keeps the store and the driver.
    return {
        "resources": {"CPU": 0},
        "min_workers": 0,
        "max_workers": 0,
        "node_config": _machine(config, config.head, is_spot=False),
    }


def _worker(config: CloudConfig) -> dict[str, Any]:
    machine = config.workers
    sizes = {"CPU": machine.cpus, "GPU": machine.gpus}
    return {
        "resources": {name: size for name, size in sizes.items() if size is not None},
        "min_workers": machine.min,
        "max_workers": machine.max,
        "node_config": _machine(config, machine, is_spot=machine.spot),
    }


def _machine(
    config: CloudConfig, machine: CloudHead | CloudWorkers, *, is_spot: bool
) -> dict[str, Any]:
    has_gpus = bool(getattr(machine, "gpus", 0))
    if config.provider == "aws":
        return _aws(config, machine, is_spot)
    if config.provider == "gcp":
        return _gcp(config, machine, is_spot, has_gpus)
    return _azure(machine, is_spot)


def _aws(config: CloudConfig, machine: CloudHead | CloudWorkers, is_spot: bool) -> dict[str, Any]:
    disk = {"VolumeSize": machine.disk_gib, "VolumeType": "gp3"}
    found: dict[str, Any] = {
        "InstanceType": machine.instance,
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
        # A machine that shuts itself down is gone, and its disk with it.
        "InstanceInitiatedShutdownBehavior": "terminate",
        # boto3 encodes it, cloud-init runs it.
        "UserData": _at_boot(config),
    }
    if machine.image:
        found["ImageId"] = machine.image
    if is_spot:
        found["InstanceMarketOptions"] = {"MarketType": "spot"}
    return found


def _gcp(
    config: CloudConfig, machine: CloudHead | CloudWorkers, is_spot: bool, has_gpus: bool
) -> dict[str, Any]:
    if has_gpus and not machine.image:
        raise InputError(
            f"{config.path}, workers.image: machines with GPUs need an image with NVIDIA's driver,"
            " and Ray has no default for Google's. `gcloud compute images list --project"
            " deeplearning-platform-release --no-standard-images` lists them; write"
            " projects/deeplearning-platform-release/global/images/family/FAMILY."
        )
    image = (
        machine.image or "projects/deeplearning-platform-release/global/images/family/common-cpu"
    )
    boot = {"diskSizeGb": machine.disk_gib, "sourceImage": image}
    disk = {"boot": True, "autoDelete": True, "type": "PERSISTENT", "initializeParams": boot}
    found: dict[str, Any] = {
        "machineType": machine.instance,
        "disks": [disk],
        "metadata": {"items": [{"key": "startup-script", "value": _at_boot(config)}]},
    }
    scheduling: dict[str, Any] = {}
    if is_spot:
        scheduling.update(preemptible=True, automaticRestart=False)
    if is_spot or has_gpus:
        scheduling["onHostMaintenance"] = "TERMINATE"
        found["scheduling"] = [scheduling]
    return found


def _azure(machine: CloudHead | CloudWorkers, is_spot: bool) -> dict[str, Any]:
    image = machine.image or "microsoft-dsvm:ubuntu-2204:2204-gen2:latest"
    parts = image.split(":")
    if len(parts) != 4:
        raise InputError(
            f"image: {image}: expected PUBLISHER:OFFER:SKU:VERSION, as `az vm image list` has it."
        )
    names = ("imagePublisher", "imageOffer", "imageSku", "imageVersion")
    found: dict[str, Any] = {"vmSize": machine.instance, "osDiskSize": machine.disk_gib}
    found.update(zip(names, parts, strict=True))
    if is_spot:
        found["priority"] = "Spot"
    return {"azure_arm_parameters": found}


def is_spot(node: Mapping[str, Any]) -> bool:
    """Whether a node_config of any provider asks for a spot machine."""
    scheduling = node.get("scheduling") or [{}]
    google = scheduling[0] if isinstance(scheduling, list) else scheduling
    return bool(
        node.get("InstanceMarketOptions")
        or google.get("preemptible")
        or google.get("provisioningModel") == "SPOT"
        or node.get("azure_arm_parameters", {}).get("priority") == "Spot"
    )


# ------------------------------------------------------------------ commands
def minutes(config: CloudConfig) -> int:
    """How long a machine lives at most, from when that is said to it."""
    return max(1, round(config.max_hours * 60))


def _at_boot(config: CloudConfig) -> str:
    """What a machine runs as root when it boots: its own end, also where ssh never reaches it.

    Ray's part for Azure passes on no such thing.
    """
    return f"#!/bin/sh\nshutdown -h +{minutes(config)}\n"


def _setup(config: CloudConfig, ray_version: str, wheel: str) -> list[str]:
    """Every node's: its own end first, whatever fails after that."""
    schemes = {url.partition("://")[0] for url in (config.results, config.data)}
    packages = [f'"ray[default]=={ray_version}"', wheel]
    packages += sorted({_FILE_SYSTEMS[scheme] for scheme in schemes & _FILE_SYSTEMS.keys()})
    return [
        f"sudo shutdown -h +{minutes(config)}",
        *config.setup,
        *_PYTHON,
        f"python -m pip install {' '.join(packages)}",
    ]


def _cuda(machine: CloudWorkers, wheel: str) -> list[str]:
    return [f"python -m pip install {wheel}[cuda13]"] if machine.gpus else []


def _limits() -> str:
    return "ulimit -n 65536 || true"


def _data(config: CloudConfig) -> str:
    lines = data.shell_lines(config.data)
    return "".join(f"{line}; " for line in lines)


def _merged(made: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` into `made`, map by map; anything else of it replaces what was there."""
    for key, value in more.items():
        both_maps = isinstance(value, Mapping) and isinstance(made.get(key), dict)
        made[key] = _merged(made[key], value) if both_maps else value
    return made
