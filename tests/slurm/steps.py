"""The experiment of these tests: a chain of numbers, so that a row that is missing shows."""

import os
import time
from pathlib import Path


class Steps:
    """x is multiplied by `rate` and 1 is added, once an epoch, `seconds` apart. It can be saved."""

    def __init__(self, rate, seconds, epochs=10):
        self.rate = rate
        self.seconds = seconds
        self.epochs = epochs
        self.done = 0
        self.x = 0.0

    def __iter__(self):
        while self.done < self.epochs:
            time.sleep(self.seconds)
            self.x = self.x * self.rate + 1
            self.done += 1
            data = os.environ.get("PYLEARN2_DATA_PATH", "")
            yield {"x": self.x, "has_data": float((Path(data) / "data.txt").is_file())}

    def state_dict(self):
        return {"done": self.done, "x": self.x}

    def load_state_dict(self, state):
        self.done = int(state["done"])
        self.x = float(state["x"])
