"""Loops and branches, as Python runs them, and functions with a gradient of their own.

A structure is an array, or nested lists, tuples and dictionaries of arrays.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.derivatives import Primitive, is_box, unboxed
from tidegate.ops.joining import concatenate, stack, unstack
from tidegate.ops.tensors import convert_to_numpy, convert_to_tensor
from tidegate.structure import flatten, pack

if TYPE_CHECKING:
    from collections.abc import Callable


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What `true_fn()` gives if `pred` is true, or else `false_fn()`."""
    return true_fn() if bool(convert_to_numpy(pred)) else false_fn()


def switch(index: Any, branches: Any, *operands: Any) -> Any:
    """What the function at this place among the branches gives of the operands; the nearest one beyond."""
    return branches[min(max(int(convert_to_numpy(index)), 0), len(branches) - 1)](*operands)


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """`value = body_fun(i, value)` for i from lower up to but without upper."""
    value = init_val
    for i in range(int(convert_to_numpy(lower)), int(convert_to_numpy(upper))):
        value = body_fun(i, value)
    return value


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """`loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)`; one variable may come without a list."""
    several = isinstance(loop_vars, (list, tuple))
    values, count = tuple(loop_vars) if several else (loop_vars,), 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(
        convert_to_numpy(cond(*values))
    ):
        found = body(*values)
        values = tuple(found) if isinstance(found, (list, tuple)) else (found,)
        count += 1
    return values if several else values[0]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """`carry, y = f(carry, x)` for each x along the first axis.

    Args:
        init: the first carry.
        xs: a structure; None if `length` says how often.
        reverse: whether the last x comes first.
        unroll: accepted for Keras's sake.

    Returns:
        The last carry, and all y beside each other, along a new first axis.
    """
    if xs is None and length is None:
        raise ValueError("scan: expected `xs` or `length`; received neither")
    rows = [None] * (length or 0) if xs is None else _rows(xs)
    carry, found = init, []
    for x in reversed(rows) if reverse else rows:
        carry, y = f(carry, x)
        found.append(y)
    return carry, _stacked(found[::-1] if reverse else found)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """What `f` gives of each x along the first axis, beside each other."""
    return _stacked([f(x) for x in _rows(xs)])


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """`map`; a list of arrays is one element for the function."""
    return map(function, elements)


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """`f` of all elements up to each one, along an axis: `f(f(a, b), c)`.

    Args:
        f: takes and gives structures of slices of length 1.
        reverse: whether it begins at the end.
    """
    slices = [pack(elems, [stack([leaf], axis) for leaf in flatten(each)]) for each in _rows(elems, axis)]
    found: list[Any] = []
    for each in reversed(slices) if reverse else slices:
        found.append(f(found[-1], each) if found else each)
    return _stacked(found[::-1] if reverse else found, axis, joined=True)


def _rows(xs: Any, axis: int = 0) -> list[Any]:
    columns = [unstack(convert_to_tensor(leaf), axis=axis) for leaf in flatten(xs)]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"expected arrays of one length; received lengths {[len(each) for each in columns]}")
    return [pack(xs, list(row)) for row in zip(*columns, strict=True)]


def _stacked(found: list[Any], axis: int = 0, joined: bool = False) -> Any:
    if not found or found[0] is None:
        return None
    leaves = [flatten(each) for each in found]
    together = concatenate if joined else stack
    return pack(found[0], [together(list(column), axis) for column in zip(*leaves, strict=True)])


def vectorize(pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None) -> Any:
    """A function of numbers as one of arrays, element by element, without a gradient."""
    return np.vectorize(pyfunc, excluded=excluded, signature=signature)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own.

    Args:
        f: gives a pair of its result and a function that makes, of the gradient of the result, that of its
            argument, or a tuple of those of all arguments.
    """

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        values = [convert_to_tensor(each) for each in args]
        result, backward = f(*(unboxed(each) for each in values), **kwargs)
        if not any(is_box(each) for each in values):
            return result

        def gradient(place: int) -> Callable[..., Any]:
            def d_argument(g: Any) -> Any:
                found = backward(g)
                return np.asarray(found[place] if isinstance(found, (list, tuple)) else found)

            return lambda y, *args: d_argument

        return Primitive(lambda *_: result, *(gradient(place) for place in range(len(values))))(*values)

    return call
