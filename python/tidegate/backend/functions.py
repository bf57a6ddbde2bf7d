"""Functions of the old backend that have other arguments or other results than the op of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import ops
from tidegate.backend.settings import floatx
from tidegate.ops.nn import EPSILON

if TYPE_CHECKING:
    from collections.abc import Callable


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Any:
    """The numbers from `start`, or from 0, up to but without `stop`."""
    return ops.arange(start, stop, step, dtype)


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the largest element, int64."""
    return ops.cast(ops.argmax(x, axis), "int64")


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the smallest element, int64."""
    return ops.cast(ops.argmin(x, axis), "int64")


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The sums of products over one axis of `x` and one of `y`, for each row of a batch.

    Args:
        x, y: [batch, ...]
        axes: of both, or a pair; the last of `x` and the last but one of `y` when None, the last of a matrix.
    """
    ranks = ops.ndim(x), ops.ndim(y)
    if min(ranks) < 2:
        raise ValueError(
            f"batch_dot: expected arrays [batch, ...]; received shapes {np.shape(x)}, {np.shape(y)}"
        )
    if axes is None:
        axes = (ranks[0] - 1, ranks[1] - 1 if ranks[1] == 2 else ranks[1] - 2)
    of_x, of_y = (axes, axes) if isinstance(axes, int) else axes
    of_x, of_y = of_x % ranks[0], of_y % ranks[1]
    if 0 in (of_x, of_y):
        raise ValueError(
            f"batch_dot: argument `axes` expected other axes than that of the batch; received {axes}"
        )
    letters = iter("abcdefghijklmnopqrstuvwxyz"[2:])
    left = ["a", *(next(letters) for _ in range(ranks[0] - 1))]
    right = ["a", *(next(letters) for _ in range(ranks[1] - 1))]
    left[of_x] = right[of_y] = "b"
    out = [each for each in left + right[1:] if each != "b"]
    found = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", x, y)
    return ops.expand_dims(found, 1) if ops.ndim(found) == 1 else found


def batch_flatten(x: Any) -> Any:
    """[batch, ...] -> [batch, elements]"""
    return ops.reshape(x, (ops.shape(x)[0], -1))


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """`(x - mean) / sqrt(var + epsilon) * gamma + beta`"""
    factor = ops.rsqrt(ops.add(var, epsilon))
    factor = factor if gamma is None else ops.multiply(factor, gamma)
    found = ops.multiply(ops.subtract(x, mean), factor)
    return found if beta is None else ops.add(found, beta)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """`x + bias`, a vector for the last axis or an array for all but the batch."""
    return ops.add(x, bias)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Of every element, with epsilon twice: as a bound of the output and beside it in the logarithm."""
    if from_logits:
        return ops.binary_crossentropy(target, output, True)
    output = ops.clip(output, EPSILON, 1 - EPSILON)
    yes = ops.multiply(target, ops.log(ops.add(output, EPSILON)))
    no = ops.multiply(ops.subtract(1, target), ops.log(ops.add(ops.subtract(1, output), EPSILON)))
    return ops.negative(ops.add(yes, no))


def cast_to_floatx(x: Any) -> Any:
    """`x` in float32."""
    return ops.cast(x, floatx())


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """`x`, but no less than `min_value` and no more than `max_value`, where these are not None."""
    low = -np.inf if min_value is None else min_value
    high = np.inf if max_value is None else max_value
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        high = max(low, high)
    return ops.clip(x, low, high)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Arrays one after the other, along the last axis."""
    return ops.concatenate(tensors, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """The products of all elements up to each one."""
    return ops.cumprod(x, axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """The sums of all elements up to each one."""
    return ops.cumsum(x, axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """With an axis of length 1 more."""
    return ops.expand_dims(x, axis)


def flatten(x: Any) -> Any:
    """All elements in a row."""
    return ops.ravel(x)


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """`value = fn(value, x)` for each x along the first axis, from the initializer or the first x."""
    rows = ops.unstack(elems)
    value, rows = (rows[0], rows[1:]) if initializer is None else (initializer, rows)
    for x in rows:
        value = fn(value, x)
    return value


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """`foldl` from the end."""
    return foldl(fn, ops.flip(elems, 0), initializer)


def gather(reference: Any, indices: Any) -> Any:
    """The rows at these places."""
    return ops.take(reference, indices, 0)


def hard_sigmoid(x: Any) -> Any:
    """`clip(0.2 * x + 0.5, 0, 1)`, which is steeper than today's op of that name."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether each row's target is among the places of its `k` largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """`x` over its norm, over all of it or along axes."""
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, True), 1e-12)))


def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """What `fn` gives of each x along the first axis, beside each other."""
    return ops.map(fn, elems)


def one_hot(indices: Any, num_classes: int) -> Any:
    """A vector for each number: 1 at its place and 0 elsewhere."""
    return ops.one_hot(indices, num_classes)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in this order."""
    return ops.transpose(x, pattern)


def pow(x: Any, a: Any) -> Any:
    """`x ** a`"""
    return ops.power(x, a)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`x` from the threshold up to `max_value`; below the threshold `alpha * (x - threshold)`."""
    below = ops.multiply(ops.relu(ops.subtract(threshold, x)), -alpha)
    above = ops.where(ops.greater(x, threshold), x, 0.0)
    if max_value is not None:
        above = ops.minimum(above, max_value)
    return ops.add(above, below) if alpha else above


def repeat(x: Any, n: int) -> Any:
    """[batch, features] -> [batch, n, features]"""
    if ops.ndim(x) != 2:
        raise ValueError(f"repeat: argument `x` expected [batch, features]; received shape {ops.shape(x)}")
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each slice along the axis so many times in a row."""
    return ops.repeat(x, rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """Backwards along these axes."""
    return ops.flip(x, axes if isinstance(axes, int) else tuple(axes))


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Any:
    """`-log` of the probability of each class, clipped and brought to a sum of 1; 0 for `ignore_class`."""
    if not from_logits:
        output = ops.log(ops.clip(output, EPSILON, 1 - EPSILON))
    logs = ops.log_softmax(output, axis)
    target = ops.cast(target, "int32")
    target = ops.squeeze(target, -1) if ops.ndim(target) == ops.ndim(logs) else target
    chosen = ops.one_hot(target, ops.shape(logs)[axis], axis, logs.dtype)
    values = ops.negative(ops.sum(ops.multiply(chosen, logs), axis))
    return values if ignore_class is None else ops.where(ops.equal(target, ignore_class), 0.0, values)


def squeeze(x: Any, axis: int) -> Any:
    """Without this axis of length 1."""
    return ops.squeeze(x, axis)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two arrays, or of what two functions give; of an array of conditions, element by element."""
    if not ops.ndim(condition):
        chosen = then_expression if bool(ops.convert_to_numpy(condition)) else else_expression
        return chosen() if callable(chosen) else chosen
    one, other = (each() if callable(each) else each for each in (then_expression, else_expression))
    rank = ops.ndim(one)
    if ops.ndim(condition) > rank:
        raise ValueError(
            f"switch: argument `condition` expected no more axes than the {rank} of the expressions; "
            f"received shape {ops.shape(condition)}"
        )
    shape = ops.shape(condition)
    return ops.where(ops.reshape(condition, shape + (1,) * (rank - len(shape))), one, other)


def temporal_padding(x: Any, padding: tuple[int, int] = (1, 1)) -> Any:
    """[batch, timesteps, features] with zero timesteps before and after."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def tile(x: Any, n: Any) -> Any:
    """The whole array so many times, along each axis."""
    return ops.tile(x, [n] if isinstance(n, int) else n)


def int_shape(x: Any) -> Any:
    """The lengths of the axes, None where a symbolic tensor does not know one."""
    return tuple(x.shape) if hasattr(x, "shape") else ops.shape(x)
