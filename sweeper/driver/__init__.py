"""The driver: joins the spec's trials, the scheduler, the workers and the store.

`make` puts a run into its folder, `launch` makes one and drives it, `resume` drives one that is
made.
"""

from sweeper.driver.make import entries, make, unmake
from sweeper.driver.mark import cancel, retry
from sweeper.driver.progress import Progress
from sweeper.driver.run import Terms, check_code, launch, resume, terms_of

__all__ = [
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
