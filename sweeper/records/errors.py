"""One root error, a few kinds, an exit code each."""

from __future__ import annotations


class SweepError(Exception):
    """Root of the errors that the command line prints as one paragraph.

    exit_code: what the process exits with when this error ends it.
    """

    exit_code = 1


class InputError(SweepError):
    """The user's input is wrong: spec, option, folder, module.

    The message says where, what was found, what was expected and what to do.
    """

    exit_code = 2


class StoreError(SweepError):
    """The store can't be read or written (missing, locked, full disk, later version)."""

    exit_code = 2


class StoreBusyError(StoreError):
    """Another driver is alive on this run."""


class FencedError(StoreError):
    """A write came from a driver whose generation is over."""

    exit_code = 3


class ClusterError(SweepError):
    """The cluster's fault: Ray can't start, no worker comes up, devices do not match."""

    exit_code = 3
