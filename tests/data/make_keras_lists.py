"""Writes keras_lists.json: what Keras 3.15.1's regularizers and constraints make of arrays.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_lists.py`); the tests only read the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
rng = np.random.default_rng(42)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}),
    ("L1", {"l1": 0.25}),
    ("L2", {}),
    ("L2", {"l2": 0.25}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.9, "max_value": 2.1, "rate": 0.25, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
]


def regularizer_figure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    x = normal(4, 6)
    value = getattr(keras.regularizers, name)(**config)(keras.ops.convert_to_tensor(x))
    return {"class": name, "config": config, "x": x.tolist(), "value": float(value)}


def constraint_figure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    w = normal(4, 6)
    value = getattr(keras.constraints, name)(**config)(keras.ops.convert_to_tensor(w))
    return {"class": name, "config": config, "w": w.tolist(), "value": np.asarray(value).tolist()}


figures = {
    "regularizers": [regularizer_figure(*each) for each in REGULARIZERS],
    "constraints": [constraint_figure(*each) for each in CONSTRAINTS],
}
(HERE / "keras_lists.json").write_text(json.dumps(figures) + "\n")
