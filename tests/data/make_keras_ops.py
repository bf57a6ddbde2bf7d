"""Writes keras_ops.json: what the ops of Keras 3.15.1 make of arrays in float64, their gradients, and dtypes.

Needs Keras with TensorFlow, on which alone Keras computes in float64 (`KERAS_BACKEND=tensorflow python
make_keras_ops.py`); the tests only read the file. Elements are multiples of 1/256. Gradients are those of the
sum of all results, each times its weight.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops, tree

rng = np.random.default_rng(11)
Array = np.ndarray[Any, Any]


def names(text: str) -> list[str]:
    return text.split()


def short(values: Any) -> Array:
    return np.round(np.asarray(values, "float64") * 256) / 256


def normal(*shape: int) -> Array:
    return short(rng.standard_normal(shape))


def share(*shape: int) -> Array:
    return short(rng.random(shape) * 0.8 + 0.1)


def whole(*shape: int, high: int = 4) -> Array:
    return rng.integers(0, high, shape).astype("int32")


def bits(*shape: int) -> Array:
    return rng.random(shape) < 0.5


A, B, C = normal(3, 4), normal(3, 4), normal(4)
P, Q, CUBE = share(3, 4), share(3, 4), normal(2, 3, 4)
TIES = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [-1.0, 0.0, 0.0, -1.0]])
KINKS = np.array([-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0])
N = whole(3, 4)
INF = math.inf
NO_GRADIENT = ("histogram", "nextafter", "slice_update")  # or TensorFlow's is one of its own
Cases = list[tuple[str, list[Any], dict[str, Any]]]


def unary() -> Cases:
    every = names(
        "absolute arcsinh arctan cbrt ceil cos cosh deg2rad erf erfc exp exp2 expm1 fabs floor "
        "hard_sigmoid hard_silu hard_tanh log_sigmoid negative rad2deg reciprocal relu relu6 "
        "round selu sigmoid sign silu sin sinc sinh softplus softsign sparse_plus "
        "sparse_sigmoid square tan tanh tanh_shrink trunc celu elu gelu hard_shrink leaky_relu "
        "soft_shrink squareplus softmax log_softmax"
    )
    cases: Cases = [(name, [2 * A], {}) for name in every]
    cases += [(name, [P], {}) for name in names("arccos arcsin arctanh log log1p log2 log10 rsqrt sqrt")]
    cases += [("arccosh", [P + 1], {})]
    cases += [
        (name, [KINKS], {})
        for name in names(
            "absolute relu relu6 elu hard_sigmoid hard_silu sparse_plus sparse_sigmoid hard_shrink "
            "soft_shrink"
        )
    ]
    cases += [
        ("celu", [A], {"alpha": 0.5}),
        ("elu", [A], {"alpha": 0.5}),
        ("gelu", [A], {"approximate": False}),
        ("glu", [A], {}),
        ("glu", [normal(4, 3)], {"axis": 0}),
        ("hard_shrink", [A], {"threshold": 1.0}),
        ("soft_shrink", [A], {"threshold": 1.0}),
        ("leaky_relu", [A], {"negative_slope": 0.5}),
        ("squareplus", [A], {"b": 1}),
        ("threshold", [A, 0.25, -1.0], {}),
        ("softmax", [CUBE], {"axis": 1}),
        ("softmax", [CUBE], {"axis": [0, 2]}),
        ("log_softmax", [CUBE], {"axis": 0}),
        ("sparsemax", [A], {}),
        ("sparsemax", [A], {"axis": 0}),
        ("round", [10 * A], {"decimals": 1}),
        ("nan_to_num", [np.array([1.0, math.nan, INF, -INF])], {}),
        ("nan_to_num", [np.array([1.0, math.nan, INF, -INF])], {"nan": 2.0, "posinf": 3.0, "neginf": 4.0}),
        ("signbit", [A], {}),
    ]
    for name in ("isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal"):
        cases.append((name, [np.array([1.0, math.nan, INF, -INF])], {}))
    return cases


def binary() -> Cases:
    cases: Cases = []
    for name in names(
        "add subtract multiply divide arctan2 hypot maximum minimum fmax fmin logaddexp "
        "logaddexp2 mod fmod floor_divide heaviside equal not_equal greater greater_equal less "
        "less_equal nextafter isclose logical_and logical_or logical_xor allclose"
    ):
        cases += [
            (name, [A, B], {}),
            (name, [A, C], {}),
            (name, [normal(3, 1), C], {}),
            (name, [A, 0.75], {}),
        ]
    cases += [(name, [TIES, TIES[0]], {}) for name in names("equal greater less_equal")]
    cases += [
        ("power", [P, B], {}),
        ("power", [P, C], {}),
        ("power", [A, 2], {}),
        ("power", [A, 3.0], {}),
        ("power", [A, 0.0], {}),
        ("power", [2.0, A], {}),
        ("power", [N, 2], {}),
        ("divide_no_nan", [A, np.array([1, 0, 2, 0])], {}),
        ("true_divide", [N, 2], {}),
        ("floor_divide", [N, 3], {}),
        ("mod", [N, 3], {}),
        ("add", [N, A], {}),
        ("logical_not", [N], {}),
        ("clip", [A, -0.5, 0.5], {}),
        ("clip", [A, C - 1, C + 1], {}),
        ("clip", [N, 1, 2], {}),
        ("where", [bits(3, 4), A, B], {}),
        ("where", [bits(3, 4), A, 0.0], {}),
        ("where", [bits(4), C, normal(3, 1)], {}),
        ("where", [N], {}),
        ("select", [[bits(3, 4), bits(3, 4)], [A, B], 0.5], {}),
        ("isin", [N, whole(3)], {}),
        ("ldexp", [A, N], {}),
        ("psnr", [P, Q, 1.0], {}),
    ]
    for name in names("bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd lcm"):
        cases.append((name, [N + 1, whole(3, 4) + 1], {}))
    return [*cases, ("bitwise_not", [N], {})]


def reducing() -> Cases:
    cases: Cases = []
    for name in names("sum mean var std max min prod amax amin logsumexp all any"):
        for axis in (None, 0, -1, [0, 2]):
            cases += [(name, [CUBE], {"axis": axis}), (name, [CUBE], {"axis": axis, "keepdims": True})]
    cases += [("ptp", [CUBE], {"axis": 1}), ("ptp", [CUBE], {"axis": None, "keepdims": True})]
    for name in ("argmax", "argmin"):
        cases += [
            (name, [CUBE], {}),
            (name, [TIES], {"axis": 1}),
            (name, [CUBE], {"axis": 0, "keepdims": True}),
        ]
    for name in ("cumsum", "cumprod"):
        cases += [(name, [CUBE], {}), (name, [CUBE], {"axis": 1}), (name, [N], {"axis": -1})]
    zeros = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [2.0, 3.0, 4.0]])
    return [
        *cases,
        ("max", [TIES], {"axis": 1}),
        ("min", [TIES], {"axis": 1}),
        ("max", [A], {"initial": 0.5, "axis": 1}),
        ("prod", [zeros], {"axis": 1}),
        ("sum", [N], {}),
        ("sum", [bits(3, 4)], {"axis": 0}),
        ("mean", [N], {"axis": 0}),
        ("count_nonzero", [N], {}),
        ("count_nonzero", [N], {"axis": 1}),
        ("moments", [CUBE], {"axes": [1]}),
        ("average", [A], {"axis": 1, "weights": C + 4}),
        ("average", [A], {"weights": P}),
        ("average", [A], {"axis": 0}),
        ("diff", [CUBE], {}),
        ("diff", [CUBE], {"n": 2, "axis": 1}),
        ("trapezoid", [A], {"dx": 0.5}),
        ("trapezoid", [A], {"x": np.cumsum(P[0])}),
        ("median", [CUBE], {"axis": 1}),
        ("median", [A], {}),
        ("quantile", [A, 0.25], {"axis": 1}),
        ("quantile", [A, np.array([0.25, 0.9])], {"axis": 0, "keepdims": True}),
        *(("quantile", [A, 0.3], {"method": each}) for each in ("lower", "higher", "nearest", "midpoint")),
        ("percentile", [A, 30.0], {"axis": 1}),
    ]


def shaping() -> Cases:
    return [
        ("reshape", [CUBE, [4, -1]], {}),
        ("ravel", [CUBE], {}),
        ("transpose", [CUBE], {}),
        ("transpose", [CUBE, [1, 2, 0]], {}),
        ("expand_dims", [A, 1], {}),
        ("expand_dims", [A, -1], {}),
        ("squeeze", [normal(1, 3, 1)], {}),
        ("squeeze", [normal(1, 3, 1)], {"axis": 0}),
        ("swapaxes", [CUBE, 0, -1], {}),
        ("moveaxis", [CUBE, 0, -1], {}),
        ("moveaxis", [CUBE, [0, 1], [2, 0]], {}),
        ("broadcast_to", [C, [3, 4]], {}),
        ("broadcast_to", [normal(3, 1), [2, 3, 4]], {}),
        ("repeat", [A, 2], {}),
        ("repeat", [A, 2], {"axis": 1}),
        ("repeat", [A, np.array([1, 0, 2])], {"axis": 0}),
        ("tile", [A, [2, 1]], {}),
        ("tile", [C, 3], {}),
        ("flip", [CUBE], {}),
        ("flip", [CUBE], {"axis": 1}),
        ("flipud", [A], {}),
        ("fliplr", [A], {}),
        ("roll", [A, 2], {}),
        ("roll", [A, -1], {"axis": 1}),
        ("rot90", [A], {}),
        ("pad", [A, [[1, 1], [1, 1]]], {}),
        ("pad", [A, [[1, 0], [0, 2]]], {}),
        ("pad", [A, [[1, 2], [1, 1]]], {"mode": "reflect"}),
        ("pad", [A, [[1, 2], [1, 1]]], {"mode": "symmetric"}),
        ("pad", [A, [[1, 2], [1, 1]]], {"constant_values": 5.0}),
        ("concatenate", [[A, B]], {}),
        ("concatenate", [[A, B, N]], {"axis": -1}),
        ("stack", [[A, B]], {}),
        ("stack", [[A, B]], {"axis": -1}),
        ("append", [A, B], {}),
        ("append", [A, B], {"axis": 1}),
        ("vstack", [[A, B]], {}),
        ("hstack", [[C, C]], {}),
        ("hstack", [[A, B]], {}),
        ("dstack", [[A, B]], {}),
        ("split", [A, 2], {"axis": 1}),
        ("split", [A, [1, 3]], {"axis": 1}),
        ("array_split", [A, 3], {"axis": 1}),
        ("vsplit", [A, 3], {}),
        ("hsplit", [A, 2], {}),
        ("dsplit", [CUBE, 2], {}),
        ("unstack", [CUBE], {"axis": 1}),
        ("slice", [CUBE, [0, 1, 2], [2, 2, 1]], {}),
        ("take", [A, N], {}),
        ("take", [A, np.array([0, -1, 0])], {"axis": 0}),
        ("take_along_axis", [A, whole(3, 2)], {"axis": 1}),
        ("take_along_axis", [A, whole(1, 4, high=3)], {"axis": 0}),
        ("tril", [CUBE], {}),
        ("triu", [A], {"k": 1}),
        ("diag", [C], {"k": 1}),
        ("diag", [A], {}),
        ("diagflat", [A], {}),
        ("diagonal", [CUBE], {"offset": 1, "axis1": 1, "axis2": 2}),
        ("trace", [CUBE], {"axis1": 1, "axis2": 2}),
        ("meshgrid", [C, P[0]], {}),
        ("meshgrid", [C, P[:, 0]], {"indexing": "ij"}),
        ("scatter", [np.array([[0, 1], [2, 2], [0, 1]]), C[:3], [3, 4]], {}),
        ("scatter", [np.array([[0], [2]]), A[:2], [3, 4]], {}),
        ("scatter_update", [A, np.array([[0, 1], [2, 2]]), C[:2]], {}),
        ("scatter_update", [A, np.array([[0, 1], [2, 2]]), C[:2]], {"reduction": "add"}),
        ("slice_update", [A, [1, 2], B[:2, :2]], {}),
        ("cast", [A, "float32"], {}),
        ("cast", [A, "int32"], {}),
        ("saturate_cast", [100 * A, "int8"], {}),
    ]


def sorting() -> Cases:
    return [
        ("sort", [CUBE], {}),
        ("sort", [CUBE], {"axis": 0}),
        ("argsort", [TIES], {}),
        ("top_k", [CUBE, 2], {}),
        ("top_k", [TIES, 3], {}),
        ("in_top_k", [whole(3), TIES.astype("float32"), 2], {}),
        ("searchsorted", [np.sort(C), C], {}),
        ("searchsorted", [np.sort(C), C], {"side": "right"}),
        ("digitize", [A, np.array([-1.0, 0.0, 1.0])], {}),
        ("nonzero", [N], {}),
        ("unique", [N], {}),
        ("bincount", [N[0]], {}),
        ("bincount", [N[0]], {"minlength": 6}),
        ("bincount", [N[0]], {"weights": C}),
        ("histogram", [C], {"bins": 5}),
        ("segment_sum", [A, np.array([0, 2, 0])], {"num_segments": 4}),
        ("segment_max", [A, np.array([0, 1, 0])], {"num_segments": 2}),
        ("segment_min", [TIES, np.array([0, 1, 0])], {"num_segments": 2}),
    ]


def products() -> Cases:
    square = normal(2, 3, 3) + 3 * np.eye(3)
    cases: Cases = [
        ("matmul", [A, normal(4, 2)], {}),
        ("matmul", [CUBE, normal(4, 2)], {}),
        ("matmul", [CUBE, normal(2, 4, 2)], {}),
        ("matmul", [normal(1, 3, 4), normal(2, 4, 2)], {}),
        ("matmul", [A, normal(5, 4, 2)], {}),
        ("matmul", [C, normal(4, 2)], {}),
        ("matmul", [CUBE, C], {}),
        ("matmul", [C, C], {}),
        ("matmul", [N, whole(4, 2)], {}),
        ("dot", [A, normal(4, 2)], {}),
        ("dot", [CUBE, normal(5, 4, 2)], {}),
        ("dot", [A, C], {}),
        ("dot", [A, 2.0], {}),
        ("inner", [A, B], {}),
        ("vdot", [A, B], {}),
        ("outer", [A, C], {}),
        ("kron", [A, normal(2, 2)], {}),
        ("tensordot", [CUBE, normal(3, 4, 2)], {}),
        ("tensordot", [CUBE, normal(4, 2)], {"axes": 1}),
        ("tensordot", [CUBE, normal(4, 2, 5)], {"axes": [[0, 2], [1, 0]]}),
        ("cross", [normal(2, 3), normal(2, 3)], {}),
        ("cross", [normal(2, 2), normal(2, 2)], {}),
        ("cross", [normal(3, 4), normal(3, 4)], {"axis": 0}),
        ("inv", [square], {}),
        ("det", [square], {}),
        ("slogdet", [square], {}),
        ("solve", [square, normal(2, 3, 2)], {}),
        ("norm", [A], {}),
        ("norm", [CUBE], {"axis": 1, "keepdims": True}),
        *(("norm", [CUBE], {"ord": each, "axis": 1}) for each in (0, 1, 2, 3, INF, -INF)),
        *(("norm", [CUBE], {"ord": each, "axis": [1, 2]}) for each in ("fro", 1, -1, INF, -INF)),
        ("norm", [A], {"ord": 1}),
        ("normalize", [A], {}),
        ("normalize", [A], {"axis": 0, "order": 1}),
        ("normalize", [A], {"order": 3}),
    ]
    spelled = {
        "ij,jk->ik": (A, normal(4, 2)),
        "bij,bjk->bik": (CUBE, normal(2, 4, 2)),
        "...ij,...jk->...ik": (CUBE, normal(2, 4, 2)),
        "ij,j->i": (A, C),
        "ij->": (A,),
        "ij->ji": (A,),
        "ii->i": (normal(3, 3),),
        "ii": (normal(3, 3),),
        "i,j,k->ijk": (C, normal(2), normal(3)),
        "bthd,bshd->bhts": (normal(2, 3, 2, 4), normal(2, 5, 2, 4)),
        "ij,ij->": (A, B),
        "bi,ij,bj->b": (normal(2, 3), A, normal(2, 4)),
    }
    return [*cases, *(("einsum", [key, *arrays], {}) for key, arrays in spelled.items())]


def networks() -> Cases:
    one_hot = np.eye(4)[whole(3)]
    logits, heads = 2 * normal(3, 4), (normal(2, 3, 2, 4), normal(2, 5, 2, 4), normal(2, 5, 2, 4))
    return [
        ("one_hot", [whole(3) - 1, 4], {}),
        ("one_hot", [whole(2, 3), 4], {"axis": 1}),
        ("one_hot", [whole(3), 4], {"dtype": "int32"}),
        ("multi_hot", [whole(3, 2), 5], {}),
        ("multi_hot", [whole(3), 5], {}),
        ("binary_crossentropy", [bits(3, 4).astype("float64"), P], {}),
        ("binary_crossentropy", [bits(3, 4).astype("float64"), logits], {"from_logits": True}),
        ("categorical_crossentropy", [one_hot, P], {}),
        ("categorical_crossentropy", [one_hot, logits], {"from_logits": True}),
        ("categorical_crossentropy", [one_hot.T, logits.T], {"from_logits": True, "axis": 0}),
        ("sparse_categorical_crossentropy", [whole(3), P], {}),
        ("sparse_categorical_crossentropy", [whole(3, 1), logits], {"from_logits": True}),
        ("batch_normalization", [A, C, P[0], -1], {"offset": C, "scale": P[1]}),
        ("layer_normalization", [A], {"gamma": C, "beta": P[0]}),
        ("layer_normalization", [CUBE], {"axis": [1, 2]}),
        ("rms_normalization", [A], {"scale": C}),
        ("dot_product_attention", [*heads], {}),
        ("dot_product_attention", [*heads], {"mask": bits(2, 1, 3, 5) | (np.arange(5) == 0), "scale": 0.5}),
        ("dot_product_attention", [heads[0], heads[1][:, :3], heads[2][:, :3]], {"is_causal": True}),
        ("dot_product_attention", [*heads], {"bias": normal(1, 2, 3, 5)}),
        ("arange", [5], {}),
        ("arange", [1, 3, 0.5], {}),
        ("linspace", [0.0, 1.0, 5], {}),
        ("linspace", [C, C + 2, 3], {"endpoint": False, "axis": -1}),
        ("eye", [3], {}),
        ("eye", [3, 4], {"k": 1}),
        ("tri", [3, 4], {}),
        ("identity", [3], {}),
        ("zeros", [[2, 3]], {}),
        ("ones", [[2]], {"dtype": "int32"}),
        ("full", [[2, 3], 2], {}),
        ("zeros_like", [N], {}),
        ("ones_like", [A], {}),
        ("full_like", [N, 2.5], {}),
        ("convert_to_tensor", [[1, 2]], {}),
        ("convert_to_tensor", [[1.0, 2.0]], {}),
        ("convert_to_tensor", [[[True, False]]], {}),
        ("convert_to_tensor", [3], {"dtype": "float64"}),
    ]


def weight(shape: tuple[int, ...]) -> Array:
    """What the results are multiplied by, so that each has a gradient of its own."""
    return np.cos(np.arange(1, 1 + math.prod(shape))).reshape(tuple(shape))


def figure(name: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    function = getattr(ops, name)
    plain = {key: tuple(v) if isinstance(v, list) else v for key, v in kwargs.items()}
    leaves = tree.flatten(args)
    places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray) and leaf.dtype == "float64"]
    given = [tf.constant(leaves[place]) for place in places]
    for place, value in zip(places, given, strict=True):
        leaves[place] = value
    with tf.GradientTape() as tape:
        tape.watch(given)
        result = function(*tree.pack_sequence_as(args, leaves), **plain)
        floats = [each for each in tree.flatten(result) if "float" in str(getattr(each, "dtype", ""))]
        total = sum(tf.reduce_sum(each * weight(each.shape)) for each in floats if each.dtype == "float64")
    found = {"op": name, "args": encoded(args), "kwargs": encoded(kwargs), "result": encoded(result)}
    if given and not isinstance(total, int) and name not in NO_GRADIENT:
        gradients = tape.gradient(total, given, unconnected_gradients="zero")
        found |= {"places": places, "gradients": [encoded(tf.convert_to_tensor(each)) for each in gradients]}
    return found


def encoded(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [encoded(each) for each in value]
    if isinstance(value, dict):
        return {key: encoded(each) for key, each in value.items()}
    if hasattr(value, "dtype"):
        array = np.asarray(value)
        return {"dtype": str(array.dtype), "array": array.tolist()}
    return value


def dtype_of(x: Any) -> str:
    return keras.backend.standardize_dtype(x.dtype)  # type: ignore[no-any-return]


def dtypes() -> dict[str, dict[str, str]]:
    """Op -> dtypes of arguments, or kinds of numbers -> dtype of the result."""
    kinds = {
        each: np.ones((2, 2), each) for each in names("bool uint8 int8 int32 int64 float16 float32 float64")
    }
    kinds |= {"int": 2, "float": 0.5}
    found: dict[str, dict[str, str]] = {}
    for name in names(
        "absolute negative square sign exp sqrt relu sigmoid softmax sum mean var max prod "
        "cumsum argmax argsort round floor logsumexp sort erf isnan norm"
    ):
        found[name] = {}
        for kind, x in kinds.items():
            with contextlib.suppress(Exception):  # Keras does not take all of them
                found[name][kind] = dtype_of(getattr(ops, name)(x))
    for name in names("add divide power maximum where equal matmul floor_divide"):
        found[name] = {}
        for one, x in kinds.items():
            for other, y in kinds.items():
                if name == "matmul" and (np.ndim(x) == 0 or np.ndim(y) == 0):
                    continue
                args = (x, y) if name != "where" else (np.ones((2, 2), bool), x, y)
                with contextlib.suppress(Exception):  # Keras does not take all of them
                    found[name][f"{one},{other}"] = dtype_of(getattr(ops, name)(*args))
    return found


def signatures() -> dict[str, str]:
    return {
        name: str(inspect.signature(getattr(ops, name)))
        for name in dir(ops)
        if not name.startswith("_") and callable(getattr(ops, name))
    }


if __name__ == "__main__":
    found = {"keras": keras.__version__, "signatures": signatures(), "dtypes": dtypes()}
    cases = unary() + binary() + reducing() + shaping() + sorting() + products() + networks()
    figures = [figure(*case) for case in cases]
    text = json.dumps(found | {"ops": figures}, separators=(",", ":"))
    Path(__file__).with_name("keras_ops.json").write_text(text.replace('{"op"', '\n{"op"') + "\n")
