"""Every place where this package changes another library, or leans on its insides; see README.md.

No import changes anything: a worker's runner and `Train` call `install`.
"""

from __future__ import annotations

import logging
from functools import cache

log = logging.getLogger(__name__)


@cache
def install() -> None:
    """Change what is to be changed, in this process, once.

    What is not as the patches expect it stays as it is, and the log says so.
    """
    try:
        # On a release that lacks what it is about, to import it may fail.
        from pylearn2core.patches import fast_nodes

        unexpected = fast_nodes.install()
    except (ImportError, AttributeError) as error:
        unexpected = str(error)
    if unexpected is not None:
        log.warning(
            "Graphs are built by PyTensor's own functions, which takes longer and gives the same "
            "numbers: %s.",
            unexpected,
        )
