"""Helpers of tests, under Pylearn2's names."""

from pylearn2core.testing.modes import no_debug_mode

__all__ = ["no_debug_mode"]
