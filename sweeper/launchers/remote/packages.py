"""What is shipped to a cluster, as zip files: the spec's folder, and sweeper itself.

sweeper is plain Python, so it travels with each run: what runs there is what is installed here, and
nobody has to install it on the cluster first.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_OURS = ("sweeper", "pylearn2core", "pylearn2")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's first moment: the same files give the same bytes


def own_code() -> list[tuple[str, bytes]]:
    """The files of our packages, and the metadata that says their version, by name."""
    root = Path(__file__).parents[3]
    files = [
        (str(path.relative_to(root)), path.read_bytes())
        for package in _OURS
        for path in sorted((root / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    try:
        ours = distribution("sweeper")
    except PackageNotFoundError:
        return files
    metadata = ours.read_text("METADATA") or ""
    return [*files, (f"sweeper-{ours.version}.dist-info/METADATA", metadata.encode())]


def read_files(folder: Path, paths: Iterable[Path]) -> list[tuple[str, bytes]]:
    """The files with their names below `folder`."""
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in paths]


def zipped(files: Iterable[tuple[str, bytes]]) -> tuple[str, bytes]:
    """(name, content) of a zip file; the name follows from the content, as Ray has it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    content = out.getvalue()
    return f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:20]}.zip", content
