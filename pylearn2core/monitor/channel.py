"""A channel: one named quantity of training, and what it was after each epoch."""

from __future__ import annotations

from typing import Any


class MonitorChannel:
    """The values that one quantity took; entry k is after k epochs.

    val_record: its values.    batch_record, example_record, epoch_record: how many of each the
    model had seen then.    time_record: seconds since the monitor's first record.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.val_record: list[float] = []
        self.batch_record: list[int] = []
        self.example_record: list[int] = []
        self.epoch_record: list[int] = []
        self.time_record: list[float] = []

    def __repr__(self) -> str:
        last = f"{self.val_record[-1]:.6g}" if self.val_record else "no record"
        return f"<MonitorChannel {self.name}: {last}>"

    def __str__(self) -> str:
        last = str(self.val_record[-1]) if self.val_record else "no record"
        return f"{self.name}: {last}"

    def append(self, value: Any, *, batches: int, examples: int, epochs: int, time: float) -> None:
        """Add one record."""
        self.val_record.append(float(value))
        self.batch_record.append(batches)
        self.example_record.append(examples)
        self.epoch_record.append(epochs)
        self.time_record.append(time)

    def forget_last(self) -> None:
        """Take the last record back."""
        for record in (
            self.val_record,
            self.batch_record,
            self.example_record,
            self.epoch_record,
            self.time_record,
        ):
            del record[-1:]
