"""What a URL leads to, by fsspec: s3://, gs://, file:// and whatever else has a library here.

Each file system raises errors of its own kinds; ImportError names a library that is not there.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

# Their objects appear when they are whole; elsewhere a file is renamed when it is.
_OF_OBJECTS = {"s3", "gs", "abfs"}


def opened(url: str) -> tuple[Any, str]:
    """fsspec's file system of a URL, and the path there, with no slash at its end."""
    import fsspec

    system, path = fsspec.core.url_to_fs(url)
    return system, path.rstrip("/") or path


def read(url: str) -> bytes:
    """A file's content."""
    import fsspec

    with fsspec.open(url, "rb") as file:
        content: bytes = file.read()
    return content


def put(path: Path, url: str) -> None:
    """Copy a file into the folder at `url`; a reader sees the old file or the new, never half."""
    system, folder = opened(url)
    system.makedirs(folder, exist_ok=True)
    target, beside = f"{folder}/{path.name}", f"{folder}/.{path.name}-new"
    is_object = not _OF_OBJECTS.isdisjoint(_protocols(system))
    with path.open("rb") as source, system.open(target if is_object else beside, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    if not is_object:
        system.mv(beside, target)


def fetch(url: str, folder: Path) -> bool:
    """Copy what is at `url`, a file or a folder's files, into `folder`; False for nothing there."""
    system, path = opened(url)
    if system.isfile(path):
        system.get_file(path, str(folder / path.rsplit("/", 1)[-1]))
    elif system.exists(path):
        system.get(f"{path}/", f"{folder}/", recursive=True)
    else:
        return False
    return True


def _protocols(system: Any) -> tuple[str, ...]:
    found = system.protocol
    return (found,) if isinstance(found, str) else tuple(found)
