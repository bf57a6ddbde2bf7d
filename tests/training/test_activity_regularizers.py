"""Penalties on what layers put out: in the loss and in the gradients, for a row of the batch, as Keras has
them; its figures are in tests/saving/test_golden.py."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tidegate import Model, Sequential, layers, optimizers, regularizers
from tidegate.layers import Input
from tidegate.models import load_model

L2 = regularizers.L2(0.1)
RNG = np.random.default_rng(5)
EVERY = [
    (lambda **given: layers.Dense(3, **given), (4,)),
    (lambda **given: layers.Conv1D(3, 2, **given), (5, 4)),
    (lambda **given: layers.Embedding(9, 3, **given), (4,)),
    (lambda **given: layers.LSTM(3, **given), (5, 4)),
    (lambda **given: layers.GRU(3, **given), (5, 4)),
    (lambda **given: layers.SimpleRNN(3, return_state=True, **given), (5, 4)),
    (lambda **given: layers.Bidirectional(layers.LSTM(3), **given), (5, 4)),
    (lambda **given: layers.TimeDistributed(layers.Dense(3), **given), (5, 4)),
    (lambda **given: layers.LayerNormalization(**given), (4,)),
    (lambda **given: layers.MaxPooling1D(**given), (5, 4)),
    (lambda **given: layers.Dropout(0.5, **given), (4,)),
    (lambda **given: layers.Flatten(**given), (5, 4)),
]


@pytest.mark.parametrize(("make", "shape"), EVERY)
def test_every_layer_takes_one(make: Any, shape: tuple[int, ...]) -> None:
    x = RNG.integers(0, 9, (3, *shape)).astype("float32")
    layer = make(activity_regularizer="l2")
    assert list(layer.losses) == []
    outputs = layer(x)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    expected = [0.01 * float(np.square(y, dtype="float64").sum()) / 3 for y in outputs]
    assert layer.losses == pytest.approx(expected, rel=1e-6)
    again = type(layer).from_config(layer.get_config())
    assert again.activity_regularizer.l2 == 0.01
    assert pickle.loads(pickle.dumps(layer)).activity_regularizer.l2 == 0.01
    assert make().get_config().get("activity_regularizer") is None


def test_only_those_that_have_one_say_so() -> None:
    assert "activity_regularizer" not in layers.Dense(3).get_config()
    assert layers.LSTM(3).get_config()["activity_regularizer"] is None
    assert "activity_regularizer" not in layers.ActivityRegularization(0.1).get_config()


def model_with(**given: Any) -> Sequential:
    model = Sequential([Input((4,)), layers.Dense(3, activation="tanh", **given), layers.Dense(1)])
    model.set_weights([np.full(weight.shape, 0.5, "float32") for weight in model.weights])
    model.compile("sgd", "mse")
    return model


X = RNG.standard_normal((6, 4)).astype("float32")
Y = np.zeros((6, 1), "float32")


def penalty(model: Sequential, x: Any) -> float:
    return 0.1 * float(np.square(model.layers[0](x), dtype="float64").sum()) / len(x)


def test_it_is_a_part_of_every_loss() -> None:
    plain, model = model_with(), model_with(activity_regularizer=L2)
    base, whole = plain.evaluate(X, Y, verbose=0), penalty(model, X)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(base + whole, rel=1e-6)
    assert model.test_on_batch(X, Y) == pytest.approx(base + whole, rel=1e-6)
    assert model.train_on_batch(X, Y) == pytest.approx(base + whole, rel=1e-6)
    model = model_with(activity_regularizer=L2)
    parts = penalty(model, X[:4]) * 4 + penalty(model, X[4:]) * 2
    assert model.evaluate(X, Y, batch_size=4, verbose=0) == pytest.approx(base + parts / 6, rel=1e-6)


def test_what_losses_show() -> None:
    """After a call in training, the penalties on the outputs and then those on the weights, as in Keras."""
    model = model_with(activity_regularizer=L2, kernel_regularizer="l2")
    assert len(model.losses) == 1
    expected = [penalty(model, X), 0.01 * 12 * 0.25]
    model.layers[0](2 * X)
    model(X, training=True)
    assert model.losses == pytest.approx(expected, rel=1e-6)
    assert model.layers[0].losses == pytest.approx(expected, rel=1e-6)


def test_gradients_are_derivatives() -> None:
    """Of a graph in which a layer is used twice, and one has several outputs."""
    inputs = Input((5, 4), dtype="float64")
    dense = layers.Dense(4, dtype="float64", activation="tanh", activity_regularizer=L2)
    states = layers.LSTM(
        3, return_state=True, dtype="float64", activity_regularizer=regularizers.L1L2(0.1, 0.2)
    )(dense(dense(inputs)))
    model = Model(inputs, states[0])
    x, d_y = RNG.standard_normal((2, 5, 4)), RNG.standard_normal((2, 3))
    graph = model.graph

    def value() -> float:
        y, kept, _ = graph.forward(x, keep=True)
        losses = [loss for each in graph.activity_losses(kept).values() for loss in each]
        assert len(losses) == 5
        return float(np.sum(d_y * y)) + 3 * sum(losses)

    _, kept, _ = graph.forward(x, keep=True)
    gradients = graph.backward(kept, d_y, scale=3.0)
    for variable in model.trainable_weights:
        start, gradient = variable.value.copy(), gradients[variable]
        for place in list(np.ndindex(start.shape))[::5]:
            found = []
            for step in (1e-6, -1e-6):
                moved = start.copy()
                moved[place] += step
                variable.assign(moved)
                found.append(value())
            variable.assign(start)
            assert gradient[place] == pytest.approx((found[0] - found[1]) / 2e-6, rel=1e-5, abs=1e-7)


def test_a_scaled_loss_trains_alike() -> None:
    one, other = model_with(activity_regularizer=L2), model_with(activity_regularizer=L2)
    one.compile(optimizers.SGD(0.1), "mse")
    scaled = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=1024.0)
    other.compile(scaled, "mse")
    for model in (one, other):
        model.fit(X, Y, epochs=3, verbose=0)
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5)


def test_an_output_without_a_loss_may_have_a_penalty() -> None:
    inputs = Input((4,))
    first, second = layers.Dense(1)(inputs), layers.Dense(2, activity_regularizer=L2, name="aside")(inputs)
    model = Model(inputs, [first, second])
    model.compile("sgd", ["mse", None])
    before = model.get_layer("aside").get_weights()[0]
    model.fit(X, [Y, np.zeros((6, 2))], verbose=0)
    assert np.abs(model.get_layer("aside").get_weights()[0]).sum() < np.abs(before).sum()


def test_evaluation_moves_nothing_but_states() -> None:
    """A graph with a penalty is evaluated layer by layer."""
    model = Sequential(
        [
            Input(batch_shape=(2, 3, 4)),
            layers.BatchNormalization(activity_regularizer="l2"),
            layers.Dropout(0.5),
            layers.LSTM(3, stateful=True),
        ]
    )
    model.compile("sgd", "mse")
    x, y = RNG.standard_normal((2, 3, 4)).astype("float32"), np.zeros((2, 3), "float32")
    before = model.get_weights()
    first, second = (model.evaluate(x, y, verbose=0) for _ in range(2))
    assert first != second
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    model.layers[-1].reset_states()
    assert model.evaluate(x, y, verbose=0) == first


def test_files_keep_it(tmp_path: Any) -> None:
    model = model_with(activity_regularizer=L2)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Dense(3, activity_regularizer="l3"), r"Unknown regularizer 'l3'"),
        (lambda: layers.Bidirectional(layers.GRU(3, activity_regularizer="l2")), r"Bidirectional one"),
        (lambda: layers.SpatialDropout1D(0.5, activity_regularizer="l2"), r"`activity_regularizer`"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        make()
