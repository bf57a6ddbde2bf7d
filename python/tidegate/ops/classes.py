"""Classes as numbers and as vectors, and the cross-entropies of what was predicted of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import unboxed
from tidegate.ops.arithmetic import add, clip, divide, multiply, subtract
from tidegate.ops.dtypes import FLOAT, array, cast, floats
from tidegate.ops.elementwise import log, negative
from tidegate.ops.nn import EPSILON, log_sigmoid, log_softmax
from tidegate.ops.operation import operation
from tidegate.ops.reductions import max as largest
from tidegate.ops.reductions import sum as total
from tidegate.ops.shapes import axis_of, squeeze


@operation
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A vector for each number: 1 at its place and 0 elsewhere, only 0 for a number out of range.

    Args:
        axis: of the result, along which the vectors lie.
    """
    if sparse:
        raise ValueError("argument `sparse` expected False: there are no sparse arrays")
    x = unboxed(array(x))
    if x.dtype.kind == "f":
        raise TypeError(f"argument `x` expected integers; received dtype {x.dtype}")
    axis = axis_of(axis, x.ndim + 1)
    places = np.arange(num_classes).reshape([-1 if each == axis else 1 for each in range(x.ndim + 1)])
    return (np.expand_dims(x, axis) == places).astype(dtype or FLOAT)


@operation
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """A vector for each row of numbers: 1 at the place of each of them and 0 elsewhere."""
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None or kwargs:
        raise ValueError(f"argument `num_classes` expected an integer; received None, and {sorted(kwargs)}")
    inputs = unboxed(array(inputs))
    return largest(one_hot(inputs, num_classes, axis, dtype, sparse), 1 if inputs.ndim > 1 else 0)


def _checked(target: Any, output: Any) -> tuple[Any, Any]:
    output = floats(output)
    target = cast(target, output.dtype)
    if target.shape != output.shape:
        raise ValueError(
            f"arguments `target` and `output` expected the same shape; "
            f"received {target.shape} and {output.shape}"
        )
    return target, output


@operation
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """`-sum(target * log(output))` along an axis, where the output is brought to a sum of 1.

    Args:
        target, output: [..., classes]
        from_logits: whether the output is what softmax takes.
    """
    target, output = _checked(target, output)
    if not output.ndim:
        raise ValueError(
            "arguments `target` and `output` expected at least one axis; received single numbers"
        )
    return negative(total(multiply(target, _log_probability(output, from_logits, axis)), axis))


def _log_probability(output: Any, from_logits: bool, axis: int) -> Any:
    if from_logits:
        return log_softmax(output, axis)
    output = divide(output, total(output, axis, True))
    return log(clip(output, EPSILON, 1 - EPSILON))


@operation
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """`categorical_crossentropy` with the number of each class instead of a vector: [...] or [..., 1]."""
    output, target = floats(output), unboxed(array(target)).astype("int32")
    if target.ndim == output.ndim and target.shape[-1:] == (1,):
        target = squeeze(target, -1)
    expected = tuple(np.delete(output.shape, axis).tolist()) if output.ndim else ()
    if not output.ndim or target.shape != expected:
        raise ValueError(
            f"argument `target` expected the shape {expected} for `output` {output.shape}; "
            f"received {target.shape}"
        )
    chosen = one_hot(target, output.shape[axis], axis, output.dtype)
    return negative(total(multiply(chosen, _log_probability(output, from_logits, axis)), axis))


@operation
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """`-(target * log(output) + (1 - target) * log(1 - output))` of every element.

    Args:
        target, output: of one shape.
        from_logits: whether the output is what sigmoid takes.
    """
    target, output = _checked(target, output)
    if from_logits:
        yes, no = log_sigmoid(output), log_sigmoid(negative(output))
    else:
        output = clip(output, EPSILON, 1 - EPSILON)
        yes, no = log(output), log(subtract(1, output))
    return negative(add(multiply(target, yes), multiply(subtract(1, target), no)))
