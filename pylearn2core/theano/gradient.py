"""`theano.gradient`: PyTensor's, with the names of Theano's that it dropped or changed."""

from __future__ import annotations

from pytensor.gradient import (
    DisconnectedInputError,
    DisconnectedType,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    grad_undefined,
    hessian,
    jacobian,
    pullback,
    pushforward,
    subgraph_grad,
    verify_grad,
    zero_grad,
)

# Jacobian times vector, and vector times Jacobian.
Rop, Lop = pushforward, pullback
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
