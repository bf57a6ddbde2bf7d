"""Keras's `ops`, by name and by argument, over NumPy arrays: what losses, metrics and layers of one's own are
written with.

They take arrays, numbers, lists of them and Variables; symbolic tensors, of which they make nodes of a graph;
and what autograd hands to a function that it differentiates. float32 stays float32; integers become it where
the result is no integer. With plain arrays nothing here needs autograd.

Left out are images, sparse and complex arrays, Fourier transforms, windows and distributions; convolutions,
pooling and CTC, which are layers and losses here; decompositions of matrices; functions that skip NaN.
"""

# fmt: off
# isort: off
from tidegate.ops.arithmetic import (
    add, arctan2, clip, divide, divide_no_nan, floor_divide, fmax, fmin, fmod, heaviside, hypot, ldexp,
    logaddexp, logaddexp2, maximum, minimum, mod, multiply, nextafter, power, subtract, true_divide,
)
from tidegate.ops.classes import (
    binary_crossentropy, categorical_crossentropy, multi_hot, one_hot, sparse_categorical_crossentropy,
)
from tidegate.ops.comparing import (
    allclose, bitwise_and, bitwise_invert, bitwise_left_shift, bitwise_not, bitwise_or,
    bitwise_right_shift, bitwise_xor, equal, gcd, greater, greater_equal, isclose, isfinite, isin, isinf,
    isnan, isneginf, isposinf, isreal, lcm, left_shift, less, less_equal, logical_and, logical_not,
    logical_or, logical_xor, not_equal, right_shift, select, where,
)
from tidegate.ops.contraction import einsum
from tidegate.ops.control import (
    associative_scan, cond, custom_gradient, fori_loop, map, scan, switch, vectorize, vectorized_map,
    while_loop,
)
from tidegate.ops.creating import (
    arange, empty, empty_like, eye, full, full_like, identity, linspace, ones, ones_like, tri, zeros,
    zeros_like,
)
from tidegate.ops.elementwise import (
    abs, absolute, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, cbrt, ceil, cos, cosh, deg2rad, exp,
    exp2, expm1, fabs, floor, log, log1p, log2, log10, nan_to_num, negative, rad2deg, reciprocal, round,
    rsqrt, sign, signbit, sin, sinc, sinh, sqrt, square, tan, tanh, trunc,
)
from tidegate.ops.joining import (
    append, array_split, concatenate, dsplit, dstack, hsplit, hstack, split, stack, unstack, vsplit,
    vstack,
)
from tidegate.ops.linear import (
    cross, det, dot, inner, inv, kron, logdet, matmul, norm, outer, slogdet, solve, tensordot, trace,
    vdot,
)
from tidegate.ops.nn import (
    batch_normalization, celu, dot_product_attention, elu, gelu, glu, hard_shrink, hard_sigmoid,
    hard_silu, hard_swish, hard_tanh, layer_normalization, leaky_relu, log_sigmoid, log_softmax,
    normalize, psnr, relu, relu6, rms_normalization, selu, sigmoid, silu, soft_shrink, softmax, softplus,
    softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from tidegate.ops.places import (
    diag, diagflat, diagonal, get_item, slice, take, take_along_axis, tril, triu, unravel_index,
)
from tidegate.ops.reductions import (
    all, amax, amin, any, argmax, argmin, average, count_nonzero, cumprod, cumsum, diff, logsumexp, max,
    mean, min, moments, prod, ptp, std, sum, trapezoid, var,
)
from tidegate.ops.shapes import (
    broadcast_to, expand_dims, flip, fliplr, flipud, meshgrid, moveaxis, pad, ravel, repeat, reshape,
    roll, rot90, squeeze, swapaxes, tile, transpose,
)
from tidegate.ops.sorting import (
    argpartition, argsort, bincount, digitize, histogram, in_top_k, median, nonzero, percentile, quantile,
    scatter, searchsorted, segment_max, segment_min, segment_sum, sort, top_k, unique,
)
from tidegate.ops.special import erf, erfc
from tidegate.ops.tensors import (
    array, cast, convert_to_numpy, convert_to_tensor, copy, dtype, is_tensor, ndim, saturate_cast,
    scatter_update, shape, size, slice_update, stop_gradient,
)

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "append", "arange", "arccos",
    "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin", "argpartition",
    "argsort", "array", "array_split", "associative_scan", "average", "batch_normalization",
    "binary_crossentropy", "bincount", "bitwise_and", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "broadcast_to", "cast",
    "categorical_crossentropy", "cbrt", "ceil", "celu", "clip", "concatenate", "cond", "convert_to_numpy",
    "convert_to_tensor", "copy", "cos", "cosh", "count_nonzero", "cross", "cumprod", "cumsum",
    "custom_gradient", "deg2rad", "det", "diag", "diagflat", "diagonal", "diff", "digitize", "divide",
    "divide_no_nan", "dot", "dot_product_attention", "dsplit", "dstack", "dtype", "einsum", "elu",
    "empty", "empty_like", "equal", "erf", "erfc", "exp", "exp2", "expand_dims", "expm1", "eye", "fabs",
    "flip", "fliplr", "flipud", "floor", "floor_divide", "fmax", "fmin", "fmod", "fori_loop", "full",
    "full_like", "gcd", "gelu", "get_item", "glu", "greater", "greater_equal", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "heaviside", "histogram", "hsplit", "hstack",
    "hypot", "identity", "in_top_k", "inner", "inv", "is_tensor", "isclose", "isfinite", "isin", "isinf",
    "isnan", "isneginf", "isposinf", "isreal", "kron", "layer_normalization", "lcm", "ldexp",
    "leaky_relu", "left_shift", "less", "less_equal", "linspace", "log", "log1p", "log2", "log10",
    "log_sigmoid", "log_softmax", "logaddexp", "logaddexp2", "logdet", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logsumexp", "map", "matmul", "max", "maximum", "mean", "median",
    "meshgrid", "min", "minimum", "mod", "moments", "moveaxis", "multi_hot", "multiply", "nan_to_num",
    "ndim", "negative", "nextafter", "nonzero", "norm", "normalize", "not_equal", "one_hot", "ones",
    "ones_like", "outer", "pad", "percentile", "power", "prod", "psnr", "ptp", "quantile", "rad2deg",
    "ravel", "reciprocal", "relu", "relu6", "repeat", "reshape", "right_shift", "rms_normalization",
    "roll", "rot90", "round", "rsqrt", "saturate_cast", "scan", "scatter", "scatter_update",
    "searchsorted", "segment_max", "segment_min", "segment_sum", "select", "selu", "shape", "sigmoid",
    "sign", "signbit", "silu", "sin", "sinc", "sinh", "size", "slice", "slice_update", "slogdet",
    "soft_shrink", "softmax", "softplus", "softsign", "solve", "sort", "sparse_categorical_crossentropy",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "split", "sqrt", "square", "squareplus", "squeeze",
    "stack", "std", "stop_gradient", "subtract", "sum", "swapaxes", "swish", "switch", "take",
    "take_along_axis", "tan", "tanh", "tanh_shrink", "tensordot", "threshold", "tile", "top_k", "trace",
    "transpose", "trapezoid", "tri", "tril", "triu", "true_divide", "trunc", "unique", "unravel_index",
    "unstack", "var", "vdot", "vectorize", "vectorized_map", "vsplit", "vstack", "where", "while_loop",
    "zeros", "zeros_like",
]
