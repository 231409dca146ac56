"""The workers of one sweep, as its driver has them: commands to Ray calls, answers to events."""

from sweeper.workers.pool.pool import Pool
from sweeper.workers.pool.setup import PoolSetup

__all__ = ["Pool", "PoolSetup"]
