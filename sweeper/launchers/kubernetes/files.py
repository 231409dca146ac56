"""The ConfigMap: the driver's command, and what lies in the spec's folder.

Before Ray starts in a pod, the files are copied to the pod's own disk: the links that a mounted
ConfigMap is made of differ from pod to pod.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.launchers import data
from sweeper.launchers.kubernetes.shape import (
    DATA,
    SCRIPT,
    SHIPPED,
    WORK,
    Document,
    Shape,
    count_workers,
    files_name,
    metadata,
    remote_dir,
)
from sweeper.launchers.remote.driver import driver_command

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.launchers.kubernetes.config import KubernetesConfig

# A ConfigMap holds 1 MiB, its keys and the driver's command among that.
LIMIT_BYTES = 900 * 2**10


def config_map(shape: Shape) -> Document:
    """The document."""
    text: dict[str, str] = {SCRIPT: _script(shape)}
    binary: dict[str, str] = {}
    for key, path in _keys(shape.files):
        content = path.read_bytes()
        if (plain := _plain(content)) is not None:
            text[key] = plain
        else:
            binary[key] = base64.b64encode(content).decode()
    found: Document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(files_name(shape.job), shape.config),
        "data": text,
    }
    return found | ({"binaryData": binary} if binary else {})


def volume(shape: Shape) -> Document:
    """The ConfigMap as a volume: each file at its path below the spec's folder."""
    folder = shape.order.spec_path.parent
    items = [{"key": SCRIPT, "path": SCRIPT}]
    for key, path in _keys(shape.files):
        items.append({"key": key, "path": f"files/{path.relative_to(folder)}"})
    return {"name": "shipped", "configMap": {"name": files_name(shape.job), "items": items}}


def prepare(config: KubernetesConfig) -> str:
    """The shell line that makes a pod ready, before Ray starts in it."""
    copied = f"cp -rL {SHIPPED}/{SCRIPT} {SHIPPED}/files {WORK}/"
    if not data.is_url(config.data):
        return copied
    return f"{copied} && python -m sweeper.launchers.data {shlex.quote(config.data)} {DATA}"


def _keys(files: Sequence[Path]) -> list[tuple[str, Path]]:
    """A key for each file: no slash may be in it, and two folders may hold the same name."""
    names = [re.sub(r"[^-.\w]", "_", path.name, flags=re.ASCII)[:200] for path in files]
    return [(f"{i}-{name}", path) for i, (name, path) in enumerate(zip(names, files, strict=True))]


def _plain(content: bytes) -> str | None:
    """The text of a file, None where it is none that YAML keeps as it is."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\n\t" for c in text) else None


def _script(shape: Shape) -> str:
    """The driver, on the head. One file, so that no shell on the way reads the user's words."""
    order, run_dir = shape.order, remote_dir(shape.job)
    most = min(order.trials, count_workers(order.header.resources, shape.config))
    lines = ["#!/bin/bash", f"cd {WORK}/files"]
    if order.before is not None:
        words = ["python", "-m", "sweeper.launchers.remote.restore", shape.results, run_dir]
        lines.append(f"{shlex.join(words)} || exit")
    lines.append(f"exec {driver_command(order, run_dir, most)}")
    return "".join(f"{line}\n" for line in lines)
