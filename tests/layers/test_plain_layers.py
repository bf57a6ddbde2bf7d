"""Layers without weights, on arrays and in models: shapes, messages, and Programs that copy nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers, reference
from tidegate._native import core

X = np.random.default_rng(5).standard_normal((3, 7, 4)).astype("float32")

# layer, shape of its input, shape of its output
SHAPES: list[tuple[layers.Layer, tuple[int | None, ...], tuple[int | None, ...]]] = [
    (layers.Activation("relu"), (3, 7, 4), (3, 7, 4)),
    (layers.Activation("softmax"), (3,), (3,)),
    (layers.Dropout(0.5), (3, 7, 4), (3, 7, 4)),
    (layers.Flatten(), (3, 7, 4), (3, 28)),
    (layers.Flatten(), (3,), (3, 1)),
    (layers.Reshape((2, -1)), (3, 7, 4), (3, 2, 14)),
    (layers.Reshape((4, 7)), (3, 7, 4), (3, 4, 7)),
    (layers.Reshape(()), (3, 1), (3,)),
    (layers.RepeatVector(5), (3, 4), (3, 5, 4)),
    (layers.Permute((2, 1)), (3, 7, 4), (3, 4, 7)),
    (layers.MaxPooling1D(), (3, 7, 4), (3, 3, 4)),
    (layers.MaxPooling1D(3, strides=1, padding="same"), (3, 7, 4), (3, 7, 4)),
    (layers.MaxPooling1D(9), (3, 7, 4), (3, 0, 4)),
    (layers.AveragePooling1D(2), (3, 7, 4), (3, 3, 4)),
    (layers.AveragePooling1D(4, strides=3, padding="same"), (3, 7, 4), (3, 3, 4)),
    (layers.AveragePooling1D(9), (3, 7, 4), (3, 0, 4)),
    (layers.GlobalMaxPooling1D(), (3, 7, 4), (3, 4)),
    (layers.GlobalMaxPooling1D(keepdims=True), (3, 7, 4), (3, 1, 4)),
    (layers.GlobalAveragePooling1D(), (3, 7, 4), (3, 4)),
    (layers.GlobalAveragePooling1D(keepdims=True), (3, 7, 4), (3, 1, 4)),
]
EVERY = pytest.mark.parametrize(
    ("layer", "shape", "output"),
    SHAPES,
    ids=[f"{type(layer).__name__}-{shape}" for layer, shape, _ in SHAPES],
)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes(layer: layers.Layer, shape: Any, output: Any, dtype: str) -> None:
    layer = type(layer).from_config({**layer.get_config(), "dtype": dtype})
    y = layer(np.ones(shape, dtype))
    assert y.shape == output == layer.compute_output_shape(shape)
    assert y.dtype == dtype
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *output[1:])
    empty = layer(np.ones((0, *shape[1:]), dtype)) if len(shape) > 1 else y[:0]
    assert empty.shape == (0, *output[1:])


@EVERY
def test_configuration_round_trip(layer: layers.Layer, shape: Any, output: Any) -> None:
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape(shape) == output
    assert layer.weights == []


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_program_gives_what_the_layer_gives(
    layer: layers.Layer, shape: Any, output: Any, dtype: str
) -> None:
    """Alone in a Program that has no weights at all, and behind layers that compute."""
    config = {**layer.get_config(), "dtype": dtype}
    x = np.random.default_rng(5).standard_normal(shape).astype(dtype)
    model = Sequential([layers.Input(shape[1:], dtype=dtype), type(layer).from_config(config)])
    assert_same_bits(model.predict(x, verbose=0), type(layer).from_config(config)(x))
    assert model.predict(x[:0], verbose=0).shape == (0, *output[1:])
    if len(shape) == 3:
        before, between = (
            layers.LSTM(4, return_sequences=True, dtype=dtype),
            layers.Activation("tanh", dtype=dtype),
        )
        model = Sequential(
            [layers.Input((7, 4), dtype=dtype), before, type(layer).from_config(config), between]
        )
        assert_same_bits(model.predict(x, verbose=0), between(type(layer).from_config(config)(before(x))))


def test_chains_of_views(rng: np.random.Generator) -> None:
    """Views first, last, between and alone, of any number; the array that goes in is left as it is."""
    views = [layers.Flatten(), layers.Reshape((4, -1)), layers.Dropout(0.3), layers.Reshape((28,))]
    x = X.copy()
    for count in range(1, 5):
        model = Sequential(
            [layers.Input((7, 4)), *[type(v).from_config(v.get_config()) for v in views[:count]]]
        )
        y = model.predict(x, verbose=0)
        np.testing.assert_array_equal(y.ravel(), X.ravel())
        y[...] = 0
        np.testing.assert_array_equal(x, X)
    dense = layers.Dense(3)
    model = Sequential(
        [layers.Input((7, 4)), layers.Flatten(), dense, layers.Dropout(0.3), layers.Reshape((3, 1))]
    )
    assert_same_bits(model.predict(x, verbose=0)[:, :, 0], dense(X.reshape(3, 28)))


def test_a_view_costs_nothing_in_a_program() -> None:
    """A step that only reshapes keeps no weights, and a dropout is no step at all."""
    model = Sequential([layers.Input((7, 4)), layers.Dropout(0.5), layers.Flatten()])
    assert model.layers[0].operator is None
    assert core.Program([(model.layers[1].operator, [])], dtype="float32").packed_bytes == 0
    np.testing.assert_array_equal(core.Program([], dtype="float32").run(X), X)
    with pytest.raises(ValueError, match="dtype"):
        core.Program([])


def test_an_average_honours_the_mask() -> None:
    mask = np.array([[True] * 7, [False] * 3 + [True] * 4, [True, False] * 3 + [True]])
    model = Sequential([layers.Input((7, 4)), layers.Activation("linear"), layers.GlobalAveragePooling1D()])
    expected = np.stack([row[real].mean(axis=0) for row, real in zip(X.astype("float64"), mask, strict=True)])
    np.testing.assert_allclose(model(X, mask=mask), expected, atol=1e-6)
    np.testing.assert_allclose(model(X), X.mean(axis=1), atol=1e-6)
    assert_same_bits(layers.GlobalAveragePooling1D()(X, mask=mask), model(X, mask=mask))
    with pytest.raises(ValueError, match=r"`mask`.*\(3, 6\)"):
        layers.GlobalAveragePooling1D()(X, mask=mask[:, :6])
    with pytest.raises(ValueError, match="`mask`"):
        layers.Activation("relu")(X, mask=mask)


@pytest.mark.parametrize(
    ("layer", "goes_on"),
    [
        (layers.Activation("relu"), True),
        (layers.Dropout(0.5), True),
        (layers.LayerNormalization(), True),
        (layers.BatchNormalization(), True),
        (layers.Flatten(), False),
        (layers.Reshape((7, 4)), False),
        (layers.Permute((2, 1)), False),
        (layers.MaxPooling1D(), False),
        (layers.AveragePooling1D(2), False),
        (layers.GlobalAveragePooling1D(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_masks_go_on_where_keras_lets_them(layer: layers.Layer, goes_on: bool) -> None:
    mask = np.ones((3, 7), bool)
    assert (layer.compute_mask(X, mask) is mask) == goes_on


def test_reshape_of_a_length_that_is_not_known() -> None:
    assert layers.Reshape((2, -1)).compute_output_shape((None, None, 3)) == (None, 2, None)
    model = Sequential([layers.Input((None, 4)), layers.Reshape((2, -1))])
    assert model.predict(X[:, :6], verbose=0).shape == (3, 2, 12)
    with pytest.raises(ValueError, match="shape"):
        model.predict(X[:, :5, :3], verbose=0)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Activation("rleu"), "relu"),
        (lambda: layers.Activation(), "activation"),
        (lambda: layers.Dropout(1.5), r"`rate`.*from 0 to 1.*1\.5"),
        (lambda: layers.Dropout(-0.1), r"`rate`"),
        (lambda: layers.Dropout("half"), r"`rate`.*half"),
        (lambda: layers.Dropout(float("nan")), r"`rate`.*nan"),
        (lambda: layers.Dropout(0.5, seed="a"), r"`seed`.*integer.*'a'"),
        (lambda: layers.Dropout(0.5, seed=1.5), r"`seed`"),
        (lambda: layers.Dropout(0.5, noise_shape=3), r"`noise_shape`.*3"),
        (lambda: layers.Dropout(0.5, noise_shape=(2, -1)), r"`noise_shape`.*-1"),
        (lambda: layers.Dropout(0.5, noise_shape=(None, 2, 4))(X), r"`noise_shape`.*\(3, 7, 4\)"),
        (lambda: layers.Dropout(0.5, noise_shape=(None, 4))(X), r"`noise_shape`.*\(3, 7, 4\)"),
        (lambda: layers.Flatten(data_format="channels_first"), r"`data_format`.*channels_first"),
        (lambda: layers.Flatten()(np.float32(1)), r"axes"),
        (lambda: layers.Reshape((-1, -1)), r"`target_shape`.*one -1"),
        (lambda: layers.Reshape((-2, 3)), r"`target_shape`.*-2"),
        (lambda: layers.Reshape(6), r"`target_shape`.*6"),
        (lambda: layers.Reshape((3, -1))(X), r"\(3, -1\).*\(3, 7, 4\)"),
        (lambda: Sequential([layers.Input((7, 4)), layers.Reshape((5, 5))]), r"\(5, 5\).*7, 4"),
        (lambda: layers.RepeatVector(0), r"`n`.*positive integer.*0"),
        (lambda: layers.RepeatVector(2.5), r"`n`.*positive integer.*2\.5"),
        (lambda: layers.RepeatVector(2)(X), r"\[batch, features\].*\(3, 7, 4\)"),
        (lambda: layers.Permute((1, 1)), r"`dims`.*\(1, 1\)"),
        (lambda: layers.Permute((0, 1)), r"`dims`"),
        (lambda: layers.Permute(()), r"`dims`"),
        (lambda: layers.Permute((2, 1))(X[0]), r"3 axes.*\(7, 4\)"),
        (lambda: layers.MaxPooling1D(0), r"`pool_size`.*0"),
        (lambda: layers.MaxPooling1D(2, strides=-1), r"`strides`.*-1"),
        (lambda: layers.MaxPooling1D(2, padding="causal"), r"`padding`.*causal"),
        (lambda: layers.MaxPooling1D(2)(X[0]), r"timesteps.*\(7, 4\)"),
        (lambda: layers.AveragePooling1D(), r"`pool_size` is required"),
        (lambda: layers.AveragePooling1D(0), r"`pool_size`.*0"),
        (lambda: layers.AveragePooling1D(2, padding="causal"), r"`padding`.*causal"),
        (lambda: layers.AveragePooling1D(2, data_format="channels_first"), r"`data_format`"),
        (lambda: layers.AveragePooling1D(2)(X[0]), r"timesteps.*\(7, 4\)"),
        (lambda: layers.GlobalMaxPooling1D()(X[:, :0]), r"timestep.*\(3, 0, 4\)"),
        (lambda: layers.GlobalAveragePooling1D()(X[:, :0]), r"timestep.*\(3, 0, 4\)"),
        (lambda: layers.GlobalMaxPooling1D(keepdim=True), r"keepdims"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cls", [layers.MaxPooling1D, layers.AveragePooling1D])
def test_pool_size_and_strides_may_be_tuples_of_one(cls: Any) -> None:
    layer = cls((3,), strides=[2])
    assert (layer.pool_size, layer.strides) == (3, 2)
    config = layer.get_config()
    assert (config["pool_size"], config["strides"]) == ([3], [2])


# ---- dropout -------------------------------------------------------------------------------------


def test_in_inference_dropout_gives_back_its_input() -> None:
    for y in (layers.Dropout(0.9)(X), layers.Dropout(0.0)(X, training=True)):
        assert_same_bits(y, X)
        assert np.shares_memory(y, X)


def test_in_training_dropout_drops_and_scales() -> None:
    y = layers.Dropout(0.4, seed=2)(X, training=True)
    kept = y != 0
    assert 0.4 < kept.mean() < 0.8
    np.testing.assert_allclose(y[kept], X[kept] / 0.6, rtol=1e-6)
    assert not layers.Dropout(1.0)(X, training=True).any()


def test_two_calls_by_hand_differ_and_a_seed_repeats_them() -> None:
    from tidegate.utils import set_random_seed

    layer = layers.Dropout(0.5)
    set_random_seed(3)
    first, second = layer(X, training=True), layer(X, training=True)
    assert (first != second).any()
    set_random_seed(3)
    assert_same_bits(layer(X, training=True), first)
    assert_same_bits(layer(X, training=True), second)


@pytest.mark.parametrize("noise_shape", [(None, 1, 4), (3, 7, 1), (1, None, None), (1, 1, 4)])
def test_noise_shape_says_who_shares(noise_shape: Any) -> None:
    dropped = layers.Dropout(0.5, noise_shape=noise_shape, seed=4)(np.ones_like(X), training=True) == 0
    assert 0 < dropped.sum() < X.size
    for axis, noise in enumerate(noise_shape):
        shared = (dropped == dropped.take([0], axis=axis)).all()
        assert shared == (noise == 1), axis


def test_the_gradient_of_dropout_goes_where_the_values_went() -> None:
    from tidegate.random import Training

    layer, d_y = layers.Dropout(0.4, seed=1), np.ones_like(X)
    layer.build((None, 7, 4))
    y, kept = layer.forward(X, training=Training(iteration=9), keep=True)
    d_x, d_weights = layer.backward(kept, d_y)
    np.testing.assert_allclose(d_x, np.where(y != 0, 1 / 0.6, 0), rtol=1e-6)
    assert d_weights == []
    mask = reference.dropout_mask(X.shape, 0.4, seed=1, node=0, iteration=9)
    np.testing.assert_array_equal(y != 0, mask)
