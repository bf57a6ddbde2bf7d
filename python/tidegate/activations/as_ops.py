"""The activations as ops, for what is no array: Variables, and what autograd follows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tidegate import ops
from tidegate.backend.functions import relu as full_relu

if TYPE_CHECKING:
    from collections.abc import Callable


def _mish(x: Any) -> Any:
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


def _relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    if negative_slope == threshold == 0 and max_value is None:
        return ops.relu(x)
    return full_relu(x, negative_slope, max_value, threshold)


_OWN: dict[str, Callable[..., Any]] = {
    "exponential": ops.exp,
    "gelu": partial(ops.gelu, approximate=False),
    "linear": lambda x: x,
    "mish": _mish,
    "relu": _relu,
}


def as_op(name: str) -> Callable[..., Any]:
    """The op of an activation of this name, with the activation's arguments and defaults."""
    return _OWN[name] if name in _OWN else getattr(ops, name)
