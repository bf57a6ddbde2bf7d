"""Writes keras_losses.json: values, gradients and configurations of every loss of Keras 3.15.1, in float64.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_losses.py`); the tests only read the file. All
inputs are multiples of 1/256, so that they are the same in float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from keras.src import ops
from keras.src.backend import set_keras_mask

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
ops.mean = jax.numpy.mean  # Keras's own computes in float32 on JAX, whatever the dtype
rng = np.random.default_rng(7)
Case = tuple[str, dict[str, Any], np.ndarray, np.ndarray, dict[str, np.ndarray]]


def short(values: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(values, "float64") * 256) / 256


def normal(*shape: int) -> np.ndarray:
    return short(rng.standard_normal(shape))


def positive(*shape: int) -> np.ndarray:
    return short(rng.random(shape) * 0.9 + 0.05)


def bits(*shape: int) -> np.ndarray:
    return (rng.random(shape) < 0.5).astype("float64")


def one_hot(*shape: int, classes: int = 4) -> np.ndarray:
    return np.eye(classes)[rng.integers(0, classes, shape)]


def labels(*shape: int, classes: int = 4) -> np.ndarray:
    return rng.integers(0, classes, shape).astype("float64")


def unit(*shape: int) -> np.ndarray:
    vectors = rng.standard_normal(shape)
    return short(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


WEIGHT = {"sample_weight": np.array([1, 0.5, 2, 0, 1])}
STEP_WEIGHT = {"sample_weight": short(rng.random((3, 2)))}
MASK = {"mask": np.array([[True, True], [False, True], [True, False]])}


def regression_cases() -> list[Case]:
    cases: list[Case] = []
    signed = ["MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCosh", "Huber"]
    makers: dict[str, Any] = dict.fromkeys([*signed, "CosineSimilarity"], normal)
    makers |= dict.fromkeys(["MeanSquaredLogarithmicError", "Poisson", "KLDivergence"], positive)
    makers |= dict.fromkeys(["Hinge", "SquaredHinge"], bits)
    for name, maker in makers.items():
        predict = normal if maker is bits else maker
        cases += [
            (name, {}, maker(5, 4), predict(5, 4), {}),
            (name, {"reduction": "sum"}, maker(5, 4), predict(5, 4), WEIGHT),
            (name, {"reduction": "mean"}, maker(3, 2, 4), predict(3, 2, 4), STEP_WEIGHT | MASK),
            (name, {"reduction": "mean_with_sample_weight"}, maker(5, 4), predict(5, 4), WEIGHT),
            (name, {"reduction": "mean_with_sample_weight"}, maker(3, 2, 4), predict(3, 2, 4), MASK),
            (name, {}, maker(5), predict(5, 1), {}),
            (name, {}, maker(5, 1), predict(5, 4), {}),
        ]
    cases += [
        ("Huber", {"delta": 0.5}, normal(5, 4), 4 * normal(5, 4), {}),
        ("LogCosh", {}, normal(5, 4), 100 * normal(5, 4), {}),
        ("MeanAbsolutePercentageError", {}, bits(5, 4), normal(5, 4), {}),
        ("MeanSquaredLogarithmicError", {}, normal(5, 4), normal(5, 4), {}),
        ("KLDivergence", {}, one_hot(5), positive(5, 4) * 1.5, {}),
        ("CosineSimilarity", {"axis": 1}, normal(3, 4, 2), normal(3, 4, 2), STEP_WEIGHT),
        ("CosineSimilarity", {}, normal(5, 4) * [[0], [1], [1], [1], [1]], normal(5, 4), {}),
        ("Hinge", {}, 2 * bits(5, 4) - 1, normal(5, 4), WEIGHT),
        ("SquaredHinge", {}, 2 * bits(5, 4) - 1, normal(5, 4), WEIGHT),
        ("CategoricalHinge", {}, one_hot(5), normal(5, 4), WEIGHT),
        ("CategoricalHinge", {}, one_hot(3, 2), 3 * normal(3, 2, 4), STEP_WEIGHT | MASK),
        ("CategoricalHinge", {"reduction": "sum"}, one_hot(5), positive(5, 4) - 1, {}),
    ]
    return cases


def probability_cases() -> list[Case]:
    cases: list[Case] = []
    for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy"):
        cases += [
            (name, {}, bits(5, 4), positive(5, 4), WEIGHT),
            (name, {"from_logits": True}, bits(5, 4), 4 * normal(5, 4), {}),
            (name, {"label_smoothing": 0.25, "axis": 1}, bits(3, 4, 2), positive(3, 4, 2), STEP_WEIGHT),
            (name, {"reduction": "sum"}, bits(3, 2, 4), positive(3, 2, 4), MASK),
        ]
    for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy"):
        cases += [
            (name, {}, one_hot(5), positive(5, 4), WEIGHT),
            (name, {"from_logits": True}, one_hot(5), 4 * normal(5, 4), {}),
            (name, {"label_smoothing": 0.25}, one_hot(5), positive(5, 4), {}),
            (name, {"axis": 1}, one_hot(3, 2).swapaxes(1, 2), positive(3, 4, 2), STEP_WEIGHT),
            (
                name,
                {"axis": 1, "from_logits": True, "label_smoothing": 0.125},
                one_hot(3, 2).swapaxes(1, 2),
                normal(3, 4, 2),
                {},
            ),
            (name, {"reduction": "mean_with_sample_weight"}, one_hot(3, 2), positive(3, 2, 4), MASK),
        ]
    balanced = {"apply_class_balancing": True, "alpha": 0.75, "gamma": 1.5}
    sparse = "SparseCategoricalCrossentropy"
    cases += [
        ("BinaryFocalCrossentropy", balanced, bits(5, 4), positive(5, 4), {}),
        ("BinaryFocalCrossentropy", balanced | {"from_logits": True}, bits(5, 4), normal(5, 4), WEIGHT),
        ("BinaryFocalCrossentropy", {"gamma": 0.0}, bits(5, 4), positive(5, 4), {}),
        ("CategoricalFocalCrossentropy", {"gamma": 0.5, "alpha": 1.0}, one_hot(5), positive(5, 4), {}),
        (
            "CategoricalFocalCrossentropy",
            {"gamma": 3.0, "alpha": [0.25, 0.5, 1.0, 2.0], "from_logits": True},
            one_hot(5),
            normal(5, 4),
            WEIGHT,
        ),
        (sparse, {"ignore_class": -1}, labels(5) - 1, positive(5, 4), WEIGHT),
        (sparse, {"ignore_class": 2}, labels(5, 1), positive(5, 4), {}),
        (sparse, {"ignore_class": 0, "from_logits": True}, labels(3, 2), normal(3, 2, 4), MASK),
        (
            sparse,
            {"ignore_class": 0, "reduction": "mean_with_sample_weight"},
            labels(3, 2),
            positive(3, 2, 4),
            STEP_WEIGHT,
        ),
        (sparse, {"ignore_class": 1, "reduction": "sum"}, labels(3, 2, 1), positive(3, 2, 4), {}),
        ("CategoricalGeneralizedCrossEntropy", {}, labels(5), positive(5, 4), WEIGHT),
        ("CategoricalGeneralizedCrossEntropy", {"q": 0.25}, labels(3, 2), positive(3, 2, 4), MASK),
    ]
    return cases


def other_cases() -> list[Case]:
    cases: list[Case] = []
    for name in ("Dice", "Tversky"):
        cases += [
            (name, {}, bits(5, 4), positive(5, 4), {}),
            (name, {}, bits(5, 4), positive(5, 4), WEIGHT),
            (name, {"reduction": "mean_with_sample_weight"}, bits(5, 4), positive(5, 4), WEIGHT),
            (name, {"reduction": "sum"}, bits(3, 2, 4), positive(3, 2, 4), MASK),
            (name, {}, bits(3, 2, 4), positive(3, 2, 4), MASK),
            (name, {"axis": [1, 2]}, bits(5, 2, 4), positive(5, 2, 4), WEIGHT),
            (name, {"axis": -1}, bits(3, 2, 4), positive(3, 2, 4), STEP_WEIGHT | MASK),
        ]
    cases += [
        ("Tversky", {"alpha": 0.25, "beta": 0.75, "axis": 1}, bits(5, 4), positive(5, 4), {}),
        ("Circle", {}, labels(6, classes=3), unit(6, 4), {}),
        ("Circle", {"gamma": 4.0, "margin": 0.25}, labels(6, classes=2), unit(6, 4), {}),
        ("Circle", {"gamma": 2.0, "reduction": "sum"}, labels(5, 1, classes=2), unit(5, 4), WEIGHT),
        ("Circle", {"gamma": 1.0}, np.array([0.0, 0, 0, 1, 1, 2]), unit(6, 4), {}),
        ("Circle", {"gamma": 4.0, "remove_diagonal": False}, labels(5, classes=3), unit(5, 4) / 2, {}),
        ("CTC", {}, np.array([[1.0, 2, 1], [3, 3, 0], [2, 0, 0], [0, 0, 0], [1, 1, 1]]), normal(5, 6, 4), {}),
        ("CTC", {"reduction": "sum"}, labels(5, 2, classes=3) + 1, 3 * normal(5, 4, 5), WEIGHT),
    ]
    return cases


def figure(case: Case) -> dict[str, Any]:
    name, config, y_true, y_pred, extra = case
    make = getattr(keras.losses, name)
    arguments = {key: tuple(v) if key == "axis" and isinstance(v, list) else v for key, v in config.items()}
    loss = make(**arguments)

    def value(prediction: Any) -> Any:
        if "mask" in extra:
            set_keras_mask(prediction, extra["mask"])
        return loss(y_true, prediction, extra.get("sample_weight"))

    result, gradient = jax.value_and_grad(value)(y_pred)
    each = make(**arguments | {"reduction": None})(y_true, y_pred)
    return {
        "class": name,
        "config": config,
        "keras_config": loss.get_config(),
        "y_true": y_true.tolist(),
        "y_pred": y_pred.tolist(),
        **{key: value.tolist() for key, value in extra.items()},
        "value": float(result),
        "each": np.asarray(each, "float64").tolist(),
        "gradient": np.asarray(gradient, "float64").tolist(),
    }


if __name__ == "__main__":
    figures = [figure(case) for case in regression_cases() + probability_cases() + other_cases()]
    text = json.dumps({"keras": keras.__version__, "losses": figures}, separators=(",", ":"))
    text = text.replace('{"class"', '\n{"class"')
    Path(__file__).with_name("keras_losses.json").write_text(text + "\n")
