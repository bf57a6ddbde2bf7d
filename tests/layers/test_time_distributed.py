"""TimeDistributed: the layer in it on every timestep, computed, trained, saved and refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Sequential
from tidegate.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    TimeDistributed,
)
from tidegate.models import load_model

X3 = np.random.default_rng(5).standard_normal((3, 5, 4)).astype("float32")
X4 = np.random.default_rng(6).standard_normal((3, 5, 6, 4)).astype("float32")
INNER = {
    "dense": (lambda dtype: Dense(2, activation="tanh", dtype=dtype), X3),
    "dense on four axes": (lambda dtype: Dense(2, dtype=dtype), X4),
    "lstm": (lambda dtype: LSTM(3, dtype=dtype), X4),
    "sequences": (lambda dtype: GRU(3, return_sequences=True, dtype=dtype), X4),
    "bidirectional": (lambda dtype: Bidirectional(LSTM(3, dtype=dtype)), X4),
    "a view": (lambda dtype: Flatten(dtype=dtype), X4),
    "itself": (lambda dtype: TimeDistributed(Dense(2, dtype=dtype)), X4),
}
EVERY_INNER = pytest.mark.parametrize(("make", "x"), INNER.values(), ids=INNER)


@EVERY_INNER
def test_every_step_is_a_call(isa: str, make: Any, x: Array) -> None:
    layer = TimeDistributed(make("float32"))
    y = layer(x)
    expected = np.stack([layer.layer(x[:, t]) for t in range(5)], axis=1)
    assert_same_bits(y, expected)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])
    assert_same_bits(Sequential([Input(x.shape[1:]), layer]).predict(x, verbose=0), y)
    assert layer(x[:0]).shape == (0, *y.shape[1:])


@EVERY_INNER
def test_gradients_are_those_of_the_steps(make: Any, x: Array) -> None:
    layer = TimeDistributed(make("float64"))
    x = x.astype("float64")
    layer.build(x.shape)
    y, kept = layer.forward(x, keep=True)
    d_y = np.random.default_rng(1).standard_normal(y.shape)
    d_x, d_weights = layer.backward(kept, d_y)
    totals: list[Array] = [np.zeros_like(weight) for weight in d_weights]
    for t in range(5):
        _, kept_step = layer.layer.forward(x[:, t].copy(), keep=True)
        d_step, d_weights_step = layer.layer.backward(kept_step, d_y[:, t].copy())
        np.testing.assert_allclose(d_x[:, t], d_step, rtol=0, atol=1e-12)
        totals = [total + part for total, part in zip(totals, d_weights_step, strict=True)]
    for gradient, expected in zip(d_weights, totals, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-12)
    assert layer.backward(kept, d_y, need_d_inputs=False)[0] is None


def test_in_a_model(tmp_path: Path) -> None:
    model = Sequential(
        [
            Input((5, 6, 4)),
            TimeDistributed(LSTM(3), name="first"),
            LSTM(4, return_sequences=True),
            TimeDistributed(Dense(2, name="inner")),
        ]
    )
    model.compile("adam", "mse")
    losses = model.fit(X4, np.ones((3, 5, 2)), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.weights[0].path == f"{model.name}/first/{model.layers[0].layer.name}/lstm_cell/kernel"
    assert model.weights[-1].path.endswith("/inner/bias")
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.get_config() == model.get_config()
    assert_same_bits(loaded.predict(X4, verbose=0), model.predict(X4, verbose=0))
    assert_same_bits(pickle.loads(pickle.dumps(model)).predict(X4, verbose=0), model.predict(X4, verbose=0))


def test_configuration() -> None:
    layer = TimeDistributed(Dense(2, dtype="float64"), name="all")
    config = json.loads(json.dumps(layer.get_config()))
    assert list(config) == ["name", "trainable", "dtype", "layer"]
    assert config["layer"]["class_name"] == "Dense"
    assert TimeDistributed.from_config(config).get_config() == layer.get_config()
    assert layer.dtype == "float64"


def test_what_is_trainable() -> None:
    layer = TimeDistributed(Dense(2))
    layer.build((None, 5, 4))
    assert layer.trainable_weights == layer.layer.weights
    layer.layer.trainable = False
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.layer.weights


def test_a_layer_that_has_its_weights_keeps_them() -> None:
    inner = Dense(2, name="mine")
    expected = inner(X3)
    layer = TimeDistributed(inner)
    assert_same_bits(layer(X3), expected)
    assert layer.weights == inner.weights
    assert inner.weights[0].path == "mine/kernel"


@pytest.mark.parametrize("bad", [3, None, "Dense", InputLayer((3,))], ids=["number", "None", "name", "input"])
def test_what_is_no_layer(bad: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"TimeDistributed.*`layer`"):
        TimeDistributed(bad)


def test_bad_calls() -> None:
    layer = TimeDistributed(Dense(2))
    for shape in ((3, 4), (4,), (3, 0, 4)):
        with pytest.raises(ValueError, match="timestep") as caught:
            layer(np.zeros(shape, "float32"))
        assert str(shape) in str(caught.value)
    assert not layer.built
    layer(X3)
    with pytest.raises(ValueError, match="length 4"):
        layer(X3[..., :3].copy())
    with pytest.raises(ValueError, match="several outputs"):
        TimeDistributed(LSTM(3, return_state=True))(X4)
    with pytest.raises(ValueError, match="timesteps, features"):
        TimeDistributed(LSTM(3))(X3)
    with pytest.raises(ValueError, match="different dtypes"):
        TimeDistributed(Dense(2), dtype="float64")


def test_the_native_step_checks_its_input() -> None:
    from tidegate._native import core

    kernel = np.ones((4, 2), "float32")
    program = core.Program([(core.TimeDistributed(core.Dense(2, use_bias=False)), [kernel])])
    assert program.run(X3).shape == (3, 5, 2)
    with pytest.raises(ValueError, match="rank 3 or more, received rank 2"):
        program.run(X3[0].copy())
    with pytest.raises(ValueError, match="4"):
        program.run(np.ones((3, 5, 6), "float32"))


def test_dropout_drops_other_elements_at_every_step() -> None:
    layer = TimeDistributed(Dropout(0.5, seed=3))
    y = layer(np.ones((4, 50, 8), "float32"), training=True)
    assert {0.0, 2.0} == set(np.unique(y))
    assert len(np.unique(y.reshape(-1, 8), axis=0)) > 100
    model = Sequential([Input((5, 8)), TimeDistributed(Dropout(0.5)), Dense(2)])
    x = np.ones((3, 5, 8), "float32")
    np.testing.assert_array_equal(model(x), model.layers[-1](x))


def test_moving_statistics_of_the_layer_move() -> None:
    model = Sequential([Input((5, 3)), TimeDistributed(BatchNormalization()), Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(np.full((4, 5, 3), 2.0, "float32"), np.zeros((4, 5, 1), "float32"))
    np.testing.assert_allclose(model.layers[0].get_weights()[2], 0.02, rtol=1e-5)
