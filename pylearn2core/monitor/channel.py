"""A channel: one named quantity of training, and what it was after each epoch."""

from __future__ import annotations

from typing import Any


class Clock:
    """When records were made: lists that all channels of one start share."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.examples: list[int] = []
        self.epochs: list[int] = []
        self.times: list[float] = []

    def tick(self, *, batches: int, examples: int, epochs: int, time: float) -> None:
        """One more record is made."""
        self.batches.append(batches)
        self.examples.append(examples)
        self.epochs.append(epochs)
        self.times.append(time)

    def forget_last(self) -> None:
        """Take the last record back."""
        for record in (self.batches, self.examples, self.epochs, self.times):
            del record[-1:]


class MonitorChannel:
    """The values that one quantity took; entry k is after k epochs.

    val_record: its values.    batch_record, example_record, epoch_record: how many of each the
    model had seen then.    time_record: seconds since the monitor's first record.
    graph_input, val, data_specs, dataset, prereqs: as Pylearn2's constructor had them; the monitor
    holds what they say, not its channels.    old_channel: whose records it goes on with.
    """

    def __init__(
        self,
        graph_input: Any = None,
        val: Any = None,
        name: str = "",
        data_specs: Any = None,
        dataset: Any = None,
        prereqs: Any = None,
        old_channel: MonitorChannel | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.clock: Clock = clock or (old_channel.clock if old_channel else Clock())
        self.val_record: list[float] = [] if old_channel is None else list(old_channel.val_record)

    @property
    def batch_record(self) -> list[int]:
        """Batches seen at each record."""
        return self.clock.batches

    @property
    def example_record(self) -> list[int]:
        """Examples seen at each record."""
        return self.clock.examples

    @property
    def epoch_record(self) -> list[int]:
        """Epochs seen at each record."""
        return self.clock.epochs

    @property
    def time_record(self) -> list[float]:
        """Seconds since the monitor's first record, at each record."""
        return self.clock.times

    def __repr__(self) -> str:
        last = f"{self.val_record[-1]:.6g}" if self.val_record else "no record"
        return f"<MonitorChannel {self.name}: {last}>"

    def __str__(self) -> str:
        last = str(self.val_record[-1]) if self.val_record else "no record"
        return f"{self.name}: {last}"

    def append(self, value: Any) -> None:
        """Add a value; the clock ticks once for all channels."""
        self.val_record.append(float(value))
