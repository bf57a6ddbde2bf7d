"""LSTM, GRU and SimpleRNN as layers on arrays: shapes, states, masks, dtypes, configuration."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from support import Array

from tidegate import layers, reference

LAYERS = pytest.mark.parametrize("cls", [layers.LSTM, layers.GRU, layers.SimpleRNN])
X = np.random.default_rng(5).standard_normal((3, 7, 2)).astype("float32")


@LAYERS
def test_output_shapes(cls: type[layers.Layer]) -> None:
    assert cls(4)(X).shape == (3, 4)
    assert cls(4, return_sequences=True)(X).shape == (3, 7, 4)
    states = 2 if cls is layers.LSTM else 1
    last, *final = cls(4, return_state=True)(X)
    assert [last.shape, *(s.shape for s in final)] == [(3, 4)] * (1 + states)
    np.testing.assert_array_equal(last, final[0])
    layer = cls(4, return_sequences=True, return_state=True)
    assert layer.compute_output_shape((None, 7, 2)) == [(None, 7, 4), *[(None, 4)] * states]
    assert cls(4).compute_output_shape((None, None, 2)) == (None, 4)


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (layers.LSTM(5), [(2, 20), (5, 20), (20,)]),
        (layers.GRU(5), [(2, 15), (5, 15), (2, 15)]),
        (layers.GRU(5, reset_after=False), [(2, 15), (5, 15), (15,)]),
        (layers.LSTM(5, use_bias=False), [(2, 20), (5, 20)]),
        (layers.GRU(5, use_bias=False), [(2, 15), (5, 15)]),
        (layers.SimpleRNN(5), [(2, 5), (5, 5), (5,)]),
        (layers.SimpleRNN(5, use_bias=False), [(2, 5), (5, 5)]),
    ],
)
def test_weights(layer: layers.Layer, shapes: list[tuple[int, ...]]) -> None:
    layer.build((None, None, 2))
    assert [weight.shape for weight in layer.get_weights()] == shapes
    assert [v.name for v in layer.weights] == ["kernel", "recurrent_kernel", "bias"][: len(shapes)]
    assert layer.count_params() == sum(int(np.prod(shape)) for shape in shapes)
    assert len(layer.trainable_weights) == len(shapes)
    layer.trainable = False
    assert layer.trainable_weights == []


def test_the_forget_gate_begins_open() -> None:
    layer = layers.LSTM(3)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    closed = layers.LSTM(3, unit_forget_bias=False)
    closed.build((None, None, 2))
    assert not closed.get_weights()[2].any()


def test_the_recurrent_kernel_begins_orthogonal() -> None:
    layer = layers.GRU(6)
    layer.build((None, None, 2))
    recurrent_kernel = layer.get_weights()[1]
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(6), atol=1e-5)


@LAYERS
def test_against_the_reference(cls: type[layers.Layer]) -> None:
    layer = cls(9, return_sequences=True, return_state=True, dtype="float64")
    mask = np.array([[True] * 7, [False] * 3 + [True] * 4, [True, False] * 3 + [True]])
    states = [np.random.default_rng(k).standard_normal((3, 9)) for k in range(len(layer.cell.state_names))]
    y, *final = layer(X, mask=mask, initial_state=states)
    twin = reference.Recurrent(layer.cell.cell_name, 9, return_sequences=True)
    expected, expected_final, _ = twin.forward(X.astype("float64"), layer.get_weights(), states, mask)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    np.testing.assert_allclose(final, expected_final, atol=1e-12)


@LAYERS
def test_one_state_need_not_be_in_a_list(cls: type[layers.Layer]) -> None:
    if cls is not layers.LSTM:
        layer, state = cls(4), np.ones((3, 4), "float32")
        np.testing.assert_array_equal(layer(X, initial_state=state), layer(X, initial_state=[state]))


@LAYERS
def test_go_backwards_is_the_reversed_input(cls: type[layers.Layer]) -> None:
    backwards = cls(4, go_backwards=True, return_sequences=True)
    y = backwards(X)
    forwards = cls(4, return_sequences=True)
    forwards.build(X.shape)
    forwards.set_weights(backwards.get_weights())
    np.testing.assert_array_equal(y, forwards(X[:, ::-1]))


@LAYERS
def test_other_arrays_are_converted(cls: type[layers.Layer]) -> None:
    layer = cls(4)
    whole = np.round(X * 8)  # exact in every dtype below
    expected = layer(whole)
    read_only = whole.copy()
    read_only.flags.writeable = False
    strided = np.empty((3, 7, 4), "float32")[..., ::2]
    strided[...] = whole
    variants: dict[str, Array] = {
        "float64": whole.astype("float64"),
        "float16": whole.astype("float16"),
        "big-endian": whole.astype(">f4"),
        "int64": whole.astype("int64"),
        "fortran": np.asfortranarray(whole),
        "strided": strided,
        "reversed": whole[::-1].copy()[::-1],
        "read-only": read_only,
    }
    for name, variant in variants.items():
        y = layer(variant)
        assert y.dtype == np.float32, name
        np.testing.assert_array_equal(y, expected, err_msg=name)


@LAYERS
def test_inputs_and_weights_are_left_alone(cls: type[layers.Layer]) -> None:
    layer, x = cls(4), X.copy()
    before = layer(x), layer.get_weights()
    layer.get_weights()[0][...] = 0
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(layer(x), before[0])
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[0].value[...] = 0


@LAYERS
def test_a_batch_of_no_rows(cls: type[layers.Layer]) -> None:
    layer = cls(4, return_state=True, return_sequences=True)
    y, *states = layer(X[:0])
    assert y.shape == (0, 7, 4)
    assert all(state.shape == (0, 4) for state in states)


@LAYERS
def test_configuration_round_trip(cls: type[layers.Layer]) -> None:
    layer = cls(
        5, activation="relu", use_bias=False, return_sequences=True, go_backwards=True, name="first",
        dtype="float64", kernel_initializer="he_normal", unroll=True, zero_output_for_mask=True,
    )  # fmt: skip
    config = layer.get_config()
    twin = cls.from_config(config)
    assert twin.get_config() == config
    assert (twin.name, twin.units, twin.dtype, twin.return_sequences) == ("first", 5, "float64", True)
    x = X.astype("float64")
    layer(x), twin(x)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(x), twin(x))


@LAYERS
def test_arguments_that_change_no_number(cls: type[layers.Layer]) -> None:
    plain = cls(4)
    expected = plain(X)
    of_gates = ({"use_cudnn": True}, {"implementation": 1}) if cls is not layers.SimpleRNN else ()
    for options in ({"unroll": True}, {"seed": 3}, *of_gates):
        layer = cls(4, **options)
        layer.build(X.shape)
        layer.set_weights(plain.get_weights())
        np.testing.assert_array_equal(layer(X), expected)


def test_a_simple_rnn_has_no_arguments_of_gates() -> None:
    """Its positional arguments are Keras's, in Keras's order; those of gates are unknown names."""
    for name in ("recurrent_activation", "reset_after", "unit_forget_bias", "use_cudnn", "implementation"):
        with pytest.raises(ValueError, match=f"SimpleRNN: `{name}`"):
            layers.SimpleRNN(4, **{name: None})
    assert layers.SimpleRNN(4, "relu", False).use_bias is False
    last = [*inspect.signature(layers.SimpleRNN).parameters.values()]
    positional = [each.name for each in last if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert positional[:4] == ["units", "activation", "use_bias", "kernel_initializer"]
    assert positional[-4:] == ["go_backwards", "stateful", "unroll", "seed"]


def test_names_count_up() -> None:
    first, second = layers.LSTM(2).name, layers.LSTM(2).name
    assert first.startswith("lstm")
    assert second.startswith("lstm")
    assert first != second


def test_float64_layers_compute_in_float64() -> None:
    layer = layers.LSTM(4, dtype="float64")
    assert layer(X).dtype == np.float64
    assert all(weight.dtype == np.float64 for weight in layer.get_weights())


@LAYERS
def test_backward_twice_and_out_of_order(cls: type[layers.Layer]) -> None:
    """Nothing is stored on the layer: two forwards may wait for their backwards."""
    layer, other = cls(4), X[:, ::-1].copy()
    layer.build(X.shape)
    d_y = np.ones((3, 4), "float32")
    _, first = layer.forward(X, keep=True)
    expected = layer.backward(first, d_y)
    _, first = layer.forward(X, keep=True)
    _, second = layer.forward(other, keep=True)
    layer.backward(second, d_y)
    d_x, d_weights = layer.backward(first, d_y)
    np.testing.assert_array_equal(d_x, expected[0])
    for actual, wanted in zip(d_weights, expected[1], strict=True):
        np.testing.assert_array_equal(actual, wanted)
