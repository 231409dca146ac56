"""Plays what stands between `ray up` and a cloud's machines: ssh, rsync, sudo, and a machine's ray.

One file under several names. A machine is a home folder, an address on the loopback device, and the
processes that have that home: commands really run, `ray` really starts a node there.

BOX: folder of all machines.    BOX_PYTHON: the interpreter, with Ray, that machines find.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

BOX = Path(os.environ["BOX"])
PYTHON = os.environ["BOX_PYTHON"]


def log(*words: str) -> None:
    with (BOX / "commands.log").open("a") as file:
        file.write(f"{time.time():.3f} {os.environ.get('BOX_IP', 'here')} {' '.join(words)}\n")


def home_of(ip: str) -> Path:
    """The machine's home, made when somebody first speaks to it."""
    home = BOX / ip
    if not home.exists():
        subprocess.run(["ip", "addr", "add", f"{ip}/32", "dev", "lo"], check=False)
        home.mkdir(parents=True)
        kept = ("BOX", "BOX_PYTHON", "AWS_", "MOTO", "NO_PROXY")
        lines = [f"export {k}={v!r}\n" for k, v in os.environ.items() if k.startswith(kept)]
        lines.append(f"export BOX_IP={ip} HOME={home} PATH={BOX}/bin:/usr/bin:/bin\n")
        (home / ".bashrc").write_text("".join(lines))
    return home


def ssh(arguments: list[str]) -> int:
    place = next(i for i, word in enumerate(arguments) if "@" in word and "=" not in word)
    ip, command = arguments[place].split("@")[1], " ".join(arguments[place + 1 :])
    home = home_of(ip)
    environ = {"HOME": str(home), "BOX": str(BOX), "BOX_PYTHON": PYTHON, "PATH": os.environ["PATH"]}
    os.environ["BOX_IP"] = ip
    log("ssh", command)
    # A session of its own, as sshd gives one: what it leaves behind outlives it.
    done = subprocess.run(
        ["bash", "-c", command], cwd=home, env=environ, start_new_session=True, check=False
    )
    return done.returncode


def local_path(word: str) -> Path:
    """`user@ip:path` or a path here."""
    if "@" not in word:
        return Path(word)
    ip, path = word.split("@")[1].split(":", 1)
    return Path(path.replace("~", str(home_of(ip)), 1)) if path[0] == "~" else home_of(ip) / path


def rsync(arguments: list[str]) -> int:
    source, target = arguments[-2:]
    log("rsync", source, target)
    there, here = local_path(target), local_path(source)
    if here.is_dir():
        inside = there if source.endswith("/") else there / here.name
        shutil.copytree(here, inside, dirs_exist_ok=True)
    else:
        into = there / here.name if target.endswith("/") or there.is_dir() else there
        shutil.copy2(here, into)
    return 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ray(arguments: list[str]) -> int:
    if arguments[0] == "stop":  # the real one would end all machines' Ray
        end_machine(Path(os.environ["HOME"]), but=ancestors())
        return 0
    more = []
    if arguments[0] == "start":
        log("ray", *arguments)
        more = [
            f"--node-ip-address={os.environ['BOX_IP']}",
            f"--temp-dir={os.environ['HOME']}/r",
            "--object-store-memory=80000000",
            f"--dashboard-agent-listen-port={free_port()}",
            f"--metrics-export-port={free_port()}",
            "--min-worker-port=0",
            "--max-worker-port=0",
        ]
    return become("-m", "ray.scripts.scripts", *arguments, *more)


def become(*arguments: str) -> NoReturn:
    os.execv(PYTHON, [PYTHON, *arguments])


def ancestors() -> set[int]:
    found, pid = {os.getpid()}, os.getppid()
    while pid > 1:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return found


def end_machine(home: Path, but: set[int] = frozenset()) -> None:
    """End every process that has this home, as a machine's end would."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        with contextlib.suppress(OSError):
            if pid not in but and f"HOME={home}\0".encode() in path.read_bytes():
                os.kill(pid, signal.SIGKILL)


def python(arguments: list[str]) -> int:
    if arguments[:2] == ["-m", "pip"]:  # all of it is there already
        log("pip", *arguments[2:])
        return 0
    return become(*arguments)


def main() -> int:
    name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    if name in ("sudo", "pip"):
        log(name, *arguments)
        return 0
    return {"ssh": ssh, "rsync": rsync, "ray": ray, "python": python}[name](arguments)


if __name__ == "__main__":
    sys.exit(main())
