"""Regularizers and constraints: the figures of Keras 3.15.1, gradients by central differences, and how they
reach the weights, the loss and the optimizer's step."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, constraints, layers, regularizers
from tidegate.models import load_model

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_lists.json").read_text())


def label(figure: dict[str, Any]) -> str:
    return f"{figure['class']}-{figure['config']}"


@pytest.mark.parametrize("figure", FIGURES["regularizers"], ids=label)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_penalties_of_keras(figure: dict[str, Any], dtype: str) -> None:
    regularizer = getattr(regularizers, figure["class"])(**figure["config"])
    x = np.array(figure["x"], dtype)
    assert regularizer(x) == pytest.approx(figure["value"], rel=1e-6)
    assert regularizer.gradient(x).dtype == dtype


@pytest.mark.parametrize("figure", FIGURES["regularizers"], ids=label)
def test_gradients_of_penalties(figure: dict[str, Any]) -> None:
    regularizer = getattr(regularizers, figure["class"])(**figure["config"])
    x, step = np.array(figure["x"]), 1e-6
    gradient = regularizer.gradient(x)
    for place in np.ndindex(x.shape):
        more, less = x.copy(), x.copy()
        more[place] += step
        less[place] -= step
        slope = (regularizer(more) - regularizer(less)) / (2 * step)
        assert gradient[place] == pytest.approx(slope, abs=1e-8), place


@pytest.mark.parametrize("figure", FIGURES["constraints"], ids=label)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constraints_of_keras(figure: dict[str, Any], dtype: str) -> None:
    constraint = getattr(constraints, figure["class"])(**figure["config"])
    found = constraint(np.array(figure["w"], dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, figure["value"], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("figure", FIGURES["regularizers"] + FIGURES["constraints"], ids=label)
def test_configurations(figure: dict[str, Any]) -> None:
    module: Any = regularizers if figure in FIGURES["regularizers"] else constraints
    made = getattr(module, figure["class"])(**figure["config"])
    entry = module.serialize(made)
    assert (entry["class_name"], entry["module"]) == (figure["class"], f"keras.{module.__name__[9:]}")
    again = module.deserialize(entry)
    assert type(again) is type(made)
    assert again.get_config() == made.get_config() == {**made.get_config(), **figure["config"]}


@pytest.mark.parametrize("name", ["l1", "L1", "l2", "l1l2", "l1_l2", "L1L2", "orthogonal_regularizer"])
def test_names_of_regularizers(name: str) -> None:
    assert isinstance(regularizers.get(name), getattr(regularizers, name.replace("l1l2", "L1L2")))


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "min_max_norm", "non_neg", "unit_norm", "UnitNorm"])
def test_names_of_constraints(name: str) -> None:
    assert isinstance(constraints.get(name), getattr(constraints, name))


def test_rows_without_a_length_and_single_rows_give_zeros() -> None:
    x = np.zeros((3, 2))
    x[0] = 1
    regularizer = regularizers.OrthogonalRegularizer()
    assert regularizer(x) == 0
    assert not regularizer.gradient(x).any()
    assert regularizer(x[:1]) == 0
    assert (constraints.UnitNorm()(np.zeros((3, 2))) == 0).all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: regularizers.L1(-1), "L1.*`l1`.*-1"),
        (lambda: regularizers.L2("0.1"), "L2.*`l2`.*'0.1'"),
        (lambda: regularizers.L1L2(l2=np.inf), "L1L2.*`l2`.*inf"),
        (lambda: regularizers.OrthogonalRegularizer(mode="both"), "`mode`.*'both'"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), "two axes.*(3,)"),
        (lambda: regularizers.get("l1_12"), "Unknown regularizer 'l1_12'.*l1_l2"),
        (lambda: regularizers.get(np.sum), "`regularizer`.*sum"),
        (lambda: constraints.get("maxnorm"), "Unknown constraint 'maxnorm'.*MaxNorm"),
        (lambda: constraints.UnitNorm(axis="0"), "UnitNorm.*`axis`.*'0'"),
        (lambda: layers.Dense(3, kernel_constraint=2), "`constraint`.*2"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        make()


RECURRENT = ("kernel", "recurrent", "bias")
EVERY = [
    (lambda **rules: layers.Dense(3, **rules), (4,), ("kernel", "bias")),
    (lambda **rules: layers.Conv1D(3, 2, **rules), (5, 4), ("kernel", "bias")),
    (lambda **rules: layers.Embedding(9, 3, **rules), (4,), ("embeddings",)),
    (lambda **rules: layers.BatchNormalization(**rules), (4,), ("gamma", "beta")),
    (lambda **rules: layers.LayerNormalization(**rules), (4,), ("gamma", "beta")),
    (lambda **rules: layers.LSTM(3, **rules), (5, 4), RECURRENT),
    (lambda **rules: layers.GRU(3, **rules), (5, 4), RECURRENT),
    (lambda **rules: layers.SimpleRNN(3, **rules), (5, 4), RECURRENT),
    (lambda **rules: layers.Bidirectional(layers.LSTM(3, **rules)), (5, 4), 2 * RECURRENT),
    (lambda **rules: layers.TimeDistributed(layers.Dense(3, **rules)), (5, 4), ("kernel", "bias")),
]


@pytest.mark.parametrize(("make", "shape", "names"), EVERY)
def test_every_weight_has_its_own(make: Any, shape: tuple[int, ...], names: tuple[str, ...]) -> None:
    rules: dict[str, Any] = {}
    for place, name in enumerate(dict.fromkeys(names), start=1):
        rules |= {
            f"{name}_regularizer": regularizers.L2(place),
            f"{name}_constraint": constraints.MaxNorm(place),
        }
    layer = make(**rules)
    layer = type(layer).from_config(layer.get_config())
    layer.build((None, *shape))
    places = list(dict.fromkeys(names))
    for variable, name in zip(layer.trainable_weights, names, strict=True):
        assert variable.regularizer.l2 == variable.constraint.max_value == places.index(name) + 1
        copy = pickle.loads(pickle.dumps(variable))
        assert copy.regularizer.l2 == copy.constraint.max_value == places.index(name) + 1
    expected = [v.regularizer.l2 * float(np.square(v.value).sum()) for v in layer.trainable_weights]
    assert layer.losses == pytest.approx(expected, rel=1e-6)
    assert all(variable.regularizer is None for variable in layer.non_trainable_weights)


def model_with(**rules: Any) -> Sequential:
    model = Sequential(
        [layers.Input((3,)), layers.Dense(2, **rules), layers.Dense(1, kernel_regularizer="l1")]
    )
    model.set_weights([np.full(weight.shape, 0.5, "float32") for weight in model.weights])
    model.compile("sgd", "mse")
    return model


X, Y = np.zeros((4, 3), "float32"), np.full((4, 1), 1, "float32")


def test_penalties_are_a_part_of_every_loss() -> None:
    model = model_with(kernel_regularizer=regularizers.L2(0.1))
    assert model.losses == pytest.approx([0.1 * 6 * 0.25, 0.01 * 2 * 0.5])
    expected = sum(model.losses)  # the outputs are the targets
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected)
    assert model.test_on_batch(X, Y) == pytest.approx(expected)
    assert model.train_on_batch(X, Y) == pytest.approx(expected)
    np.testing.assert_allclose(model.weights[0].value, 0.5 - 0.01 * 2 * 0.1 * 0.5, rtol=1e-6)
    np.testing.assert_allclose(model.weights[2].value, 0.5 - 0.01 * 0.01, rtol=1e-6)


def test_a_frozen_layer_has_no_penalty() -> None:
    model = model_with(kernel_regularizer="l2")
    model.layers[0].trainable = False
    assert model.losses == pytest.approx([0.01])
    model.trainable = False
    assert model.losses == []


def test_a_constraint_comes_after_the_step() -> None:
    model = model_with(kernel_constraint=constraints.UnitNorm(), bias_constraint="non_neg")
    model.train_on_batch(X, 0 * Y - 100)
    kernel, bias = model.layers[0].get_weights()
    np.testing.assert_allclose(np.square(kernel).sum(axis=0), 1, rtol=1e-5)
    assert (bias == 0).all()


def test_one_of_the_users_own(tmp_path: Path) -> None:
    class Rounded(constraints.Constraint):
        def __call__(self, w: np.ndarray) -> np.ndarray:
            return np.round(w)

    class Sum(regularizers.Regularizer):
        def __call__(self, x: np.ndarray) -> float:
            return float(x.sum())

        def gradient(self, x: np.ndarray) -> np.ndarray:
            return np.ones_like(x)

    model = model_with(kernel_regularizer=Sum(), bias_constraint=Rounded())
    assert model.losses[0] == 3
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(model.weights[0].value, 0.49, rtol=1e-6)
    assert set(model.weights[1].value) <= {0, 1}
    model.save(tmp_path / "own.keras")
    with pytest.raises(ValueError, match="Unknown regularizer class 'Sum'"):
        load_model(tmp_path / "own.keras")
    again = load_model(tmp_path / "own.keras", custom_objects={"Sum": Sum, "Rounded": Rounded})
    assert again.losses == model.losses


def test_files_keep_them(tmp_path: Path) -> None:
    model = model_with(kernel_regularizer=regularizers.L1L2(0.25, 0.5), kernel_constraint="min_max_norm")
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.losses == model.losses
    assert again.train_on_batch(X, 2 * Y) == model.train_on_batch(X, 2 * Y)
    np.testing.assert_array_equal(again.weights[0].value, model.weights[0].value)
