"""The driver: joins the spec's trials, the scheduler, the workers and the store.

`make` puts a run into its folder, `launch` makes one and drives it, `resume` drives one that is
made.
"""

from sweeper.sweep.make import entries, make, unmake
from sweeper.sweep.mark import cancel, retry
from sweeper.sweep.progress import Outcome, Progress
from sweeper.sweep.run import Terms, check_code, launch, resume, terms_of

__all__ = [
    "Outcome",
    "Progress",
    "Terms",
    "cancel",
    "check_code",
    "entries",
    "launch",
    "make",
    "resume",
    "retry",
    "terms_of",
    "unmake",
]
