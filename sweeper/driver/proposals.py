"""A source of trials, asked beside the driver's loop for one batch after the other."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import TypeAlias

    from sweeper.driver.past import Past
    from sweeper.spec import Proposal, Source

    Said: TypeAlias = Proposal | BaseException | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said. proposal: None where nothing is to come. is_last: nothing after it is."""

    batch: int
    proposal: Proposal | None
    is_last: bool


class Proposals:
    """Asks for a batch once the results that it follows from are there.

    past: what the source may know.    batches: how many it has proposed so far.
    """

    def __init__(self, source: Source, past: Past, batches: int) -> None:
        self._source = source
        self._past = past
        self._next = batches
        self._said: SimpleQueue[Said] | None = None

    def look(self, stuck: Collection[str]) -> Answer | None:
        """The next answer, if there is one; returns at once.

        stuck: trials that will come to no end.    Raises what the source raises.
        """
        if self._said is None:
            self._ask_if_due(stuck)
            return None
        try:
            said = self._said.get_nowait()
        except Empty:
            return None
        self._said = None
        if isinstance(said, BaseException):
            raise said
        batch, self._next = self._next, self._next + 1
        return Answer(batch, said, is_last=said is None or self._next == self._source.batches)

    def _ask_if_due(self, stuck: Collection[str]) -> None:
        """Ask for the next batch where all that it may look at has come to its end."""
        until = self._next - 1 - self._source.lag
        if not self._past.is_over(until, stuck):
            return
        batch, history = self._next, self._past.history(until, stuck)
        self._said = _in_thread(lambda: self._source.propose(batch, history))


def _in_thread(work: Callable[[], Proposal | None]) -> SimpleQueue[Said]:
    """Where the answer will be. The process may end before that: nobody waits for the thread."""
    answer: SimpleQueue[Said] = SimpleQueue()

    def run() -> None:
        try:
            answer.put(work())
        except BaseException as error:  # the loop raises it
            answer.put(error)

    threading.Thread(target=run, name="proposal", daemon=True).start()
    return answer
