"""Conv1D as a layer: weights, shapes, masks, models, files, messages."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers, reference
from tidegate.models import load_model

X = np.random.default_rng(5).standard_normal((3, 9, 4)).astype("float32")

# arguments beside 6 filters, windows of 9 steps
FORMS: list[tuple[dict[str, Any], int]] = [
    ({"kernel_size": 3}, 7),
    ({"kernel_size": 9}, 1),
    ({"kernel_size": 4, "strides": 3}, 2),
    ({"kernel_size": 3, "dilation_rate": 4}, 1),
    ({"kernel_size": 4, "strides": 2, "padding": "same"}, 5),
    ({"kernel_size": 20, "padding": "same"}, 9),
    ({"kernel_size": 3, "dilation_rate": 5, "padding": "causal"}, 9),
    ({"kernel_size": 2, "strides": 4, "padding": "causal", "groups": 2}, 3),
    ({"kernel_size": 1, "activation": "softmax", "use_bias": False}, 9),
]
EVERY = pytest.mark.parametrize(("arguments", "windows"), FORMS, ids=[str(form) for form, _ in FORMS])


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_numbers(arguments: dict[str, Any], windows: int, dtype: str) -> None:
    layer = layers.Conv1D(6, dtype=dtype, bias_initializer="random_normal", **arguments)
    x = X.astype(dtype)
    y = layer(x)
    assert y.shape == (3, windows, 6) == layer.compute_output_shape((3, 9, 4))
    assert layer.compute_output_shape((None, None, 4)) == (None, None, 6)
    assert y.dtype == dtype
    assert layer(x[:0]).shape == (0, windows, 6)
    expected, _ = reference.Conv1D(6, **arguments).forward(
        x.astype("float64"), [weight.astype("float64") for weight in layer.get_weights()]
    )
    np.testing.assert_allclose(y, expected, atol=1e-6)
    model = Sequential([layers.Input((None, 4), dtype=dtype), layer])
    assert_same_bits(model.predict(x, verbose=0), y)


def test_weights() -> None:
    layer = layers.Conv1D(6, 3, groups=2, name="c")
    layer.build((None, None, 4))
    assert [(w.path, w.shape) for w in layer.weights] == [("c/kernel", (3, 2, 6)), ("c/bias", (6,))]
    limit = np.sqrt(6 / (3 * 2 + 3 * 6))
    assert 0.8 * limit < np.abs(layer.get_weights()[0]).max() <= limit
    assert layer.count_params() == 42
    layer = layers.Conv1D(6, 3, use_bias=False)
    layer.build((None, None, 4))
    assert [w.shape for w in layer.get_weights()] == [(3, 4, 6)]


@EVERY
def test_configuration_round_trip(arguments: dict[str, Any], windows: int) -> None:
    layer = layers.Conv1D(6, **arguments)
    config = layer.get_config()
    assert layers.Conv1D.from_config(config).get_config() == config
    for name in ("kernel_size", "strides", "dilation_rate"):
        assert config[name] == [arguments.get(name, 1)]


def test_positions_are_those_of_keras() -> None:
    layer = layers.Conv1D(6, (3,), [2], "same", "channels_last", 1, 2, "relu", False, "he_normal")
    assert (layer.filters, layer.kernel_size, layer.strides, layer.padding) == (6, 3, 2, "same")
    assert (layer.groups, layer.activation.__name__, layer.use_bias) == (2, "relu", False)
    assert layers.Conv1D(6, 3, padding="CAUSAL").padding == "causal"


def test_a_mask_ends_here_and_changes_nothing() -> None:
    mask = np.random.default_rng(1).random((3, 9)) < 0.5
    for size in (1, 3):
        layer = layers.Conv1D(6, size, padding="same")
        assert layer.compute_mask(X, mask) is None
        model = Sequential([layers.Input((9, 4)), layer, layers.LSTM(5)])
        assert_same_bits(model(X, mask=mask), model(X))
        with pytest.raises(ValueError, match="mask"):
            layer(X, mask=mask)


def test_in_a_model(tmp_path: Path) -> None:
    chain = [
        layers.Conv1D(8, 3, padding="causal", activation="relu", name="first"),
        layers.AveragePooling1D(2),
        layers.Conv1D(5, 2, strides=2),
        layers.GRU(4, return_sequences=True),
        layers.TimeDistributed(layers.Dense(1)),
    ]
    model = Sequential([layers.Input((9, 4)), *chain])
    model.compile("adam", "mse")
    losses = model.fit(X, np.ones((3, 2, 1)), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.weights[0].path == f"{model.name}/first/kernel"
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.get_config() == model.get_config()
    for again in (loaded, pickle.loads(pickle.dumps(model))):
        assert_same_bits(again.predict(X, verbose=0), expected)
    assert_same_bits(pickle.loads(pickle.dumps(model.freeze()))(X), expected)


def test_on_every_step_of_another_axis() -> None:
    layer = layers.TimeDistributed(layers.Conv1D(6, 3))
    x = np.stack([X, 2 * X], axis=1)
    assert_same_bits(layer(x)[:, 1], layer.layer(2 * X))
    assert_same_bits(Sequential([layers.Input((2, 9, 4)), layer]).predict(x, verbose=0), layer(x))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.Conv1D(0, 3), r"`filters`.*positive integer.*0"),
        (lambda: layers.Conv1D(4), r"`kernel_size` is required"),
        (lambda: layers.Conv1D(4, 0), r"`kernel_size`.*positive integer.*0"),
        (lambda: layers.Conv1D(4, (3, 3)), r"`kernel_size`.*\(3, 3\)"),
        (lambda: layers.Conv1D(4, 3, strides=2.5), r"`strides`.*2\.5"),
        (lambda: layers.Conv1D(4, 3, dilation_rate=0), r"`dilation_rate`.*0"),
        (lambda: layers.Conv1D(4, 3, strides=2, dilation_rate=3), r"`dilation_rate`.*strides of 2.*3"),
        (lambda: layers.Conv1D(4, 3, padding="full"), r"`padding`.*causal.*full"),
        (lambda: layers.Conv1D(4, 3, groups=3), r"`groups`.*4 filters.*3"),
        (lambda: layers.Conv1D(4, 3, groups=0), r"`groups`.*0"),
        (lambda: layers.Conv1D(4, 3, data_format="channels_first"), r"`data_format`.*channels_first"),
        (lambda: layers.Conv1D(4, 3, activation="rleu"), r"relu"),
        (lambda: layers.Conv1D(4, 3, kernel_initializer=None), r"`kernel_initializer`"),
        (lambda: layers.Conv1D(4, 3, kernel_regularizer="l1_12"), r"regularizer 'l1_12'.*l1_l2"),
        (lambda: layers.Conv1D(4, 3, activity_regularizer="l3"), r"regularizer.*l3"),
        (lambda: layers.Conv1D(4, 3, stride=2), r"`stride`.*`strides`"),
        (lambda: layers.Conv1D(4, 3)(X[0]), r"axes \[batch, timesteps, features\].*\(9, 4\)"),
        (lambda: layers.Conv1D(4, 3)(X[:, :0]), r"timestep.*\(3, 0, 4\)"),
        (lambda: layers.Conv1D(4, 3, dilation_rate=5)(X), r"at least 11 timesteps.*\(3, 9, 4\)"),
        (lambda: layers.Conv1D(3, 3, groups=3)(X), r"multiple of the 3 groups.*\(3, 9, 4\)"),
        (lambda: Sequential([layers.Input((2, 4)), layers.Conv1D(4, 3)]), r"at least 3 timesteps"),
        (lambda: layers.Conv1D(4, 2, padding="same", dilation_rate=2**40)(X), r"`dilation_rate`"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_built_layer_keeps_its_features() -> None:
    layer = layers.Conv1D(4, 3)
    layer(X)
    with pytest.raises(ValueError, match=r"length 4.*\(3, 9, 3\)"):
        layer(X[..., :3])
    model = Sequential([layers.Input((None, 4)), layer])
    with pytest.raises(ValueError, match="at least 3 timesteps"):
        model.predict(X[:, :2], verbose=0)
