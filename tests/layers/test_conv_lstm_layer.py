"""ConvLSTM1D as a layer: weights, shapes, states, dropout, models, files, messages."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Model, Sequential, layers, reference
from tidegate.layers import ConvLSTM1D, Input, TimeDistributed
from tidegate.models import load_model
from tidegate.random import Training

DATA = Path(__file__).parent.parent / "data"
X = np.random.default_rng(5).standard_normal((3, 5, 9, 2)).astype("float32")
MASK = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 0]], bool)

# arguments beside 6 filters, windows of 9 positions
FORMS: list[tuple[dict[str, Any], int]] = [
    ({"kernel_size": 3}, 7),
    ({"kernel_size": 9, "go_backwards": True}, 1),
    ({"kernel_size": 4, "strides": 3, "return_sequences": True}, 2),
    ({"kernel_size": 3, "dilation_rate": 4, "activation": "relu"}, 1),
    ({"kernel_size": 4, "strides": 2, "padding": "same", "recurrent_activation": "hard_sigmoid"}, 5),
    ({"kernel_size": 20, "padding": "SAME", "return_sequences": True, "zero_output_for_mask": True}, 9),
    ({"kernel_size": 1, "use_bias": False}, 9),
]
EVERY = pytest.mark.parametrize(("arguments", "windows"), FORMS, ids=[str(form) for form, _ in FORMS])


@EVERY
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_numbers(arguments: dict[str, Any], windows: int, mask: Array | None, dtype: str) -> None:
    layer = ConvLSTM1D(6, dtype=dtype, bias_initializer="random_normal", return_state=True, **arguments)
    x = X.astype(dtype)
    y, h, c = layer(x, mask=mask)
    shape = (3, 5, windows, 6) if layer.return_sequences else (3, windows, 6)
    assert layer.compute_output_shape((3, 5, 9, 2)) == [shape, *[(3, windows, 6)] * 2]
    assert [each.shape for each in (y, h, c)] == [shape, *[(3, windows, 6)] * 2]
    assert y.dtype == dtype
    assert layer(x[:0])[0].shape == (0, *shape[1:])
    names = {"padding": layer.padding} if "padding" in arguments else {}
    twin = reference.ConvLSTM1D(6, **{**arguments, **names})
    weights = [weight.astype("float64") for weight in layer.get_weights()]
    expected, final, _ = twin.forward(x.astype("float64"), weights, None, mask)
    for one, other in zip((y, h, c), (expected, *final), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 if dtype == "float32" else 1e-12)


def test_weights() -> None:
    layer = ConvLSTM1D(6, 3, name="walk")
    layer.build((None, 5, 9, 2))
    assert [(w.path.removeprefix("walk/conv_lstm_cell/"), w.shape) for w in layer.weights] == [
        ("kernel", (3, 2, 24)),
        ("recurrent_kernel", (3, 6, 24)),
        ("bias", (24,)),
    ]
    np.testing.assert_array_equal(layer.get_weights()[2], [0] * 6 + [1] * 6 + [0] * 12)
    rows = layer.get_weights()[1].reshape(18, 24)
    np.testing.assert_allclose(rows @ rows.T, np.eye(18), atol=1e-5)
    assert layer.cell.weights == layer.weights
    assert [s.shape for s in layer.get_initial_state(4)] == [(4, 7, 6)] * 2
    assert ConvLSTM1D(6, 3, kernel_regularizer="l2").cell.kernel_regularizer is not None


def test_arguments_are_those_of_keras() -> None:
    parameters = inspect.signature(ConvLSTM1D).parameters.values()
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert positional[:7] == [
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation",
    ]  # fmt: skip
    assert positional[-5:] == ["seed", "return_sequences", "return_state", "go_backwards", "stateful"]


@EVERY
def test_configuration_round_trip(arguments: dict[str, Any], windows: int) -> None:
    layer = ConvLSTM1D(6, dropout=0.1, seed=3, **arguments)
    config = layer.get_config()
    assert ConvLSTM1D.from_config(config).get_config() == config
    assert (config["kernel_size"], config["data_format"]) == ([arguments["kernel_size"]], "channels_last")


def test_initial_states_of_keras() -> None:
    arrays = np.load(DATA / "conv_lstm.npz")
    layer = ConvLSTM1D(4, 3, strides=2, return_sequences=True, return_state=True, go_backwards=True)
    x = arrays["x0"][:3]
    layer.build(x.shape)
    layer.set_weights([arrays[f"layer_w{k}"] for k in range(3)])
    states = [arrays[f"layer_s{k}"] for k in range(2)]
    for k, found in enumerate(layer(x, initial_state=states)):
        np.testing.assert_allclose(found, arrays[f"layer_y{k}"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)])
def test_dropout(rates: tuple[float, float]) -> None:
    """In training only, counted by rows, of each gate by itself, all timesteps alike; its gradients."""
    layer = ConvLSTM1D(4, 3, dropout=rates[0], recurrent_dropout=rates[1], seed=2, dtype="float64")
    x = X.astype("float64")
    y = layer(x)
    found, kept = layer.forward(x, training=Training(3), keep=True)
    assert not np.array_equal(found, y)
    assert_same_bits(layer.forward(x, training=Training(3))[0], found)
    order = np.array([2, 0])
    some, _ = layer.forward(np.ascontiguousarray(x[order]), training=Training(3, order))
    assert_same_bits(some, found[order])
    d_y = np.random.default_rng(1).standard_normal(found.shape)
    d_x, _ = layer.backward(kept, d_y)
    assert d_x.shape == x.shape
    for place in [(0, 0, 0, 0), (1, 2, 4, 1), (2, 4, 8, 0), (0, 3, 5, 1)]:
        slopes = []
        for shift in (1e-6, -1e-6):
            moved = x.copy()
            moved[place] += shift
            slopes.append(float((layer.forward(moved, training=Training(3))[0] * d_y).sum()))
        assert d_x[place] == pytest.approx((slopes[0] - slopes[1]) / 2e-6, abs=1e-8)


def test_gates_lose_different_inputs() -> None:
    layer = ConvLSTM1D(4, 3, dropout=0.5, recurrent_dropout=0.5, seed=2)
    layer.build((None, 5, 9, 40))
    x, dropped, of_states = layer.cell.drop(np.ones((2, 5, 9, 40), "float32"), Training(3))
    gates = np.split(x, 4, axis=-1)
    assert not np.array_equal(gates[0], gates[1])
    assert_same_bits(x[:, 0], x[:, 3])
    assert dropped is not None
    assert of_states["state_dropout"].shape == (2, 7, 4, 4)


# ---- in models ----------------------------------------------------------------------------------------


def model(dtype: str = "float32") -> Sequential:
    tidegate.utils.set_random_seed(3)
    return Sequential(
        [
            Input((5, 9, 2), dtype=dtype),
            ConvLSTM1D(20, 3, padding="same", return_sequences=True, dtype=dtype),
            ConvLSTM1D(6, 3, strides=2, go_backwards=True, dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(2, dtype=dtype),
        ]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_has_the_bits_of_the_layers(isa: str, threads: None, dtype: str) -> None:
    net, x = model(dtype), np.random.default_rng(1).standard_normal((21, 5, 9, 2)).astype(dtype)
    expected = x
    for layer in net.layers:
        expected = layer(expected)
    for count in (1, 2, 3):
        tidegate.set_num_threads(count)
        for batch_size in (1, 4, 21):
            assert_same_bits(net.predict(x, batch_size=batch_size, verbose=0), expected)


def test_trained_on_any_number_of_threads(threads: None) -> None:
    found = []
    for count in (1, 3):
        tidegate.set_num_threads(count)
        net, rng = model(), np.random.default_rng(1)
        net.compile("adam", "mse")
        x, y = rng.standard_normal((32, 5, 9, 2)).astype("float32"), rng.standard_normal((32, 2))
        history = net.fit(x, y, batch_size=16, epochs=3, verbose=0)
        assert history.history["loss"][-1] < history.history["loss"][0]
        found.append(net.get_weights())
    for one, other in zip(*found, strict=True):
        assert_same_bits(one, other)


def test_what_models_say_of_it(tmp_path: Path) -> None:
    net, text = model(), []
    net.explain(print_fn=text.append)
    assert "ConvLSTM1D" in text[0]
    assert "packed in each call" not in text[0]
    expected = net.predict(X, verbose=0)
    assert_same_bits(net.freeze()(X), expected)
    with pytest.raises(ValueError, match="needs the whole sequence"):
        net.freeze().stream()
    net.save(tmp_path / "m.keras")
    for twin in (load_model(tmp_path / "m.keras"), pickle.loads(pickle.dumps(net))):
        assert twin.get_config() == net.get_config()
        assert_same_bits(twin.predict(X, verbose=0), expected)


def test_states_in_a_graph_and_from_call_to_call() -> None:
    x = Input((5, 9, 2))
    y, *states = ConvLSTM1D(4, 3, padding="same", return_sequences=True, return_state=True)(x)
    assert [state.shape for state in states] == [(None, 9, 4)] * 2
    z = ConvLSTM1D(4, 3, padding="same")(y, initial_state=states)
    net = Model(x, [z, *states])
    net.compile("sgd", "mse")
    before = net.get_weights()
    net.fit(X, [np.ones((3, 9, 4))] * 3, verbose=0)
    assert not any(np.array_equal(one, other) for one, other in zip(before, net.get_weights(), strict=True))
    layer, whole = ConvLSTM1D(4, 3, stateful=True), ConvLSTM1D(4, 3)
    layer(X[:, :2])
    y = layer(X[:, 2:])
    whole.build(X.shape)
    whole.set_weights(layer.get_weights())
    assert_same_bits(y, whole(X))
    layer.reset_states()
    net = Sequential([Input(batch_shape=(3, 5, 9, 2)), layer])
    assert_same_bits(net.predict(X, batch_size=3, verbose=0), whole(X))
    assert np.abs(layer.states[1].value).max() > 0


def test_on_every_timestep() -> None:
    x = np.stack([X, 2 * X], axis=1)
    inner = ConvLSTM1D(4, 3)
    net = Sequential([Input((2, 5, 9, 2)), TimeDistributed(inner)])
    assert_same_bits(net.predict(x, verbose=0), np.stack([inner(X), inner(2 * X)], axis=1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ConvLSTM1D(0, 3), "`filters` must be a positive integer"),
        (lambda: ConvLSTM1D(4, 3, padding="causal"), "`padding` must be one of"),
        (lambda: ConvLSTM1D(4, 3, data_format="channels_first"), "`data_format` is not supported yet"),
        (lambda: ConvLSTM1D(4, 3, strides=2, dilation_rate=2), "`dilation_rate` must be 1 with strides of 2"),
        (lambda: ConvLSTM1D(4, 3, implementation=1), "`implementation`"),
        (lambda: ConvLSTM1D(4, 3)(X[0]), r"axes \[batch, timesteps, positions, features\]"),
        (lambda: ConvLSTM1D(4, 3)(X[:, :, :2]), "at least 3 positions"),
        (lambda: ConvLSTM1D(4, 3)(Input((5, None, 2))), "at least 3 positions"),
        (lambda: ConvLSTM1D(4, 3).get_initial_state(2), "no shape before the layer is built"),
        (
            lambda: ConvLSTM1D(4, 3)(X, initial_state=[np.zeros((3, 9, 4))] * 2),
            r"\(3, 7, 4\); received \(3, 9, 4\) for h",
        ),
        (lambda: layers.Bidirectional(ConvLSTM1D(4, 3))(X), r"\[batch, timesteps, features\]"),
    ],
)
def test_bad_input(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_positions_are_those_it_was_built_for() -> None:
    layer = ConvLSTM1D(4, 3)
    layer(X)
    with pytest.raises(ValueError, match="the 9 positions it was built for"):
        layer(X[:, :, :8])
