"""`tensorflow` itself: arrays in and out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from tidegate.as_keras.tensorflow import math
from tidegate.as_keras.tensorflow.table import computed, made
from tidegate.values import Value as Tensor
from tidegate.values import as_tensor, handed_out
from tidegate.variable import Variable as _Variable

_CONSTANTS = {
    **{name: getattr(np, name) for name in ("float16", "float32", "float64")},
    **{f"{sign}int{bits}": getattr(np, f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "bool": np.bool_,
    "newaxis": None,
    "print": print,
    "string": np.str_,
}
_OF_MATH = (
    "abs", "acos", "add", "asin", "atan", "atan2", "cos", "cumsum", "divide", "equal", "exp", "floor",
    "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_not", "logical_or", "maximum",
    "minimum", "multiply", "negative", "not_equal", "pow", "reduce_all", "reduce_any", "reduce_logsumexp",
    "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "round", "sigmoid", "sign", "sin",
    "sqrt", "square", "subtract", "tan", "tanh",
)  # fmt: skip
_TABLE = {
    "argsort": "argsort values:x axis",
    "broadcast_to": "broadcast_to input:x shape",
    "cast": "cast x dtype",
    "clip_by_value": "clip t:x clip_value_min:x_min clip_value_max:x_max",
    "concat": "concatenate values:xs axis",
    "expand_dims": "expand_dims input:x axis",
    "eye": "eye num_rows:N num_columns:M",
    "gather": "take params:x indices axis=0",
    "linspace": "linspace start stop num",
    "ones_like": "ones_like input:x dtype",
    "pad": "pad tensor:x paddings:pad_width",
    "repeat": "repeat input:x repeats axis",
    "reshape": "reshape tensor:x shape:newshape",
    "reverse": "flip tensor:x axis",
    "roll": "roll input:x shift axis",
    "shape": "shape input:x",
    "sort": "sort values:x axis",
    "split": "split value:x num_or_size_splits:indices_or_sections axis",
    "squeeze": "squeeze input:x axis",
    "stack": "stack values:x axis",
    "stop_gradient": "stop_gradient input:variable",
    "tensordot": "tensordot a:x1 b:x2 axes",
    "tile": "tile input:x multiples:repeats",
    "transpose": "transpose a:x perm:axes",
    "where": "where condition x:x1 y:x2",
    "zeros_like": "zeros_like input:x dtype",
}

__all__ = [
    "Tensor", "TensorShape", "TensorSpec", "Variable", "argmax", "argmin", "constant",
    "convert_to_tensor", "device", "einsum", "executing_eagerly", "fill", "function", "get_logger",
    "identity", "is_tensor", "matmul", "one_hot", "ones", "range", "rank", "size", "zeros", *_CONSTANTS,
    *_OF_MATH, *_TABLE,
]  # fmt: skip
globals().update(made(_TABLE) | _CONSTANTS | {name: getattr(math, name) for name in _OF_MATH})


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """`value` as an array; Python's floats become float32 and its integers int32."""
    found = convert_to_tensor(value, dtype)
    if shape is None:
        return found
    return handed_out(np.full(shape, found) if found.size == 1 else found.reshape(shape))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None) -> Any:
    """As `constant`; what is in a graph stays what it is."""
    if not isinstance(value, (np.ndarray, np.generic, list, tuple, int, float, str)):
        return value
    return handed_out(as_tensor(value) if dtype is None else np.asarray(value, dtype))


def identity(input: Any, name: Any = None) -> Any:
    return input


def is_tensor(x: Any) -> Any:
    return isinstance(x, (Tensor, _Variable))


def argmax(input: Any, axis: Any = 0, output_type: Any = np.int64, name: Any = None) -> Any:
    """Along the first axis, if no other is given."""
    return handed_out(computed("cast")(computed("argmax")(input, axis), output_type))


def argmin(input: Any, axis: Any = 0, output_type: Any = np.int64, name: Any = None) -> Any:
    """Along the first axis, if no other is given."""
    return handed_out(computed("cast")(computed("argmin")(input, axis), output_type))


def matmul(a: Any, b: Any, transpose_a: Any = False, transpose_b: Any = False, name: Any = None) -> Any:
    a = computed("swapaxes")(a, -1, -2) if transpose_a else a
    return handed_out(computed("matmul")(a, computed("swapaxes")(b, -1, -2) if transpose_b else b))


def one_hot(indices: Any, depth: int, *, axis: int = -1, dtype: Any = np.float32, name: Any = None) -> Any:
    return handed_out(computed("one_hot")(indices, depth, axis=axis, dtype=np.dtype(dtype).name))


def einsum(equation: str, *inputs: Any, name: Any = None) -> Any:
    return handed_out(computed("einsum")(equation, *inputs))


def zeros(shape: Any, dtype: Any = np.float32, name: Any = None) -> Any:
    return handed_out(np.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = np.float32, name: Any = None) -> Any:
    return handed_out(np.ones(shape, dtype))


def fill(dims: Any, value: Any, name: Any = None) -> Any:
    return handed_out(np.full(dims, value, np.asarray(convert_to_tensor(value)).dtype))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: Any = None) -> Any:
    bounds = (0, start, delta) if limit is None else (start, limit, delta)
    whole = all(isinstance(each, (int, np.integer)) for each in bounds)
    return handed_out(np.arange(*bounds, dtype=dtype or (np.int32 if whole else np.float32)))


def rank(input: Any, name: Any = None) -> int:
    return len(input.shape)


def size(input: Any, out_type: Any = None, name: Any = None) -> int:
    return int(np.size(input))


def Variable(
    initial_value: Any, trainable: Any = True, name: Any = None, dtype: Any = None, **others: Any
) -> _Variable:
    """A Variable with this value."""
    value = convert_to_tensor(initial_value() if callable(initial_value) else initial_value, dtype)
    variable = _Variable(np.array(value), name or "variable")
    variable.trainable = trainable is not False
    return variable


class TensorSpec:
    """What `Dataset.from_generator` may be told of its elements."""

    def __init__(self, shape: Any = None, dtype: Any = np.float32, name: Any = None) -> None:
        self.shape, self.dtype, self.name = shape, dtype, name


def TensorShape(dims: Any) -> tuple[Any, ...]:
    return tuple(dims)


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The function as it is: here all is computed at once, and nothing is compiled."""
    return func if func is not None else lambda function: function


def device(name: Any) -> nullcontext[None]:
    """A block that changes nothing: everything runs on the CPU."""
    return nullcontext()


def executing_eagerly() -> Any:
    return True


def get_logger() -> Any:
    """TensorFlow's logger, to which nobody writes."""
    import logging

    return logging.getLogger("tensorflow")
