"""An experiment whose rows follow from a formula, and that lasts as long as a test needs it."""

import os
import time
from itertools import count
from pathlib import Path


class Counting:
    """`epochs` rows, and more of them until the file `until` is there."""

    def __init__(self, x, epochs, seconds=0.0, until="", data=""):
        self.x, self.epochs, self.seconds = float(x), epochs, seconds
        self.until = Path(until) if until else None
        # Read as a dataset would be: from the folder that the cluster file's `data` gives.
        self.more = (
            float((Path(os.environ["PYLEARN2_DATA_PATH"]) / data).read_text()) if data else 0
        )

    def __iter__(self):
        for epoch in count(1):
            time.sleep(self.seconds)
            yield {"cost": self.x * self.x + self.more + 1.0 / epoch}
            if epoch >= self.epochs and (self.until is None or self.until.exists()):
                return
