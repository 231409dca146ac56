"""The wheel that the nodes install: made from what is installed here, without a build tool."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from sweeper.launchers.remote.packages import own_code
from sweeper.records.errors import InputError

_WHEEL = "Wheel-Version: 1.0\nGenerator: sweeper\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def make_wheel(folder: Path) -> Path:
    """Write the wheel into `folder`; it is plain Python and has our metadata. Raises InputError."""
    try:
        ours = distribution("sweeper")
    except PackageNotFoundError:
        raise InputError(
            "sweeper runs from a folder here, so no wheel can be made of it for the nodes. Install"
            " it (`pip install .`), or name a wheel by `wheel` in the cluster file."
        ) from None
    info = f"sweeper-{ours.version}.dist-info"
    files = own_code()  # with METADATA
    files.append((f"{info}/WHEEL", _WHEEL.encode()))
    files.append((f"{info}/entry_points.txt", (ours.read_text("entry_points.txt") or "").encode()))
    record = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files]
    files.append((f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]).encode()))
    path = folder / f"sweeper-{ours.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return path


def _digest(content: bytes) -> str:
    """sha256 as a wheel's RECORD has it. Source: PEP 427."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
