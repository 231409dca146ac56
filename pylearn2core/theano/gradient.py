"""`theano.gradient`: PyTensor's, and the name of Theano's that it dropped."""

from __future__ import annotations

from pytensor.gradient import (
    DisconnectedInputError,
    DisconnectedType,
    Lop,
    Rop,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    grad_undefined,
    hessian,
    jacobian,
    subgraph_grad,
    verify_grad,
    zero_grad,
)

# Theano's gives zeros as the gradient; a disconnected one would be an error where nothing else
# leads to the variable.
consider_constant = zero_grad

__all__ = [
    "DisconnectedInputError",
    "DisconnectedType",
    "Lop",
    "Rop",
    "consider_constant",
    "disconnected_grad",
    "grad",
    "grad_clip",
    "grad_scale",
    "grad_undefined",
    "hessian",
    "jacobian",
    "subgraph_grad",
    "verify_grad",
    "zero_grad",
]
