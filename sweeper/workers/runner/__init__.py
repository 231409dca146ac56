"""Trials in this process: from (text, values) to events and rows. Knows nothing of Ray.

The one place of the sweep system that imports pylearn2core, and with it PyTensor and JAX: whoever
imports it has set the environment and the cores before.
"""

from sweeper.workers.runner.runner import Runner

__all__ = ["Runner"]
