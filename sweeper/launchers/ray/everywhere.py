"""A URL's data to the own disk of every node, before the driver starts.

`python -m sweeper.launchers.ray.everywhere URL FOLDER`, in a job. Nodes that come later have none.
"""

from __future__ import annotations

import shlex
import sys

MODULE = "sweeper.launchers.ray.everywhere"


def command(url: str, folder: str) -> str:
    """The shell command."""
    return shlex.join(["python", "-m", MODULE, url, folder])


def main(arguments: list[str]) -> int:
    """Run `sweeper.launchers.data` once on each node; what it said where it failed."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    url, folder = arguments
    ray.init(log_to_driver=False)
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    fetch = ray.remote(num_cpus=0)(fetch_here)
    running = [
        fetch.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            url, folder
        )
        for node in nodes
    ]
    wrong = sorted({said for said in ray.get(running) if said})
    print("\n".join(wrong) or f"data: {url} is in {folder} on {len(nodes)} nodes")
    return 2 if wrong else 0


def fetch_here(url: str, folder: str) -> str:
    """Fetch to this node; "" where that went well."""
    from pathlib import Path

    from sweeper.launchers.data import fetch
    from sweeper.records.errors import InputError

    try:
        fetch(url, Path(folder))
    except InputError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    # By its own name: Ray sends functions of __main__ by value, ours by reference.
    from sweeper.launchers.ray.everywhere import main as imported

    sys.exit(imported(sys.argv[1:]))
