"""The history of a trial whose attempts go on from one another."""

from __future__ import annotations

from sweeper.records import AttemptState
from sweeper.store.base import Store
from sweeper.testing.stores import made
from sweeper.testing.stores.base import Contract


class Histories(Contract):
    """Of each attempt the rows that the next one went on from."""

    def test_an_attempt_that_starts_again_is_the_whole_history(
        self, store: Store, generation: int
    ) -> None:
        store.write(generation, [made.started("t0"), made.row("t0", 0), made.row("t0", 1)])
        store.write(generation, [made.ended("t0", state=AttemptState.LOST)])
        store.write(generation, [made.started("t0", 2), made.row("t0", 0, attempt=2)])
        assert [(row.attempt, row.epoch) for row in store.rows()] == [(2, 0)]

    def test_an_attempt_that_went_on_has_the_earlier_ones_rows_before_it(
        self, store: Store, generation: int
    ) -> None:
        def attempt(number: int, phase: int, *epochs: int) -> None:
            rows = [made.row("t1", epoch, attempt=number, phase=phase) for epoch in epochs]
            store.write(generation, [made.started("t1", number), *rows])

        def history() -> list[tuple[int, int, int]]:
            return [(row.attempt, row.phase, row.epoch) for row in store.rows()]

        store.write(generation, [made.started("t0"), made.row("t0", 7), made.started("t2")])
        attempt(1, 0, 0, 1, 2, 3, 4)
        attempt(2, 0)  # has said nothing yet
        assert history() == [(1, 0, 7), *((1, 0, epoch) for epoch in range(5))]
        attempt(3, 0, 3, 4, 5, 6)
        assert history()[1:] == [
            (1, 0, 0),
            (1, 0, 1),
            (1, 0, 2),
            *((3, 0, e) for e in (3, 4, 5, 6)),
        ]
        attempt(4, 1, 0, 1)  # a later phase
        assert history()[-2:] == [(4, 1, 0), (4, 1, 1)]
        assert len(history()) == 10
        attempt(5, 0, 2, 3)
        assert history() == [(1, 0, 7), (1, 0, 0), (1, 0, 1), (5, 0, 2), (5, 0, 3)]
        assert [row.epoch for row in store.rows("t1")] == [0, 1, 2, 3]
