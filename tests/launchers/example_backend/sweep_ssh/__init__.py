"""`kind: ssh`: the driver runs on one host that shares this one's disk."""

from sweep_ssh.config import read
from sweep_ssh.launcher import SshLauncher
from sweeper.launchers.base import Backend

BACKEND = Backend(read, SshLauncher)
