"""Writes keras_figures.json: what losses, metrics and optimizers of Keras 3.15.1 answer on a few small
arrays.

Needs Keras with PyTorch (`KERAS_BACKEND=torch python make_keras_figures.py`); the tests only read the
file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

rng = np.random.default_rng(42)


def plain(value: Any) -> Any:
    """Arrays and tensors as nested lists of float32 values."""
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    return np.asarray(value, "float32").tolist()


def probabilities(*shape: int) -> np.ndarray:
    values = rng.random(shape) + 0.05
    return (values / values.sum(-1, keepdims=True)).astype("float32")


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def loss_figures() -> list[dict[str, Any]]:
    one_hot = np.eye(4, dtype="float32")[[0, 2, 3, 1, 1]]
    labels, yes_no = np.array([0, 2, 3, 1, 1], "float32"), (rng.random((5, 3)) > 0.5).astype("float32")
    weights = np.array([1, 0.5, 2, 0, 1], "float32")
    extreme = np.array(
        [[0, 1, 0.5], [1, 0, 1e-9], [1e-8, 1 - 1e-8, 1], [0.2, 0.3, 0.4], [1, 1, 0]], "float32"
    )
    steps, step_labels = probabilities(5, 3, 4), rng.integers(0, 4, (5, 3)).astype("float32")
    cases: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray, np.ndarray | None]] = []
    for name in ("MeanSquaredError", "MeanAbsoluteError"):
        cases += [
            (name, {}, normal(5, 3), normal(5, 3), None),
            (name, {}, normal(5, 3), normal(5, 3), weights),
            (name, {}, normal(5), normal(5, 1), None),
            (name, {}, normal(5, 2, 3), normal(5, 2, 3), np.tile(weights[:, None], 2)),
            (name, {"reduction": "sum"}, normal(5, 3), normal(5, 3), weights),
        ]
    cases += [
        ("BinaryCrossentropy", {}, yes_no, rng.random((5, 3)).astype("float32"), None),
        ("BinaryCrossentropy", {}, yes_no, rng.random((5, 3)).astype("float32"), weights),
        ("BinaryCrossentropy", {"label_smoothing": 0.2}, yes_no, rng.random((5, 3)).astype("float32"), None),
        ("BinaryCrossentropy", {"from_logits": True}, yes_no, 4 * normal(5, 3), None),
        ("BinaryCrossentropy", {}, yes_no, extreme, None),
        ("CategoricalCrossentropy", {}, one_hot, probabilities(5, 4), None),
        ("CategoricalCrossentropy", {}, one_hot, 2 * probabilities(5, 4), weights),
        ("CategoricalCrossentropy", {"label_smoothing": 0.1}, one_hot, probabilities(5, 4), None),
        ("CategoricalCrossentropy", {"from_logits": True}, one_hot, 4 * normal(5, 4), weights),
        ("SparseCategoricalCrossentropy", {}, labels, probabilities(5, 4), None),
        ("SparseCategoricalCrossentropy", {}, labels[:, None], probabilities(5, 4), weights),
        ("SparseCategoricalCrossentropy", {"from_logits": True}, labels, 4 * normal(5, 4), None),
        ("SparseCategoricalCrossentropy", {}, step_labels, steps, None),
    ]
    figures = []
    for name, config, y_true, y_pred, sample_weight in cases:
        prediction = torch.tensor(y_pred, requires_grad=True)
        value = getattr(keras.losses, name)(**config)(y_true, prediction, sample_weight)
        (gradient,) = torch.autograd.grad(value, prediction)
        figure = {"class": name, "config": config, "y_true": plain(y_true), "y_pred": plain(y_pred)}
        figure |= {"sample_weight": None if sample_weight is None else plain(sample_weight)}
        figures.append(figure | {"value": float(value), "gradient": plain(gradient)})
    return figures


def metric_figures() -> list[dict[str, Any]]:
    def numbers() -> tuple[np.ndarray, np.ndarray]:
        return normal(6, 2), normal(6, 2)

    def yes_no() -> tuple[np.ndarray, np.ndarray]:
        return (rng.random((6, 1)) > 0.5).astype("float32"), rng.random((6, 1)).astype("float32")

    def one_hot() -> tuple[np.ndarray, np.ndarray]:
        return np.eye(3, dtype="float32")[rng.integers(0, 3, 6)], probabilities(6, 3)

    def labels() -> tuple[np.ndarray, np.ndarray]:
        return rng.integers(0, 3, 6).astype("float32"), probabilities(6, 3)

    makers = {
        "MeanSquaredError": numbers,
        "MeanAbsoluteError": numbers,
        "RootMeanSquaredError": numbers,
        "BinaryAccuracy": yes_no,
        "CategoricalAccuracy": one_hot,
        "SparseCategoricalAccuracy": labels,
    }
    figures = []
    for name, maker in makers.items():
        for weights in (None, np.array([1, 2, 0, 0.5, 1, 3], "float32")):
            metric, batches = getattr(keras.metrics, name)(), [maker(), maker()]
            for y_true, y_pred in batches:
                metric.update_state(y_true, y_pred, weights)
            figures.append(
                {
                    "class": name,
                    "batches": [[plain(array) for array in batch] for batch in batches],
                    "sample_weight": None if weights is None else plain(weights),
                    "value": float(metric.result()),
                }
            )
    return figures


def optimizer_figures() -> list[dict[str, Any]]:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("SGD", {}),
        ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
        ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "clipvalue": 0.3}),
        ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1, "clipnorm": 0.5}),
        ("RMSprop", {"learning_rate": 0.05}),
        ("RMSprop", {"learning_rate": 0.05, "momentum": 0.5, "centered": True, "global_clipnorm": 1.0}),
        ("Adam", {"learning_rate": 0.05}),
        ("Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_1": 0.5}),
        ("Adam", {"learning_rate": 0.05, "weight_decay": 0.1, "global_clipnorm": 1.0}),
        ("AdamW", {"learning_rate": 0.05}),
    ]
    figures = []
    for name, config in cases:
        start, gradients = [normal(2, 3), normal(3)], [[normal(2, 3), normal(3)] for _ in range(4)]
        variables = [keras.Variable(value) for value in start]
        optimizer = getattr(keras.optimizers, name)(**config)
        optimizer.build(variables)
        for step in gradients:
            optimizer.apply([torch.tensor(g) for g in step], variables)
        figures.append(
            {
                "class": name,
                "config": config,
                "start": [plain(w) for w in start],
                "gradients": [[plain(g) for g in step] for step in gradients],
                "end": [plain(v.value) for v in variables],
                "saved": [plain(v.value) for v in optimizer.variables],
            }
        )
    return figures


if __name__ == "__main__":
    figures = {"losses": loss_figures(), "metrics": metric_figures(), "optimizers": optimizer_figures()}
    text = json.dumps({"keras": keras.__version__, **figures}, indent=None, separators=(",", ":"))
    text = text.replace('{"class"', '\n{"class"')
    Path(__file__).with_name("keras_figures.json").write_text(text + "\n")
