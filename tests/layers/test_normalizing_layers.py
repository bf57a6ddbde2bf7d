"""Rescaling, Normalization and CategoryEncoding: the figures of Keras 3.15.1, gradients, files, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers
from tidegate.models import load_model
from tidegate.utils.dataset import Dataset

DATA = Path(__file__).parent.parent / "data"
FIGURES = json.loads((DATA / "keras_normalizing.json").read_text())
X = np.array(FIGURES["x"], "float32")


def made(figure: dict[str, Any], **options: Any) -> Any:
    layer = getattr(layers, figure["class"])(**figure["options"], **options)
    if figure["adapted"]:
        layer.adapt(X)
    return layer


@pytest.mark.parametrize("figure", FIGURES["cases"], ids=lambda each: f"{each['class']}-{each['options']}")
def test_numbers_of_keras(figure: dict[str, Any]) -> None:
    layer = made(figure)
    expected = np.array(figure["array"], "float32")
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5, atol=1e-6)
    assert layer(X).dtype == np.float32
    model = Sequential([layers.Input((3, 2)), layer])
    np.testing.assert_array_equal(model.predict(X, verbose=0), layer(X))
    copy = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    if figure["adapted"]:
        copy.build((None, 3, 2))
        copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(X), layer(X))


@pytest.mark.parametrize("figure", FIGURES["cases"], ids=lambda each: f"{each['class']}-{each['options']}")
def test_gradients_by_central_differences(figure: dict[str, Any]) -> None:
    if figure["options"].get("variance") == [4.0, 0.0]:
        return  # divided by 1e-7
    layer, step = made(figure, dtype="float64"), 1e-6
    x = X.astype("float64")
    outputs, kept = layer.forward(layer.prepare(x), keep=True)
    d_outputs = np.random.default_rng(1).standard_normal(outputs.shape)
    d_x, d_weights = layer.backward(kept, d_outputs)
    assert [each.shape for each in d_weights] == [each.shape for each in layer.weights]
    for place in np.ndindex(2, 3, 2):
        moved = [x.copy(), x.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        change = np.sum((layer(moved[0]) - layer(moved[1])) * d_outputs) / (2 * step)
        assert d_x[place] == pytest.approx(change, rel=1e-6, abs=1e-8)


def test_batches_give_the_mean_of_all() -> None:
    whole, parts = layers.Normalization(dtype="float64"), layers.Normalization(dtype="float64")
    whole.adapt(X)
    parts.adapt(Dataset.from_tensor_slices((X, np.zeros(4))).batch(3))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(whole.get_weights()[1], X.astype("float64").var((0, 1)), rtol=1e-12)


def test_in_training(tmp_path: Path) -> None:
    normal = layers.Normalization()
    normal.adapt(X)
    parts = [layers.Input((3, 2)), layers.Rescaling(2.0, 1.0), layers.Dense(2), normal, layers.LSTM(2)]
    model = Sequential(parts)
    model.compile("adam", "mse")
    before, weights = model.evaluate(X, X[:, 0], verbose=0), normal.get_weights()
    model.fit(X, X[:, 0], epochs=20, verbose=0)
    assert model.evaluate(X, X[:, 0], verbose=0) < before
    for one, other in zip(normal.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(model.trainable_weights) == 5
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_model_of_keras() -> None:
    model = load_model(DATA / "normalization.keras")
    np.testing.assert_allclose(model.predict(X, verbose=0), FIGURES["model"], atol=1e-6)


@pytest.mark.parametrize("figure", FIGURES["encodings"], ids=lambda each: str(each["options"]))
def test_categories_of_keras(figure: dict[str, Any]) -> None:
    layer = layers.CategoryEncoding(**figure["options"])
    shapes = ([[0, 2, 2], [1, 0, 3]], [0, 2, 2], [[0], [3]])
    for given, expected in zip(shapes, figure["arrays"], strict=True):
        found = layer(given)
        assert found.dtype == np.float32
        assert found.tolist() == expected
    model = Sequential([layers.Input((3,)), layer])
    np.testing.assert_array_equal(model.predict(np.array(shapes[0]), verbose=0), layer(shapes[0]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Normalization(mean=1.0), "give `mean` and `variance` of one shape"),
        (lambda: layers.Normalization(mean=[1.0], variance=1.0), "give `mean` and `variance` of one shape"),
        (lambda: layers.Normalization(mean=[[1.0]], variance=[[1.0]]), "at most the axes"),
        (lambda: layers.Normalization(axis="a"), "`axis` expected an integer or some; received 'a'"),
        (lambda: layers.Normalization(axis=3)(X), r"must have the axes \(3,\); received \(None, 3, 2\)"),
        (lambda: layers.Normalization().build((None, None)), "axis 1 of the input must have a known length"),
        (
            lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X),
            "nothing to find where `mean`",
        ),
        (lambda: layers.Normalization().adapt([]), "at least one batch; received none"),
        (
            lambda: layers.CategoryEncoding(3)([[3]]),
            "numbers from 0 to 2; received numbers from 3",
        ),
        (lambda: layers.CategoryEncoding(3)([[0.5]]), "whole numbers from 0 to 2"),
        (lambda: layers.CategoryEncoding(3)([[np.nan]]), "whole numbers from 0 to 2"),
        (lambda: layers.CategoryEncoding(3, "hot"), "`output_mode` must be one of"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_another_length_than_before() -> None:
    layer = layers.Normalization()
    layer.adapt(X)
    with pytest.raises(ValueError, match="must have a known length, 2; received the shape"):
        layer(X[..., :1])
    with pytest.raises(TypeError, match="expected an array or batches; received 3"):
        layer.adapt(3)


def test_lists_and_numbers_are_arrays_too() -> None:
    np.testing.assert_array_equal(layers.Rescaling(2.0, 1.0)([[1, 2]]), [[3, 5]])
    np.testing.assert_array_equal(layers.Rescaling(2.0)(3), 6)
    np.testing.assert_array_equal(layers.Normalization(mean=1.0, variance=4.0)([[1, 5]]), [[0, 2]])
