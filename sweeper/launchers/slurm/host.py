"""Where Ray's head can listen: `python -m sweeper.launchers.slurm.host NODE`, run on that node.

It prints IP:PORT and the options of `ray start --head` that name free ports.
"""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import sys
from contextlib import ExitStack

# Where a connection would leave from; nothing is sent there.
_ELSEWHERE = ("192.0.2.1", 9)


def address_of(node: str) -> str:
    """The IP address by which the other nodes reach this one: as SLURM does."""
    try:
        shown = subprocess.run(
            ["scontrol", "show", "node", node], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        shown = ""
    for name in (*re.findall(r"\bNodeAddr=(\S+)", shown), node, socket.gethostname()):
        try:
            found = socket.gethostbyname(name)
        except OSError:
            continue
        if not found.startswith("127."):  # what /etc/hosts says of the node itself
            return found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            outward.connect(_ELSEWHERE)
            return str(outward.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def free_ports(number: int) -> list[int]:
    """So many different ports that nobody listens on now."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def options(ports: list[int]) -> list[str]:
    """The ports of a head that Ray would else take at a fixed number, as options of `ray start`."""
    named = ["--port", "--dashboard-port", "--dashboard-agent-listen-port"]
    if importlib.util.find_spec("grpc") is not None:  # else Ray refuses the option
        named.append("--ray-client-server-port")
    return [f"{name}={port}" for name, port in zip(named, ports, strict=False)]


def main(arguments: list[str]) -> int:
    """Print the address and the options; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m sweeper.launchers.slurm.host NODE", file=sys.stderr)
        return 2
    ports = free_ports(4)
    print(f"{address_of(arguments[0])}:{ports[0]}", *options(ports))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
