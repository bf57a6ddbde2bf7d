"""Writes keras_normalizing.json and normalization.keras: what Keras 3.15.1's Rescaling, Normalization and
CategoryEncoding make of arrays, and a model with an adapted Normalization.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_normalizing.py`); the tests only read
the files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
X = np.random.default_rng(3).standard_normal((4, 3, 2)).astype("float32") * 3 + 1
CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("Rescaling", {"scale": 0.5, "offset": -1}, False),
    ("Rescaling", {"scale": [0.5, 2], "offset": [1, 0]}, False),
    ("Normalization", {}, True),
    ("Normalization", {"axis": None}, True),
    ("Normalization", {"axis": [1, 2]}, True),
    ("Normalization", {"axis": 1, "invert": True}, True),
    ("Normalization", {"mean": 2.0, "variance": 9.0}, False),
    ("Normalization", {"mean": [2.0, 1.0], "variance": [4.0, 0.0]}, False),
    ("Normalization", {"axis": [1, 2], "mean": [2.0, 1.0], "variance": [4.0, 2.0]}, False),
]
NUMBERS = [[0, 2, 2], [1, 0, 3]]
ENCODINGS = [
    {"num_tokens": 4},
    {"num_tokens": 5, "output_mode": "count"},
    {"num_tokens": 4, "output_mode": "one_hot"},
]


def figure(name: str, options: dict[str, Any], adapted: bool) -> dict[str, Any]:
    layer = getattr(keras.layers, name)(**options)
    if adapted:
        layer.adapt(X)
    return {"class": name, "options": options, "adapted": adapted, "array": np.asarray(layer(X)).tolist()}


def encoding(options: dict[str, Any]) -> dict[str, Any]:
    layer = keras.layers.CategoryEncoding(**options)
    shapes = (NUMBERS, NUMBERS[0], [[0], [3]])
    return {"options": options, "arrays": [np.asarray(layer(np.array(each))).tolist() for each in shapes]}


def main() -> None:
    keras.utils.set_random_seed(1)
    layer = keras.layers.Normalization()
    layer.adapt(X)
    net = keras.Sequential([keras.Input((3, 2)), layer, keras.layers.LSTM(2)])
    net.save(HERE / "normalization.keras")
    figures = {
        "x": X.tolist(),
        "cases": [figure(*each) for each in CASES],
        "encodings": [encoding(each) for each in ENCODINGS],
        "model": np.asarray(net(X)).tolist(),
    }
    (HERE / "keras_normalizing.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
