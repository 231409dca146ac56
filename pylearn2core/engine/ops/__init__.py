"""Ops of our own, with a JAX lowering and a gradient each: convolution, pooling, softmax."""
