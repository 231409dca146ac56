"""From a step's graph to a function of arrays.

`(batch, shared, lifted) -> (new values of the updated shared variables, outputs)`, all tuples of
arrays. JAX where it can; PyTensor's own compiled function where it can't.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytensor
from pytensor.compile.mode import get_mode
from pytensor.graph.fg import FunctionGraph
from pytensor.link.jax.dispatch import jax_typify
from pytensor.link.utils import fgraph_to_python
from pytensor.tensor.random.type import RandomType

from pylearn2core.engine.graph.copies import pure
from pylearn2core.engine.graph.reading import Reading
from pylearn2core.engine.graph.step import Step
from pylearn2core.patches.jax_functions import convert

# PyTensor's dtypes are meant as they stand: an int64 index or a float64 mean stays one. A float32
# graph stays float32, for every dtype in it is explicit.
jax.config.update("jax_enable_x64", True)

Arrays = tuple[Any, ...]
StepFunction = Callable[[Arrays, Arrays, Arrays], tuple[Arrays, Arrays]]


def to_jax(step: Step, reading: Reading) -> StepFunction:
    """Lower a step to a pure JAX function.

    Raises NotImplementedError for an Op that has no JAX counterpart.
    """
    inputs, outputs = pure(step, reading)
    fgraph = FunctionGraph(inputs, outputs, clone=False)
    # XLA fuses elementwise Ops itself. What PyTensor fuses is one over scalars to JAX, which takes
    # long to trace.
    get_mode("JAX").excluding("fusion").optimizer.rewrite(fgraph)
    with warnings.catch_warnings():
        # A shape that an Assert would refuse is refused by JAX when it traces the real shapes.
        warnings.filterwarnings("ignore", message="Skipping .*Assert")
        compute = fgraph_to_python(fgraph, convert, type_conversion_fn=jax_typify)
    # The function outlives the trial that it was made from: it must not hold the trial's graph.
    updated, dtypes = reading.updated, _dtypes(reading)

    def run(batch: Arrays, shared: Arrays, lifted: Arrays) -> tuple[Arrays, Arrays]:
        # A sampler changes the dict that holds its key: give each call dicts of its own.
        own = (dict(value) if isinstance(value, dict) else value for value in shared)
        results = compute(*batch, *own, *lifted)
        new = (
            value if dtype is None else value.astype(dtype)
            for value, dtype in zip(results[:updated], dtypes, strict=True)
        )
        return tuple(new), tuple(results[updated:])

    return run


def to_host(step: Step, reading: Reading) -> StepFunction:
    """Compile a step with PyTensor's default linker: one batch a call, on the host."""
    inputs, outputs = pure(step, reading)
    with warnings.catch_warnings():
        # An Op that Numba does not know runs as it says itself, which is what we ask for here.
        warnings.filterwarnings("ignore", message="Numba will use object mode")
        compute = pytensor.function(inputs, outputs, on_unused_input="ignore")
    updated, dtypes = reading.updated, _dtypes(reading)

    def run(batch: Arrays, shared: Arrays, lifted: Arrays) -> tuple[Arrays, Arrays]:
        results = compute(*batch, *shared, *lifted)
        new = (
            value if dtype is None else np.asarray(value, dtype=dtype)
            for value, dtype in zip(results[:updated], dtypes, strict=True)
        )
        return tuple(new), tuple(results[updated:])

    return run


def lifted_values(reading: Reading) -> Arrays:
    """The lifted constants as 0-d arrays of their own dtypes, in the program's order."""
    return tuple(
        np.asarray(value, dtype=dtype)
        for value, (_, _, dtype) in zip(reading.values, reading.lifted, strict=True)
    )


def _dtypes(reading: Reading) -> Sequence[str | None]:
    """The dtype that each updated variable must keep; None for a random state."""
    return [
        None if isinstance(variable.type, RandomType) else variable.type.dtype
        for variable in reading.shared[: reading.updated]
    ]
