"""Calls of the old backend as scripts make them, for Keras's and for Tidegate's."""

from __future__ import annotations

from typing import Any

import numpy as np

rng = np.random.default_rng(12)


def short(*shape: int) -> Any:
    return (np.round(rng.standard_normal(shape) * 256) / 256).astype("float32")


A, B, CUBE, OTHER = short(3, 4), short(3, 4), short(2, 3, 4), short(2, 4, 5)
P = np.round(rng.random((3, 4)) * 200 + 20).astype("float32") / 256
BITS, LABELS = (rng.random((3, 4)) < 0.5).astype("float32"), np.array([0, 3, 1])


def backend_calls(K: Any) -> dict[str, Any]:
    """What was called -> an array, or a number."""
    a, b, cube, other, p, bits = map(K.constant, (A, B, CUBE, OTHER, P, BITS))
    ones = K.ones((2, 2))
    K.update_add(ones, 3 * np.ones((2, 2), "float32"))
    K.update_sub(ones, np.ones((2, 2), "float32"))
    moved = K.variable(A)
    K.moving_average_update(moved, B, 0.75)
    K.set_value(variable := K.variable(A), B)
    found = {
        "abs": K.abs(a),
        "all": K.all(K.greater(a, -9.0), axis=1),
        "any": K.any(K.greater(a, 1.0), axis=0),
        "arange": K.arange(1, 7, 2),
        "argmax": K.argmax(a),
        "argmin": K.argmin(a, axis=0),
        "batch_dot": K.batch_dot(cube, other),
        "batch_dot, matrices": K.batch_dot(a, b),
        "batch_dot, a vector": K.batch_dot(cube, K.constant(A[:2]), axes=(2, 1)),
        "batch_dot, axes": K.batch_dot(cube, cube, axes=2),
        "batch_flatten": K.batch_flatten(cube),
        "batch_normalization": K.batch_normalization(a, b[0], p[0], b[1], b[2]),
        "bias_add": K.bias_add(a, b[0]),
        "binary_crossentropy": K.binary_crossentropy(bits, p),
        "binary_crossentropy, logits": K.binary_crossentropy(bits, a, from_logits=True),
        "cast": K.cast(a, "int32"),
        "cast_to_floatx": K.cast_to_floatx(LABELS),
        "categorical_crossentropy": K.categorical_crossentropy(bits, p),
        "clip": K.clip(a, -0.5, 0.5),
        "concatenate": K.concatenate([a, b]),
        "constant": K.constant(2.0, shape=(2, 3)),
        "count_params": K.count_params(a),
        "cumprod": K.cumprod(a),
        "cumsum": K.cumsum(a, axis=1),
        "dot": K.dot(a, K.transpose(b)),
        "dot, more axes": K.dot(cube, K.transpose(a)),
        "elu": K.elu(a, alpha=0.5),
        "equal": K.equal(a, b),
        "eval": K.eval(K.variable(A)),
        "expand_dims": K.expand_dims(a),
        "eye": K.get_value(K.eye(3)),
        "flatten": K.flatten(a),
        "foldl": K.foldl(lambda x, y: x * 2 + y, a),
        "foldr": K.foldr(lambda x, y: x * 2 + y, a),
        "gather": K.gather(a, np.array([2, 0])),
        "greater_equal": K.greater_equal(a, b),
        "hard_sigmoid": K.hard_sigmoid(2 * a),
        "in_top_k": K.in_top_k(p, np.array([0, 1, 2]), 2),
        "int_shape": np.array(K.int_shape(cube)),
        "l2_normalize": K.l2_normalize(a, axis=1),
        "less": K.less(a, b),
        "map_fn": K.map_fn(lambda x: K.sum(x * x), a),
        "max": K.max(a, axis=1, keepdims=True),
        "mean": K.mean(a, axis=-1),
        "moving_average_update": K.get_value(moved),
        "not_equal": K.not_equal(a, b),
        "one_hot": K.one_hot(LABELS, 4),
        "permute_dimensions": K.permute_dimensions(cube, (0, 2, 1)),
        "pow": K.pow(a, 2.0),
        "prod": K.prod(a),
        "relu": K.relu(a),
        "relu, all": K.relu(3 * a, alpha=0.25, max_value=2.0, threshold=0.5),
        "relu, alpha": K.relu(a, alpha=0.25),
        "repeat": K.repeat(a, 2),
        "reshape": K.reshape(a, (4, 3)),
        "reverse": K.reverse(a, 1),
        "round": K.round(a),
        "set_value": K.get_value(variable),
        "sigmoid": K.sigmoid(a),
        "sign": K.sign(a),
        "softmax": K.softmax(a),
        "softmax, axis": K.softmax(cube, axis=1),
        "softplus": K.softplus(a),
        "softsign": K.softsign(a),
        "sparse_categorical_crossentropy": K.sparse_categorical_crossentropy(LABELS[:, None], p),
        "sparse_categorical_crossentropy, logits": K.sparse_categorical_crossentropy(LABELS, a, True),
        "squeeze": K.squeeze(K.expand_dims(a, 1), 1),
        "stack": K.stack([a, b]),
        "std": K.std(a, axis=0),
        "sum": K.sum(cube, axis=(0, 2)),
        "switch": K.switch(K.greater(a, 0.0), a, b),
        "switch, one": K.switch(K.greater(K.sum(p), 0.0), lambda: a, lambda: b),
        "switch, rows": K.switch(K.constant(np.array([True, False, True]), "bool")[:, None], a, b),
        "temporal_padding": K.temporal_padding(cube, (1, 2)),
        "tile": K.tile(a, (2, 1)),
        "update": K.get_value(ones),
        "var": K.var(a, axis=1),
        "zeros_like": K.zeros_like(a),
    }
    return {name: np.asarray(value) for name, value in found.items()}
