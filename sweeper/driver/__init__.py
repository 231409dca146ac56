"""The driver: joins the spec's trials, the scheduler, the workers and the store.

`create` puts a run into its folder, `launch` creates one and drives it, `resume` drives one that is
there.
"""

from sweeper.driver.amend import cancel, retry
from sweeper.driver.create import create
from sweeper.driver.launch import launch, resume
from sweeper.driver.progress import Progress
from sweeper.driver.terms import Terms, terms_of

__all__ = [
    "Progress",
    "Terms",
    "cancel",
    "create",
    "launch",
    "resume",
    "retry",
    "terms_of",
]
