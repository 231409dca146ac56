"""An experiment whose rows follow from a formula, as slow as a test needs it."""

import os
import time
from pathlib import Path


class Counting:
    def __init__(self, x, epochs, seconds=0.0, data=""):
        self.x, self.epochs, self.seconds = float(x), epochs, seconds
        # Read as a dataset would be: from the folder that the cluster file's `data` gives.
        self.more = (
            float((Path(os.environ["PYLEARN2_DATA_PATH"]) / data).read_text()) if data else 0
        )

    def __iter__(self):
        for epoch in range(1, self.epochs + 1):
            time.sleep(self.seconds)
            yield {"cost": self.x * self.x + self.more + 1.0 / epoch}
