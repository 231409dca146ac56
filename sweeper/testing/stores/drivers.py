"""One driver at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from sweeper.records import Ending, EndKind
from sweeper.records.errors import FencedError, StoreBusyError
from sweeper.store.base import Store, StoreLocation
from sweeper.testing.stores import made
from sweeper.testing.stores.base import HOST, NOW, PID, Contract


class Drivers(Contract):
    """Each claims the store, and is heard of."""

    def test_each_claim_is_a_new_generation(self, store: Store) -> None:
        assert store.claim(HOST, PID, NOW) == 1
        assert store.claim(HOST, PID, NOW + 1) == 2
        sweep = store.sweep()
        assert (sweep.state, sweep.host, sweep.pid) == ("running", HOST, PID)
        assert (sweep.generation, sweep.heartbeat) == (2, NOW + 1)

    def test_a_living_driver_on_another_host_is_named(self, store: Store, generation: int) -> None:
        with pytest.raises(StoreBusyError, match=r"process 77 on host node0, heard 12 s ago"):
            store.claim("node9", 1, NOW + 12)

    def test_a_driver_that_was_silent_for_30_s_is_replaced(
        self, store: Store, generation: int
    ) -> None:
        store.heartbeat(generation, NOW + 100)
        with pytest.raises(StoreBusyError, match="node0"):
            store.claim("node9", 1, NOW + 129)
        assert store.claim("node9", 1, NOW + 130) == 2

    def test_a_driver_whose_process_is_gone_is_replaced_at_once(self, store: Store) -> None:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        now = time.time()
        store.claim(HOST, child.pid, now)
        for later in (1, 1000):  # of its own host, a silent driver may be a stopped one
            with pytest.raises(StoreBusyError, match=f"process {child.pid} "):
                store.claim(HOST, os.getpid(), now + later)
        child.communicate(b"\n")
        assert store.claim(HOST, os.getpid(), now + 1) == 2

    def test_a_process_that_has_the_dead_driver_s_number_is_not_the_driver(
        self, store: Store
    ) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            store.claim(HOST, child.pid, time.time() - 3600)
            assert store.claim(HOST, os.getpid(), time.time()) == 2
            child.communicate(b"\n")

    def test_a_finished_run_can_be_claimed_at_once(self, store: Store, generation: int) -> None:
        store.finish(generation, Ending(EndKind.TIME_SHORT, "no time"), NOW + 1)
        assert store.claim("node9", 1, NOW + 2) == 2
        assert (store.sweep().state, store.sweep().ending) == ("running", None)

    @pytest.mark.parametrize("kind", EndKind)
    def test_how_a_run_ended_is_kept(
        self, path: StoreLocation, store: Store, generation: int, kind: EndKind
    ) -> None:
        ending = Ending(kind, "one line\n\nand another")
        store.finish(generation, ending, NOW + 1)
        store.close()
        reader = self.read(path)
        assert reader.sweep().state == reader.sweep().ending == ending
        reader.close()

    def test_a_run_can_be_left_as_if_no_driver_had_been_there(
        self, store: Store, generation: int
    ) -> None:
        store.finish(generation, "created", NOW)
        assert (store.sweep().state, store.sweep().ending) == ("created", None)

    def test_a_driver_that_was_replaced_writes_nothing(self, store: Store, generation: int) -> None:
        newer = store.claim("node9", 1, NOW + 100)
        for write in (
            lambda: store.write(generation, [made.started("t0")]),
            lambda: store.heartbeat(generation, NOW + 200),
            lambda: store.finish(generation, Ending(EndKind.CRASHED), NOW + 200),
        ):
            with pytest.raises(FencedError, match=r"generation is 2, this driver's 1"):
                write()
        assert store.attempts() == []
        assert (store.sweep().state, store.sweep().heartbeat) == ("running", NOW + 100)
        assert store.write(newer, [made.started("t0")]) == 0
