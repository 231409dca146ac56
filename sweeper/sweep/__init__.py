"""The driver: joins the spec's trials, the scheduler, the workers and the store.

`launch` runs a new sweep, `resume` goes on with one.
"""

from sweeper.sweep.progress import Outcome, Progress
from sweeper.sweep.run import launch, resume

__all__ = ["Outcome", "Progress", "launch", "resume"]
