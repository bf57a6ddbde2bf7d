"""Keras's `ops` over NumPy arrays."""

from tidegate.ops.arithmetic import add, divide, multiply, negative, subtract, true_divide

__all__ = ["add", "divide", "multiply", "negative", "subtract", "true_divide"]
