"""Metrics: the figures of Keras 3.15.1 over two batches, names, and what "accuracy" means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import metrics

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_figures.json").read_text())["metrics"]


@pytest.mark.parametrize(
    "figure", FIGURES, ids=lambda figure: f"{figure['class']}-{figure['sample_weight'] is None}"
)
def test_figures_of_keras(figure: dict[str, Any]) -> None:
    metric = getattr(metrics, figure["class"])()
    for _ in range(2):  # the second time after a reset
        for y_true, y_pred in figure["batches"]:
            weight = None if figure["sample_weight"] is None else np.array(figure["sample_weight"])
            metric.update_state(np.array(y_true, "float32"), np.array(y_pred, "float32"), weight)
        assert metric.result() == pytest.approx(figure["value"], rel=1e-6)
        metric.reset_state()
    assert metric.result() == 0


@pytest.mark.parametrize(
    ("y_true", "y_pred", "cls"),
    [
        ((8, 1), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 5), metrics.SparseCategoricalAccuracy),
        ((8, 1), (8, 5), metrics.SparseCategoricalAccuracy),
        ((8, 5), (8, 5), metrics.CategoricalAccuracy),
        ((8, 3), (8, 3, 5), metrics.SparseCategoricalAccuracy),
    ],
)
def test_what_accuracy_means(
    y_true: tuple[int, ...], y_pred: tuple[int, ...], cls: type[metrics.Metric]
) -> None:
    for name in ("accuracy", "acc"):
        metric = metrics.resolve(name, y_true, y_pred)
        assert type(metric) is cls
        assert metric.name == name


@pytest.mark.parametrize(
    "name", ["mse", "mae", "MeanSquaredError", "root_mean_squared_error", "binary_accuracy"]
)
def test_names(name: str) -> None:
    assert isinstance(metrics.get(name), metrics.Metric)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"binary_acuracy.*binary_accuracy"):
        metrics.get("binary_acuracy")


def test_mean() -> None:
    mean = metrics.Mean()
    mean.update_state(np.array([1.0, 2, 3]))
    mean.update_state(np.array([10.0]))
    assert mean.result() == 4
