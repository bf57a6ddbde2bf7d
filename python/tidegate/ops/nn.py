"""Activations, normalizations and attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.derivatives import unboxed
from tidegate.ops import native
from tidegate.ops.arithmetic import add, divide, maximum, minimum, multiply, subtract
from tidegate.ops.comparing import where
from tidegate.ops.contraction import einsum
from tidegate.ops.dtypes import array, floats
from tidegate.ops.elementwise import absolute, define, log10, rsqrt, sign, sqrt, square, tanh
from tidegate.ops.joining import split
from tidegate.ops.linear import norm
from tidegate.ops.operation import operation
from tidegate.ops.reductions import cumsum, mean, moments
from tidegate.ops.reductions import sum as total
from tidegate.ops.shapes import axis_of, flip, moveaxis, reshape
from tidegate.ops.sorting import sort

if TYPE_CHECKING:
    from collections.abc import Callable

EPSILON = 1e-7


def _native(name: str, text: str) -> Callable[[Any], Any]:
    return define(name, text, native.activation(name), __name__)


hard_sigmoid = _native("hard_sigmoid", "`clip(x / 6 + 0.5, 0, 1)`.")
hard_silu = _native("hard_silu", "`x * hard_sigmoid(x)`.")
hard_tanh = _native("hard_tanh", "`clip(x, -1, 1)`.")
log_sigmoid = _native("log_sigmoid", "`log(sigmoid(x))`, without an overflow on the way.")
relu6 = _native("relu6", "`clip(x, 0, 6)`.")
selu = _native("selu", "`elu` times a factor, with an alpha, that keep a mean of 0 and a variance of 1.")
sigmoid = _native("sigmoid", "`1 / (1 + exp(-x))`.")
silu = _native("silu", "`x * sigmoid(x)`.")
softplus = _native("softplus", "`log(1 + exp(x))`.")
softsign = _native("softsign", "`x / (1 + abs(x))`.")
sparse_plus = _native("sparse_plus", "0 up to -1, x from 1, and a parabola between.")
sparse_sigmoid = _native("sparse_sigmoid", "`clip((x + 1) / 2, 0, 1)`.")
tanh_shrink = _native("tanh_shrink", "`x - tanh(x)`.")
hard_swish, swish = hard_silu, silu

_relu, _elu, _gelu = map(native.activation, ("relu", "elu", "gelu"))
_softmax, _log_softmax = native.activation("softmax"), native.activation("log_softmax")


@operation
def relu(x: Any) -> Any:
    """`maximum(x, 0)`; the gradient at 0 is 0."""
    x = array(x)
    return _relu(x) if x.dtype.kind == "f" else np.maximum(x, x.dtype.type(0))


@operation
def celu(x: Any, alpha: float = 1.0) -> Any:
    """`x` above 0, `alpha * (exp(x / alpha) - 1)` below."""
    x = floats(x)
    return where(unboxed(x) > 0, x, multiply(_elu(divide(x, alpha)), alpha))


@operation
def elu(x: Any, alpha: float = 1.0) -> Any:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    x = floats(x)
    return where(unboxed(x) > 0, x, multiply(_elu(x), alpha))


@operation
def gelu(x: Any, approximate: bool = True) -> Any:
    """`x` times the probability that a normal number is below it, or that by a formula with tanh."""
    x = floats(x)
    if not approximate:
        return _gelu(x)
    inside = multiply(math.sqrt(2 / math.pi), add(x, multiply(0.044715, multiply(x, square(x)))))
    return multiply(multiply(x, 0.5), add(tanh(inside), 1))


@operation
def glu(x: Any, axis: int = -1) -> Any:
    """The first half along an axis, times the sigmoid of the second."""
    values, gates = split(floats(x), 2, axis)
    return multiply(values, sigmoid(gates))


@operation
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`x`, but 0 from -threshold to threshold."""
    x = floats(x)
    return where(np.abs(unboxed(x)) > threshold, x, 0.0)


@operation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """`x` from 0 up, `negative_slope * x` below."""
    x = floats(x)
    return where(unboxed(x) > 0, x, multiply(x, negative_slope))


@operation
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`x` nearer to 0 by the threshold, and 0 up to there."""
    x = floats(x)
    return where(np.abs(unboxed(x)) > threshold, subtract(x, multiply(sign(x), threshold)), 0.0)


@operation
def squareplus(x: Any, b: float = 4) -> Any:
    """`(x + sqrt(x * x + b)) / 2`."""
    x = floats(x)
    return multiply(add(x, sqrt(add(square(x), b))), 0.5)


@operation
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """`x` above the threshold, the default value elsewhere."""
    x = floats(x)
    return where(unboxed(x) > threshold, x, default_value)


def _along(function: Any, x: Any, axis: Any) -> Any:
    """A function that works along the last axis, along another, along several as one, or along all."""
    x = floats(x)
    if axis is None:
        return reshape(function(reshape(x, -1)), x.shape)
    if isinstance(axis, int):
        return (
            moveaxis(function(moveaxis(x, axis, -1)), -1, axis)
            if axis not in (-1, x.ndim - 1)
            else function(x)
        )
    axes = [axis_of(each, x.ndim) for each in axis]
    last = list(range(x.ndim - len(axes), x.ndim))
    moved = moveaxis(x, axes, last)
    rows = reshape(moved, (*moved.shape[: -len(axes)], -1))
    return moveaxis(reshape(function(rows), moved.shape), last, axes)


@operation
def softmax(x: Any, axis: Any = -1) -> Any:
    """`exp(x)` over its sum along an axis, or along several."""
    return _along(_softmax, x, axis)


@operation
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """`log(softmax(x))`, without an overflow on the way."""
    return _along(_log_softmax, x, axis)


@operation
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest probabilities along an axis, of which many are 0, with the threshold of Keras 3.15."""
    return _along(_sparsemax, x, axis)


def _sparsemax(x: Any) -> Any:
    descending = flip(sort(x, -1), -1)
    sums = cumsum(descending, -1)
    counts = np.arange(1, x.shape[-1] + 1).astype(x.dtype)
    support = unboxed(subtract(multiply(descending, counts), subtract(sums, 1))) > 0
    tau = divide(
        subtract(total(where(support, sums, 0.0), -1, True), 1),
        support.sum(-1, keepdims=True).astype(x.dtype),
    )
    return maximum(subtract(x, tau), 0)


@operation
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """`x` over its norm of this order along an axis, where that is not below epsilon (1e-7 when None)."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"argument `order` expected a positive integer; received {order!r}")
    x, epsilon = floats(x), EPSILON if epsilon is None else epsilon
    x = x if x.ndim else reshape(x, 1)
    if order == 2:
        return multiply(x, minimum(rsqrt(total(square(x), axis, True)), 1 / epsilon))
    return divide(x, maximum(norm(x, order, axis, True), epsilon))


@operation
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, where these have the length of an axis."""
    x = floats(x)
    shape = [-1 if each == axis_of(axis, x.ndim) else 1 for each in range(x.ndim)]
    factor = rsqrt(add(reshape(variance, shape), epsilon))
    if scale is not None:
        factor = multiply(factor, reshape(scale, shape))
    found = multiply(subtract(x, reshape(mean, shape)), factor)
    return found if offset is None else add(found, reshape(offset, shape))


@operation
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """`x` less its mean over its standard deviation along axes, times gamma, plus beta."""
    if kwargs:
        raise TypeError(f"unexpected arguments {sorted(kwargs)}")
    x = floats(x)
    mean, variance = moments(x, axis, True)
    found = multiply(subtract(x, mean), rsqrt(add(variance, EPSILON if epsilon is None else epsilon)))
    if gamma is not None:
        found = multiply(found, _of_axes(gamma, x, axis))
    return found if beta is None else add(found, _of_axes(beta, x, axis))


def _of_axes(weight: Any, x: Any, axis: Any) -> Any:
    """A weight with the lengths of some axes of `x`, so that it meets those."""
    axes = {axis_of(each, x.ndim) for each in np.atleast_1d(axis)}
    return reshape(weight, [length if each in axes else 1 for each, length in enumerate(x.shape)])


@operation
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """`x` over the root of the mean of its squares along axes, times scale."""
    x = floats(x)
    x = x if x.ndim else reshape(x, 1)
    squares = mean(square(x), axis, True)
    found = multiply(x, rsqrt(add(squares, EPSILON if epsilon is None else epsilon)))
    return found if scale is None else multiply(found, scale)


@operation
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """The values [B, S, H, V], weighted by softmax over S of how keys [B, S, H, D] meet queries [B, T, H, D].

    Args:
        bias: added to the scores [B, H, T, S].
        mask: bool, broadcast to those, True where a key counts.
        scale: of the scores, 1 / sqrt(D) when None.
        is_causal: whether a key counts only up to the place of the query.
        flash_attention: accepted for Keras's sake.
        attn_logits_soft_cap: bends scores towards this bound.

    Returns:
        [B, T, H, V]
    """
    query, key, value = floats(query, key, value)
    for name, each in {"query": query, "key": key, "value": value}.items():
        if each.ndim != 4:
            raise ValueError(
                f"argument `{name}` expected [batch, time, heads, depth]; received shape {each.shape}"
            )
    scores = einsum("bthd,bshd->bhts", query, key)
    scores = multiply(scores, query.shape[-1] ** -0.5 if scale is None else scale)
    if bias is not None:
        scores = add(scores, bias)
    if attn_logits_soft_cap is not None:
        scores = divide(scores, add(1.0, divide(absolute(scores), attn_logits_soft_cap)))
    counts = None if mask is None else unboxed(array(mask)).astype(bool)
    if is_causal:
        causal = np.tri(scores.shape[-2], scores.shape[-1], dtype=bool)
        counts = causal if counts is None else counts & causal
    if counts is not None:
        lowest = float(np.finfo(scores.dtype).min) * 0.7
        scores = where(counts, scores, lowest)
    return einsum("bhts,bshv->bthv", softmax(scores), value)


@operation
def psnr(x1: Any, x2: Any, max_val: Any) -> Any:
    """The ratio of the highest value to the mean squared difference, in decibels."""
    x1, x2 = floats(x1, x2)
    if x1.shape != x2.shape:
        raise ValueError(f"expected two arrays of one shape; received shapes {x1.shape} and {x2.shape}")
    error = mean(square(subtract(x1, x2)))
    return subtract(multiply(20, log10(floats(max_val).astype(x2.dtype))), multiply(10, log10(error)))
