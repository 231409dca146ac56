"""Names of types: variables of a graph, arrays, seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# A node of a graph: a batch of data or a nest of them, a parameter, an expression, a scalar. Any
# to the checker, which follows no import of PyTensor: its own types do not survive --strict.
Symbol: TypeAlias = Any
# Numbers in memory, of any type and shape.
Array: TypeAlias = NDArray[Any]
# What NumPy's legacy generator is made of; an argument `rng` takes the generator itself as well.
Seed: TypeAlias = int | Sequence[int]
SeedOrRng: TypeAlias = Seed | np.random.RandomState
