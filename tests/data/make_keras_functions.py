"""Writes keras_functions.json: what Keras 3.15.1's activation functions make of arrays when they get
arguments, its metric functions of targets and predictions, and its STFT initializer of shapes, all in
float64; and the names that Keras exports.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_functions.py`); the tests only
read the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src import activations, constraints, initializers, losses, metrics, optimizers, regularizers

HERE = Path(__file__).parent
rng = np.random.default_rng(45)

ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("celu", {"alpha": 0.5}),
    ("elu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("gelu", {"approximate": False}),
    ("glu", {}),
    ("glu", {"axis": 0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("leaky_relu", {"negative_slope": 0.1}),
    ("log_softmax", {"axis": 0}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 1.0}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 1.0, "threshold": 0.5}),
    ("soft_shrink", {"threshold": 1.0}),
    ("softmax", {"axis": 1}),
    ("sparsemax", {}),
    ("sparsemax", {"axis": 0}),
    ("squareplus", {"b": 1.0}),
    ("threshold", {"threshold": 0.5, "default_value": 7.0}),
]
STFTS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({}, (8, 1, 5)),
    ({"side": "imag", "scaling": "spectrum", "periodic": True}, (7, 1, 5)),
    ({"window": "hamming", "scaling": None}, (8, 1, 3)),
    ({"window": "blackman"}, (9, 1, 3)),
    ({"window": "nuttall", "scaling": "spectrum"}, (9, 1, 3)),
    ({"window": "blackmanharris", "periodic": True}, (9, 1, 3)),
    ({"window": "boxcar"}, (4, 1, 4)),
    ({"window": None}, (4, 1, 4)),
    ({"window": [1.0, 2.0, -3.0]}, (3, 1, 4)),
    ({}, (1, 1, 2)),
]


def uniform(*shape: int) -> np.ndarray:
    return rng.uniform(0.01, 0.99, shape)


def one_hot(*shape: int) -> np.ndarray:
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


def bits(*shape: int) -> np.ndarray:
    return rng.integers(0, 2, shape).astype("float64")


def labels(rows: int, _: int) -> np.ndarray:
    return rng.integers(0, 4, rows).astype("float64")


METRICS: list[tuple[str, dict[str, Any], Any]] = [
    ("binary_accuracy", {}, bits),
    ("binary_accuracy", {"threshold": 0.3}, bits),
    ("binary_crossentropy", {"label_smoothing": 0.1}, bits),
    ("binary_focal_crossentropy", {}, bits),
    ("categorical_accuracy", {}, one_hot),
    ("categorical_crossentropy", {}, one_hot),
    ("categorical_focal_crossentropy", {}, one_hot),
    ("categorical_hinge", {}, one_hot),
    ("concordance_correlation", {}, uniform),
    ("hinge", {}, bits),
    ("huber", {"delta": 0.2}, uniform),
    ("kl_divergence", {}, uniform),
    ("log_cosh", {}, uniform),
    ("mean_absolute_error", {}, uniform),
    ("mean_absolute_percentage_error", {}, uniform),
    ("mean_squared_error", {}, uniform),
    ("mean_squared_logarithmic_error", {}, uniform),
    ("pearson_correlation", {}, uniform),
    ("pearson_correlation", {"axis": 0}, uniform),
    ("poisson", {}, uniform),
    ("sparse_categorical_accuracy", {}, labels),
    ("sparse_categorical_crossentropy", {}, labels),
    ("sparse_top_k_categorical_accuracy", {"k": 2}, labels),
    ("squared_hinge", {}, bits),
    ("top_k_categorical_accuracy", {"k": 2}, one_hot),
]


def activation_figure(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    x = 2 * rng.standard_normal((4, 6))
    value = getattr(keras.activations, name)(keras.ops.convert_to_tensor(x), **arguments)
    return {"name": name, "arguments": arguments, "x": x.tolist(), "value": np.asarray(value).tolist()}


def metric_figure(name: str, arguments: dict[str, Any], make_true: Any) -> dict[str, Any]:
    y_true, y_pred = make_true(6, 4), uniform(6, 4)
    value = np.asarray(getattr(keras.metrics, name)(y_true, y_pred, **arguments)).tolist()
    return {"name": name, "arguments": arguments, "y_true": y_true.tolist(), "y_pred": y_pred.tolist(),
            "value": value}  # fmt: skip


def stft_figure(arguments: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    initializer = keras.initializers.STFT(**arguments)
    value = np.asarray(initializer(shape, "float64")).tolist()
    return {"arguments": arguments, "shape": shape, "value": value, "config": list(initializer.get_config())}


def exported(module: Any) -> list[str]:
    return [name for name in dir(module) if not name.startswith("_")]


MODULES = (activations, constraints, initializers, losses, metrics, optimizers, regularizers)
figures = {
    "activations": [activation_figure(*each) for each in ACTIVATIONS],
    "metrics": [metric_figure(*each) for each in METRICS],
    "stft": [stft_figure(*each) for each in STFTS],
    "exported": {
        name: exported(getattr(keras, name))
        for name in ("activations", "callbacks", "constraints", "initializers", "losses", "metrics",
                     "optimizers", "regularizers")
    } | {"optimizers.schedules": exported(keras.optimizers.schedules)},
    "strings": {
        module.__name__.split(".")[-1]: sorted(map(str, module.ALL_OBJECTS_DICT)) for module in MODULES
    },
}  # fmt: skip
(HERE / "keras_functions.json").write_text(json.dumps(figures) + "\n")
