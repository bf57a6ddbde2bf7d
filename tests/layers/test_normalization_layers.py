"""LayerNormalization and BatchNormalization as layers: weights, moving moments, configuration, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers, reference
from tidegate.graph import Graph
from tidegate.random import Training

X = np.random.default_rng(5).standard_normal((6, 7, 4))
BOTH = pytest.mark.parametrize("cls", [layers.LayerNormalization, layers.BatchNormalization])


@BOTH
def test_weights(cls: type[layers.Layer]) -> None:
    moving = ["moving_mean", "moving_variance"] if cls is layers.BatchNormalization else []
    for center in (False, True):
        for scale in (False, True):
            layer = cls(center=center, scale=scale)
            layer.build((None, None, 4))
            present = [name for name, there in (("gamma", scale), ("beta", center)) if there]
            assert [variable.name for variable in layer.weights] == present + moving
            assert [variable.name for variable in layer.trainable_weights] == present
            assert [variable.name for variable in layer.non_trainable_weights] == moving
            assert layer.count_params() == 4 * len(present + moving)
            assert layer(X).shape == X.shape


def test_they_begin_as_ones_and_zeros() -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    for weight, expected in zip(layer.get_weights(), (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(weight, np.full(3, expected))


@BOTH
@pytest.mark.parametrize("shape", [(6, 4), (6, 7, 4), (2, 3, 5, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_program_gives_what_the_layer_gives(cls: type[layers.Layer], shape: Any, dtype: str) -> None:
    x = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    for arguments in ({}, {"center": False}, {"scale": False}, {"center": False, "scale": False}):
        layer = cls(dtype=dtype, **arguments)
        model = Sequential([layers.Input(shape[1:], dtype=dtype), layer])
        layer.set_weights([np.random.default_rng(2).random(4) + 0.5 for _ in layer.weights])
        assert_same_bits(model.predict(x, verbose=0), layer(x))


def test_layer_norm_against_the_reference() -> None:
    layer = layers.LayerNormalization(epsilon=0.1, dtype="float64")
    layer.build((None, None, 4))
    weights = [np.arange(1.0, 5.0), np.arange(4.0)]
    layer.set_weights(weights)
    expected, _ = reference.LayerNormalization(4, epsilon=0.1).forward(X, weights)
    np.testing.assert_allclose(layer(X), expected, rtol=1e-12)


def test_training_moves_the_moments() -> None:
    layer = layers.BatchNormalization(momentum=0.9, dtype="float64")
    y = layer(X, training=True)
    np.testing.assert_allclose(y.mean(axis=(0, 1)), np.zeros(4), atol=1e-12)
    gamma, beta, mean, variance = layer.get_weights()
    np.testing.assert_allclose(mean, 0.1 * X.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * X.var(axis=(0, 1)), rtol=1e-12)
    expected = reference.BatchNormalization(4).forward(X, [gamma, beta, mean, variance])
    np.testing.assert_allclose(layer(X), expected, rtol=1e-12)


def test_a_second_use_in_a_graph_moves_them_on() -> None:
    norm = layers.BatchNormalization(momentum=0.75, dtype="float64")
    start, between = layers.Input((7, 4), dtype="float64"), layers.Activation("exponential", dtype="float64")
    graph = Graph([start], [layers.TimeDistributed(norm)(between(norm(start)))])
    _, kept, _ = graph.forward(X, Training.by_hand(True), keep=True)
    alone = layers.BatchNormalization(momentum=0.75, dtype="float64")
    alone(np.exp(alone(X, training=True)), training=True)
    updates = graph.updates(kept)
    for variable, expected in zip(norm.weights[2:], alone.get_weights()[2:], strict=True):
        np.testing.assert_allclose(updates[variable], expected, rtol=1e-12)


def test_a_model_trains_and_moves_them_but_evaluation_does_not() -> None:
    x, y = X.astype("float32"), X.sum(axis=(1, 2)).astype("float32")
    norm = layers.BatchNormalization(momentum=0.5)
    model = Sequential([layers.Input((7, 4)), norm, layers.GRU(5), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = norm.get_weights()
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    model(x)
    for one, other in zip(norm.get_weights(), before, strict=True):
        assert_same_bits(one, other)
    old = model.predict(x, verbose=0)
    model.train_on_batch(x, y)
    np.testing.assert_allclose(norm.get_weights()[2], 0.5 * x.mean(axis=(0, 1)), atol=1e-6)
    assert (model.predict(x, verbose=0) != old).any()
    mean = norm.get_weights()[2]
    model(x, training=True)
    np.testing.assert_allclose(norm.get_weights()[2], 0.5 * mean + 0.5 * x.mean(axis=(0, 1)), atol=1e-6)


def test_a_frozen_layer_uses_the_moving_moments_in_training_too() -> None:
    layer = layers.BatchNormalization(trainable=False, dtype="float64")
    assert_same_bits(layer(X, training=True), layer(X))
    np.testing.assert_array_equal(layer.get_weights()[2], np.zeros(4))
    x, y = X.astype("float32"), X.sum(axis=(1, 2)).astype("float32")
    frozen = layers.BatchNormalization(trainable=False)
    chain = [layers.GRU(4, return_sequences=True), frozen, layers.GRU(5), layers.Dense(1)]
    model = Sequential([layers.Input((7, 4)), *chain])
    model.compile("sgd", "mse")
    before = frozen.get_weights()
    first = model.evaluate(x, y, verbose=0)
    assert model.train_on_batch(x, y) == pytest.approx(first, rel=1e-6)
    for one, other in zip(frozen.get_weights(), before, strict=True):
        assert_same_bits(one, other)


def test_masked_steps_are_not_in_the_moments() -> None:
    mask = np.random.default_rng(1).random((6, 7)) < 0.6
    norm = layers.BatchNormalization(momentum=0.0, dtype="float64")
    model = Sequential([layers.Input((7, 4), dtype="float64"), norm, layers.GRU(3, dtype="float64")])
    spoilt = X.copy()
    spoilt[~mask] = 1e9
    model(spoilt, training=True, mask=mask)
    np.testing.assert_allclose(norm.get_weights()[2], X[mask].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(norm.get_weights()[3], X[mask].var(axis=0), rtol=1e-12)
    alone = layers.BatchNormalization(momentum=0.0, dtype="float64")
    alone(spoilt, training=True, mask=mask)
    for one, other in zip(alone.get_weights(), norm.get_weights(), strict=True):
        assert_same_bits(one, other)
    with pytest.raises(ValueError, match="`mask` needs an input with timesteps"):
        layers.BatchNormalization()(X[:, 0], training=True, mask=mask)


@BOTH
def test_configuration_round_trip(cls: type[layers.Layer]) -> None:
    layer = cls(epsilon=0.01, center=False, gamma_initializer="he_normal", name="n")
    assert cls.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.get_config()["axis"] in (-1, [-1])
    assert cls(axis=[-1]).get_config()["axis"] == cls(axis=-1).get_config()["axis"]


@BOTH
@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"axis": 0}, "`axis`.*-1.*0"),
        ({"axis": [1, 2]}, "`axis`"),
        ({"epsilon": -1}, "`epsilon`.*-1"),
        ({"epsilon": "small"}, "`epsilon`.*small"),
        ({"center": "no"}, "`center`"),
        ({"gamma_initializer": None}, "`gamma_initializer`"),
        ({"beta_regularizer": 0.1}, "`regularizer`.*0.1"),
        ({"gama": 1}, "gama"),
    ],
)
def test_bad_arguments(cls: type[layers.Layer], arguments: dict[str, Any], match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        cls(**arguments)


@pytest.mark.parametrize("arguments", [{"momentum": 2}, {"renorm": True}, {"synchronized": True}], ids=repr)
def test_bad_arguments_of_batch_norm(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        layers.BatchNormalization(**arguments)


@BOTH
def test_bad_shapes(cls: type[layers.Layer]) -> None:
    layer = cls()
    for shape in ((4,), (3, 0), ()):
        with pytest.raises(ValueError, match=r"axis|axes"):
            layer(np.zeros(shape))
    layer.build((None, 7, 4))
    with pytest.raises(ValueError, match="4") as caught:
        layer(np.zeros((3, 5)))
    assert "(3, 5)" in str(caught.value)


def test_summary_counts_what_is_not_trained() -> None:
    lines: list[str] = []
    model = Sequential(
        [layers.Input((7, 4)), layers.BatchNormalization(), layers.Dropout(0.5), layers.Flatten()]
    )
    model.summary(print_fn=lines.append, line_length=80)
    text = "\n".join(lines)
    assert "Total params: 16" in text
    assert "Trainable params: 8" in text
    assert "Non-trainable params: 8" in text
    assert "(None, 28)" in text


@BOTH
def test_the_last_axis_by_its_place(cls: type[layers.Layer]) -> None:
    np.testing.assert_array_equal(cls(axis=2)(X), cls()(X))
    with pytest.raises(ValueError, match=r"`axis`.*expected -1, received 1"):
        cls(axis=[1])(X)


@pytest.mark.parametrize(
    "layer",
    [
        layers.LayerNormalization,
        layers.BatchNormalization,
        layers.RMSNormalization,
        lambda axis: layers.GroupNormalization(2, axis=axis),
    ],
)
@pytest.mark.parametrize("axis", [1, 5])
def test_the_place_of_another_axis_than_the_last(layer: Any, axis: int) -> None:
    with pytest.raises(ValueError, match=f"argument `axis`.* received {axis} for the shape"):
        layer(axis=axis)(X)
    assert_same_bits(np.asarray(layer(axis=2)(X)), np.asarray(layer(axis=-1)(X)))
