"""Writes keras_fit.json: what Keras 3.15.1 makes of fits from arrays, generators and datasets, in float64.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_fit.py`); the tests only read the
file. A case has the model and how it is compiled as `to_json` writes it, its weights before and after, the
arguments of `fit`, and what `fit`, `evaluate` and `predict` gave.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(46)
keras.config.set_floatx("float64")
# Keras takes tanh and means of float64 in float32; here they are taken in float64.
dtypes = keras.src.backend.common.dtypes
usual_result = dtypes.result_type
dtypes.result_type = lambda *given: "float64" if "float64" in map(str, given) else usual_result(*given)
RATE = 2**-6  # a number of float32 too, in which Tidegate keeps it
N, SIZE = 13, 3
DATA = {
    "x": np.round(rng.standard_normal((N, 4, 2)), 3),
    "y": np.round(rng.standard_normal((N, 2)), 3),
    "labels": rng.integers(0, 3, N),
    "hot": np.eye(3)[rng.integers(0, 3, N)],
    "weight": np.round(rng.random(N), 3),
}
SQUARES: dict[str, Any] = {
    "loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"], "optimizer": "Adam",
}  # fmt: skip
CLASSES: dict[str, Any] = {
    "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "weighted_metrics": ["acc"],
    "optimizer": "RMSprop",
}  # fmt: skip

# (title, source, targets, compile, fit): the source of `x`, and of `validation_data` where it is named there
CASES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("arrays", "arrays", "y", SQUARES, {"batch_size": 5, "epochs": 3}),
    ("sample weights", "weighted arrays", "y", SQUARES, {"batch_size": 5, "epochs": 2}),
    ("split", "weighted arrays", "y", SQUARES, {"batch_size": 4, "epochs": 2, "validation_split": 0.3}),
    ("a part of the arrays", "arrays", "y", SQUARES, {"batch_size": 3, "epochs": 4, "steps_per_epoch": 3}),
    ("more steps than batches", "arrays", "y", SQUARES, {"batch_size": 4, "epochs": 2, "steps_per_epoch": 7}),
    ("steps say the batch size", "arrays", "y", SQUARES, {"epochs": 2, "steps_per_epoch": 3}),
    ("class weights", "arrays", "labels", CLASSES, {"class_weight": {0: 0.5, 2: 3.0}, "epochs": 2}),
    (
        "class weights of one-hot targets", "arrays", "hot", {**CLASSES, "loss": "categorical_crossentropy"},
        {"class_weight": {0: 0.5, 1: 2.0}, "batch_size": 5, "epochs": 2},
    ),
    (
        "class weights and a split", "arrays", "labels", CLASSES,
        {"class_weight": {0: 0.5, 2: 3.0}, "batch_size": 5, "epochs": 2, "validation_split": 0.4},
    ),
    ("initial epoch", "arrays", "y", SQUARES, {"initial_epoch": 2, "epochs": 4}),
    ("generator", "generator", "y", SQUARES, {"epochs": 2}),
    ("generator with steps", "weighted generator", "y", SQUARES, {"epochs": 3, "steps_per_epoch": 2}),
    ("generator that ends early", "generator", "y", SQUARES, {"epochs": 3, "steps_per_epoch": 3}),
    ("dataset", "dataset", "y", SQUARES, {"epochs": 2}),
    ("weighted dataset", "weighted dataset", "y", SQUARES, {"epochs": 3, "steps_per_epoch": 3}),
    ("classes of a dataset", "dataset", "labels", CLASSES, {"class_weight": {1: 4.0}, "epochs": 2}),
    (
        "validation from a generator", "arrays", "y", SQUARES,
        {"epochs": 3, "validation_data": "generator", "validation_steps": 3},
    ),
    ("validation by number", "arrays", "y", SQUARES, {"epochs": 2, "validation_data": "weighted dataset"}),
    (
        "validation now and then", "arrays", "y", SQUARES,
        {
            "epochs": 5, "validation_data": "weighted arrays", "validation_freq": [2, 3],
            "validation_batch_size": 2, "validation_steps": 4,
        },
    ),
]  # fmt: skip


def parts(source: str, targets: str) -> tuple[np.ndarray, ...]:
    found = DATA["x"], DATA[targets]
    return (*found, DATA["weight"]) if "weighted" in source else found


def slices(source: str, targets: str) -> Iterator[tuple[np.ndarray, ...]]:
    for start in range(0, N, SIZE):
        yield tuple(each[start : start + SIZE] for each in parts(source, targets))


class Dataset(keras.utils.PyDataset):
    def __init__(self, source: str, targets: str) -> None:
        super().__init__()
        self.all = list(slices(source, targets))

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return self.all[index]


def data(source: str, targets: str) -> Any:
    if "arrays" in source:
        return parts(source, targets)
    return slices(source, targets) if "generator" in source else Dataset(source, targets)


def fitted(title: str, source: str, targets: str, compiled: dict[str, Any], given: dict[str, Any]) -> Any:
    classes = targets != "y"
    last = layers.Dense(3, activation="softmax") if classes else layers.Dense(2)
    model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3), last])
    model.set_weights([np.round(0.7 * rng.standard_normal(w.shape), 3) for w in model.get_weights()])
    model.compile(**{**compiled, "optimizer": getattr(keras.optimizers, compiled["optimizer"])(RATE)})
    case = {"title": title, "source": source, "targets": targets, "fit": given, "model": model.to_json()}
    case["start"] = [w.tolist() for w in model.get_weights()]
    arguments = {**given, "shuffle": False, "verbose": 0}
    if "validation_data" in arguments:
        arguments["validation_data"] = data(arguments["validation_data"], targets)
    x, *rest = data(source, targets) if "arrays" in source else (data(source, targets),)
    arguments |= dict(zip(("y", "sample_weight"), rest, strict=False))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        case["history"] = model.fit(x, **arguments).history
    case["ran out"] = any("ran out" in str(each.message) for each in caught)
    case["end"] = [w.tolist() for w in model.get_weights()]
    weight = DATA["weight"] if "weighted" in source else None
    case["evaluate"] = model.evaluate(DATA["x"], DATA[targets], batch_size=5, sample_weight=weight, verbose=0)
    return case


if __name__ == "__main__":
    figures = {
        "keras": keras.__version__,
        "size": SIZE,
        "data": {name: array.tolist() for name, array in DATA.items()},
        "cases": [fitted(*case) for case in CASES],
    }
    text = json.dumps(figures, separators=(",", ":")).replace('{"title"', '\n{"title"')
    (HERE / "keras_fit.json").write_text(text + "\n")
