"""Where a path's file system is a network's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweeper.host.disks import fstype_of, is_network, on_network

MOUNTS = r"""/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/export /home nfs4 rw,vers=4.2 0 0
/dev/nvme0n1 /home/me/scratch xfs rw 0 0
me@host:/ /mnt/my\040disk fuse.sshfs rw 0 0
tmpfs /data tmpfs rw 0 0
mgmt:/fs /data lustre rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "fstype"),
    [
        ("/etc/x", "ext4"),
        ("/home/me/run", "nfs4"),
        ("/home", "nfs4"),
        ("/homework/run", "ext4"),
        ("/home/me/scratch/run", "xfs"),
        ("/mnt/my disk/run", "fuse.sshfs"),
        ("/data/run", "lustre"),
    ],
)
def test_the_innermost_and_newest_mount_holds_a_path(path, fstype):
    assert fstype_of(path, MOUNTS) == fstype


@pytest.mark.parametrize("fstype", ["nfs", "nfs4", "lustre", "gpfs", "beegfs", "cifs", "smb3"])
def test_network_file_systems_are_known(fstype):
    assert is_network(fstype)


@pytest.mark.parametrize("fstype", ["fuse.sshfs", "fuse.s3fs", "ceph", "9p"])
def test_file_systems_that_only_look_local_are_a_network(fstype):
    assert is_network(fstype)


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuseblk"])
def test_local_file_systems_are_no_network(fstype):
    assert not is_network(fstype)


def test_a_file_that_is_not_there_yet_is_found_by_its_folder(tmp_path):
    # /proc/self/mountinfo is the kernel's other account of the same mounts.
    device = tmp_path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    lines = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    types = {line[line.index("-") + 1] for line in lines if line[2] == wanted}
    found = fstype_of(str(tmp_path / "new" / "sweep.db"), Path("/proc/mounts").read_text())
    assert found in types
    assert on_network(tmp_path) == is_network(found)
