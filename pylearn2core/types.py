"""Names of types that PyTensor leaves without one."""

from __future__ import annotations

from typing import Any, TypeAlias

# A node of a graph: a batch of data or a nest of them, a parameter, an expression, a scalar. Any
# to the checker, which follows no import of PyTensor: its own types do not survive --strict.
Symbol: TypeAlias = Any
