"""A Ray that is imported already reads its settings again.

It reads RAY_AUTH_MODE when it is imported, and has no call to say another mode later.
"""

from __future__ import annotations

import sys

from sweeper.host.patches.looks import leave_alone


def read_again() -> None:
    """Let this process's Ray, if it is imported, read its settings from os.environ."""
    if "ray" not in sys.modules:
        return  # it will read them
    import ray

    initialize = getattr(getattr(ray._raylet, "Config", None), "initialize", None)
    if callable(initialize):
        initialize("")
    else:
        leave_alone("ray._raylet.Config.initialize", "Ray may connect without its token")
