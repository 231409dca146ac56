"""Is a path on a network file system? There SQLite can be trusted to one process at most."""

from __future__ import annotations

import os
from pathlib import Path

# File systems whose files other hosts can write too, or whose locks and shared memory are not
# the kernel's own. FUSE is counted whole: sshfs, s3fs, gluster and their kin can't be told apart
# from the few that are local.
_NETWORK = frozenset(
    [
        "nfs",
        "nfs4",
        "lustre",
        "gpfs",
        "beegfs",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "9p",
        "afs",
        "glusterfs",
        "panfs",
        "orangefs",
        "pvfs2",
        "wekafs",
        "virtiofs",
        "ncpfs",
        "coda",
        "acfs",
        "gfs2",
        "ocfs2",
        "vboxsf",
        "davfs",
        "prl_fs",
    ]
)


def is_network(fstype: str) -> bool:
    """Whether /proc/mounts' name of a file system's type means a network."""
    return fstype in _NETWORK or fstype.startswith("fuse.")


def fstype_of(path: str, mounts: str) -> str:
    """Type of the file system that holds the absolute `path`; "" if no mount does.

    mounts: text of /proc/mounts.
    """
    best, found = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescape(fields[1])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # A later mount on the same point hides the earlier one.
        if inside and len(point) >= best:
            best, found = len(point), fields[2]
    return found


def _unescape(point: str) -> str:
    for escaped, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escaped, char)
    return point


def on_network(path: Path) -> bool:
    """Whether `path` is on a network file system; False where the host does not say."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return is_network(fstype_of(os.path.realpath(path), mounts))
