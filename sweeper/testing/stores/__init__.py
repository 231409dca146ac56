"""What every store keeps, whatever it is kept in: subclass the contract in a backend's tests.

Needs pytest and hypothesis, which nothing else that ships does.

class TestMine(StoreContract):
    backend = MyBackend()
"""

from __future__ import annotations

from sweeper.testing.stores.attempts import Attempts
from sweeper.testing.stores.drivers import Drivers
from sweeper.testing.stores.growth import Growth
from sweeper.testing.stores.histories import Histories
from sweeper.testing.stores.model import Modelled
from sweeper.testing.stores.readers import Readers
from sweeper.testing.stores.values import Values


class StoreContract(Values, Attempts, Histories, Growth, Modelled, Drivers, Readers):
    """A subclass names a `backend` (see `sweeper.store.base`), and `published` where it counts."""
