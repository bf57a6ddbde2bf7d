"""Calls of TensorFlow's functions on arrays, for the tests and for the script that asks TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]], np.float32)
P = np.array([[0.5, 1.0, 2.0], [1.5, 0.25, 0.5]], np.float32)
B = np.array([[True, False, True], [False, False, True]])

CASES: dict[str, tuple[Any, ...]] = {  # name -> arguments, with those by name in a dictionary at the end
    **{f"math.{name}": (X,) for name in (
        "abs", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "negative", "round", "sigmoid", "sign",
        "sin", "sinh", "square", "tan", "tanh", "log_sigmoid", "atan", "is_finite", "is_inf", "is_nan",
        "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_std", "reduce_sum",
        "reduce_logsumexp", "reduce_variance", "softplus", "cumsum", "cumprod", "count_nonzero",
    )},
    **{f"math.{name}": (P,) for name in ("log", "log1p", "rsqrt", "sqrt")},
    **{f"math.{name}": (P / 2,) for name in ("acos", "asin")},
    **{f"math.{name}": (X, P) for name in (
        "add", "divide", "equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum",
        "mod", "multiply", "not_equal", "subtract", "atan2", "floordiv",
    )},
    "math.pow": (P, X),
    "math.reduce_all": (B, {"axis": 0}),
    "math.reduce_any": (B, {"axis": 0}),
    "math.logical_and": (B, ~B),
    "math.logical_or": (B, ~B),
    "math.logical_not": (B,),
    "math.l2_normalize": (X, {"axis": 1}),
    "math.top_k": (X, {"k": 2}),
    **{f"nn.{name}": (X,) for name in (
        "elu", "gelu", "relu", "relu6", "selu", "softplus", "softsign", "log_softmax", "sigmoid", "silu",
        "softmax", "swish", "tanh",
    )},
    "nn.leaky_relu": (X, {"alpha": 0.3}),
    "nn.moments": (X, {"axes": [0]}),
    "nn.l2_normalize": (X, {"axis": 1}),
    "reduce_sum": (X, {"axis": 1, "keepdims": True}),
    "reduce_mean": ({"input_tensor": X, "axis": 0},),
    "argsort": (X,),
    "sort": (X,),
    "argmax": (X,),
    "argmin": (X, {"axis": 1}),
    "broadcast_to": (X, (2, 2, 3)),
    "cast": (X, np.int32),
    "clip_by_value": (X, -0.5, 0.5),
    "concat": ([X, P], {"axis": 0}),
    "einsum": ("ij,kj->ik", X, P),
    "expand_dims": (X, -1),
    "eye": (3,),
    "gather": (X, [1, 0, 1]),
    "identity": (X,),
    "linspace": (0.0, 1.0, 5),
    "matmul": (X, P, {"transpose_b": True}),
    "one_hot": ([1, 0, 2], 3),
    "ones": ((2, 3),),
    "ones_like": (X,),
    "zeros": ((2, 3), np.int32),
    "zeros_like": (X,),
    "fill": ((2, 2), 7),
    "range": (2, 9, 3),
    "pad": (X, [[1, 0], [0, 2]]),
    "repeat": (X, 2, {"axis": 0}),
    "reshape": (X, (3, 2)),
    "reverse": (X, [1]),
    "roll": (X, 1, 1),
    "split": (X, 3, {"axis": 1}),
    "squeeze": (X[:1], {"axis": 0}),
    "stack": ([X, P], {"axis": 1}),
    "stop_gradient": (X,),
    "tensordot": (X, P, [[1], [1]]),
    "tile": (X, [2, 1]),
    "transpose": (X, {"perm": [1, 0]}),
    "where": (B, X, P),
    "shape": (X,),
    "rank": (X,),
    "size": (X,),
    "constant": ([[1, 2], [3, 4]],),
    "convert_to_tensor": (0.5,),
}  # fmt: skip


def call(tf: Any, name: str) -> Any:
    function = tf
    for part in name.split("."):
        function = getattr(function, part)
    *arguments, last = CASES[name]
    return function(*arguments, **last) if isinstance(last, dict) else function(*arguments, last)


def plain(value: Any) -> tuple[Any, str]:
    """A value as numbers in lists, and its dtype."""
    if isinstance(value, (tuple, list)):
        parts = [plain(each) for each in value]
        return [part for part, _ in parts], parts[0][1]
    array = np.asarray(value)
    return array.tolist(), str(array.dtype)
