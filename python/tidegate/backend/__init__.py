"""Keras's old backend, which scripts import as `K`, over `tidegate.ops`: mostly the ops by their old names.

Left out are convolutions and pooling, which are layers; and graphs of the first TensorFlow, with sessions,
placeholders and learning phases.
"""

from __future__ import annotations

# fmt: off
# isort: off
from typing import NoReturn

from tidegate.backend.functions import (
    arange, argmax, argmin, batch_dot, batch_flatten, batch_normalization, bias_add, binary_crossentropy,
    cast_to_floatx, clip, concatenate, cumprod, cumsum, expand_dims, flatten, foldl, foldr, gather,
    hard_sigmoid, in_top_k, int_shape, l2_normalize, map_fn, one_hot, permute_dimensions, pow, relu,
    repeat, repeat_elements, reverse, sparse_categorical_crossentropy, squeeze, switch, temporal_padding,
    tile,
)
from tidegate.backend.settings import (
    backend, epsilon, floatx, image_data_format, is_float_dtype, is_int_dtype, result_type, set_epsilon,
    set_floatx, set_image_data_format,
)
from tidegate.backend.state import (
    batch_get_value, batch_set_value, constant, count_params, eval, eye, get_value, moving_average_update,
    ones, ones_like, random_bernoulli, random_normal, random_normal_variable, random_uniform,
    random_uniform_variable, set_value, truncated_normal, update, update_add, update_sub, variable, zeros,
    zeros_like,
)
from tidegate.inputs import nearest
from tidegate.ops import (
    abs, all, any, cast, categorical_crossentropy, cos, dot, dtype, elu, equal, exp, greater,
    greater_equal, less, less_equal, log, logsumexp, max, maximum, mean, min, minimum, ndim, not_equal,
    prod, reshape, round, shape, sigmoid, sign, sin, softmax, softplus, softsign, sqrt, square, stack,
    std, stop_gradient, sum, tanh, transpose, var,
)
from tidegate.utils.asking import clear_session, is_keras_tensor, standardize_dtype

__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "backend", "batch_dot", "batch_flatten",
    "batch_get_value", "batch_normalization", "batch_set_value", "bias_add", "binary_crossentropy",
    "cast", "cast_to_floatx", "categorical_crossentropy", "clear_session", "clip", "concatenate",
    "constant", "cos", "count_params", "cumprod", "cumsum", "dot", "dtype", "elu", "epsilon", "equal",
    "eval", "exp", "expand_dims", "eye", "flatten", "floatx", "foldl", "foldr", "gather", "get_value",
    "greater", "greater_equal", "hard_sigmoid", "image_data_format", "in_top_k", "int_shape",
    "is_float_dtype", "is_int_dtype", "is_keras_tensor", "l2_normalize", "less", "less_equal", "log",
    "logsumexp", "map_fn", "max", "maximum", "mean", "min", "minimum", "moving_average_update", "ndim",
    "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "pow", "prod", "random_bernoulli",
    "random_normal", "random_normal_variable", "random_uniform", "random_uniform_variable", "relu",
    "repeat", "repeat_elements", "reshape", "result_type", "reverse", "round", "set_epsilon",
    "set_floatx", "set_image_data_format", "set_value", "shape", "sigmoid", "sign", "sin", "softmax",
    "softplus", "softsign", "sparse_categorical_crossentropy", "sqrt", "square", "squeeze", "stack",
    "standardize_dtype", "std", "stop_gradient", "sum", "switch", "tanh", "temporal_padding", "tile",
    "transpose", "truncated_normal", "update", "update_add", "update_sub", "var", "variable", "zeros",
    "zeros_like",
]
# fmt: on

_GONE = {
    "function": "`Model(inputs, outputs)` computes outputs of inner layers",
    "get_session": "there are no sessions: every function computes at once",
    "gradients": "`fit` finds the gradients of a loss; there is no graph to differentiate by hand",
    "learning_phase": "layers and models take the argument `training`",
    "placeholder": "`Input` makes the symbolic tensors",
    "set_learning_phase": "layers and models take the argument `training`",
    "set_session": "there are no sessions: every function computes at once",
    "tensorflow_backend": "there is no TensorFlow here; `tidegate.backend` itself has the functions",
}


def __getattr__(name: str) -> NoReturn:
    if name in _GONE:
        raise AttributeError(f"`tidegate.backend` has no `{name}`: {_GONE[name]}")
    raise AttributeError(f"module 'tidegate.backend' has no attribute {name!r}.{nearest(name, __all__)}")
