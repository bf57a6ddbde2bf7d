"""`tensorflow.math`."""

from tidegate.as_keras.tensorflow.table import made

_BOTH = "x:x1 y:x2"
_REDUCED = "input_tensor:x axis keepdims"
_TABLE = {
    **{name: f"{name} x" for name in (
        "abs", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log1p", "negative", "round",
        "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "log_sigmoid",
    )},
    **{name: f"{name} {_BOTH}" for name in (
        "add", "divide", "equal", "greater", "greater_equal", "less", "less_equal", "logical_and",
        "logical_or", "maximum", "minimum", "mod", "multiply", "not_equal", "subtract",
    )},
    **{f"reduce_{name}": f"{name} {_REDUCED}" for name in (
        "all", "any", "max", "mean", "min", "prod", "std", "sum", "logsumexp",
    )},
    "acos": "arccos x",
    "asin": "arcsin x",
    "atan": "arctan x",
    "atan2": "arctan2 y:x1 x:x2",
    "count_nonzero": "count_nonzero input:x axis",
    "cumprod": "cumprod x axis=0",
    "cumsum": "cumsum x axis=0",
    "floordiv": "floor_divide x:x1 y:x2",
    "is_finite": "isfinite x",
    "is_inf": "isinf x",
    "is_nan": "isnan x",
    "l2_normalize": "normalize x axis",
    "logical_not": "logical_not x",
    "pow": "power x:x1 y:x2",
    "reduce_variance": f"var {_REDUCED}",
    "softplus": "softplus features:x",
    "top_k": "top_k input:x k sorted",
}  # fmt: skip

__all__ = sorted(_TABLE)
globals().update(made(_TABLE))
