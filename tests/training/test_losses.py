"""Losses: values and gradients of Keras 3.15.1, and gradients against central differences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import losses

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_figures.json").read_text())["losses"]
IDS = [f"{k}-{figure['class']}" for k, figure in enumerate(FIGURES)]


def arrays(figure: dict[str, Any], dtype: str = "float32") -> list[Any]:
    names = ("y_true", "y_pred", "sample_weight")
    return [None if figure[name] is None else np.array(figure[name], dtype) for name in names]


@pytest.mark.parametrize("figure", FIGURES, ids=IDS)
def test_values_and_gradients_of_keras(figure: dict[str, Any]) -> None:
    loss = getattr(losses, figure["class"])(**figure["config"])
    y_true, y_pred, sample_weight = arrays(figure)
    value, gradient = loss.value_and_gradient(y_true, y_pred, sample_weight)
    assert value == pytest.approx(figure["value"], rel=1e-5)
    assert value == pytest.approx(loss(y_true, y_pred, sample_weight), rel=1e-6)
    assert gradient.shape == y_pred.shape
    assert gradient.dtype == np.float32
    expected = np.array(figure["gradient"], "float32")
    np.testing.assert_allclose(gradient, expected, rtol=2e-5, atol=1e-6 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("figure", FIGURES, ids=IDS)
def test_gradient_is_the_derivative(figure: dict[str, Any]) -> None:
    loss = getattr(losses, figure["class"])(**figure["config"])
    y_true, y_pred, sample_weight = arrays(figure, "float64")
    if not figure["config"].get("from_logits"):
        keep_off_the_clip = "entropy" in figure["class"]
        y_pred = np.clip(y_pred, 1e-3, 1 - 1e-3) if keep_off_the_clip else y_pred
    _, gradient = loss.value_and_gradient(y_true, y_pred, sample_weight)
    for k in np.ndindex(y_pred.shape):
        step = np.zeros_like(y_pred)
        step[k] = 1e-6
        above, below = loss(y_true, y_pred + step, sample_weight), loss(y_true, y_pred - step, sample_weight)
        assert gradient[k] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", losses.MeanSquaredError),
        ("mean_squared_error", losses.MeanSquaredError),
        ("MeanSquaredError", losses.MeanSquaredError),
        ("mae", losses.MeanAbsoluteError),
        ("binary_crossentropy", losses.BinaryCrossentropy),
        ("categorical_crossentropy", losses.CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy),
    ],
)
def test_names(name: str, cls: type[losses.Loss]) -> None:
    assert isinstance(losses.get(name), cls)


def test_instances_functions_and_configurations() -> None:
    loss = losses.CategoricalCrossentropy(label_smoothing=0.25)
    assert losses.get(loss) is loss
    assert isinstance(losses.get(losses.mean_squared_error), losses.MeanSquaredError)
    twin = losses.get(losses.serialize(loss))
    assert twin.get_config() == loss.get_config()
    values = losses.mean_squared_error(np.zeros((3, 2)), np.array([[1.0, 1], [2, 2], [0, 4]]))
    np.testing.assert_allclose(values, [1, 4, 8])


def test_a_nan_is_not_hidden() -> None:
    y_pred = np.array([[0.5, np.nan], [0.5, 0.5]], "float32")
    for name in ("mse", "mae", "binary_crossentropy", "categorical_crossentropy"):
        value, gradient = losses.get(name).value_and_gradient(np.array([[0.0, 1], [1, 0]]), y_pred)
        assert np.isnan(value), name
        assert np.isfinite(gradient[1]).all(), name


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 5, 1)])
def test_weights_of_rows_beside_a_mask(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.standard_normal((2, 4, 5, 3))
    mask, weight, loss = rng.random((4, 5)) < 0.5, rng.random(shape), losses.MeanSquaredError()
    of_steps = np.broadcast_to(weight.reshape(4, -1), (4, 5))
    assert loss(y_true, y_pred, weight, mask) == loss(y_true, y_pred, of_steps, mask)
    with pytest.raises(ValueError, match=r"`sample_weight`.*timesteps \(4, 5\).*\(3,|\(3\)"):
        loss(y_true, y_pred, weight[:3], mask)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None])
@pytest.mark.parametrize("weighted", [False, True])
def test_masked_losses(reduction: str | None, weighted: bool) -> None:
    """The formulas of Keras."""
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.standard_normal((2, 4, 5, 3))
    mask, weight = rng.random((4, 5)) < 0.5, rng.random((4, 5)) if weighted else None
    loss = losses.MeanSquaredError(reduction=reduction)
    used = mask if weight is None else mask * weight
    each = np.square(y_true - y_pred).mean(axis=-1) * used
    counts = {"sum_over_batch_size": mask.sum(), "mean_with_sample_weight": used.sum(), "sum": 1}
    expected = each if reduction is None else each.sum() / counts[reduction]
    np.testing.assert_allclose(loss(y_true, y_pred, weight, mask), expected, rtol=1e-12)
    if reduction is not None:
        value, d_y_pred = loss.value_and_gradient(y_true, y_pred, weight, mask)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(
            d_y_pred, 2 / 3 * (y_pred - y_true) * used[..., None] / counts[reduction], rtol=1e-12
        )
        assert loss(y_true, y_pred, weight, np.zeros((4, 5), bool)) == 0
    with pytest.raises(ValueError, match=r"mask \(4, 4\).*\(4, 5\)"):
        loss(y_true, y_pred, None, mask[:, :4])
