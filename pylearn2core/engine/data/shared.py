"""One copy of a large array for all processes of a host: a file that they map, read-only.

Only where the environment names a folder for it: a sweep's workers do. Files are named by their
content, so whoever comes second maps what the first one wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# The folder, in the environment; it is for one user, and whoever named it removes it.
SETTING = "PYLEARN2_SHARED_DATA"
# Below so many bytes a file costs more than it spares.
_SMALLEST = 1 << 20


def digest(array: Array) -> tuple[Hashable, ...]:
    """What tells arrays of different content apart; about 1 ms a MB."""
    content = np.ascontiguousarray(array).view(np.uint8).data
    return array.shape, array.dtype.str, hashlib.sha256(content).hexdigest()


def shared(array: Array) -> Array:
    """An array of equal content whose memory the host's processes share, read-only.

    The array itself where it is small or of objects, where no folder is named, or where it can't be
    written there.
    """
    folder = os.environ.get(SETTING, "")
    if not folder or array.nbytes < _SMALLEST or array.dtype.hasobject or is_shared(array):
        return array
    path = Path(folder) / f"{hashlib.sha256(repr(digest(array)).encode()).hexdigest()}.npy"
    try:
        if not path.exists():
            _write(path, array)
        mapped: Array = np.load(path, mmap_mode="r").view(np.ndarray)
    except OSError:  # a full disk, say: this process keeps its own
        return array
    return mapped


def is_shared(array: Array) -> bool:
    """Whether an array is a view of a file that is mapped read-only, which nobody changes."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap):
            return base.mode == "r"
        base = getattr(base, "base", None)
    return False


def _write(path: Path, array: Array) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, np.ascontiguousarray(array))
        # Not replaced where another process was faster: it maps that file already.
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
