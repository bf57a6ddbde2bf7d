"""One clear sentence for every bad input of a layer: what was wrong, what was expected, what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate import layers

RECURRENT = pytest.mark.parametrize("cls", [layers.LSTM, layers.GRU, layers.SimpleRNN])
EVERY = pytest.mark.parametrize("cls", [layers.LSTM, layers.GRU, layers.SimpleRNN, layers.Dense])
X = np.zeros((3, 7, 2), "float32")


@EVERY
@pytest.mark.parametrize(
    "units",
    [0, -1, 2.5, "4", None, True, [3], np.float32(4), np.True_, np.array(4.0), np.array([4, 4])],
    ids=repr,
)
def test_units_must_be_a_positive_integer(cls: type[layers.Layer], units: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="units") as caught:
        cls(units)
    assert "positive integer" in str(caught.value)
    assert repr(units) in str(caught.value)


@EVERY
def test_units_may_be_a_numpy_integer(cls: type[layers.Layer]) -> None:
    assert cls(np.int64(4)).units == 4


@EVERY
def test_flags_are_true_or_false(cls: type[layers.Layer]) -> None:
    assert not cls(4, use_bias=np.False_).use_bias
    for bad in ("no", None, np.array([True, False])):
        with pytest.raises(TypeError, match="use_bias"):
            cls(4, use_bias=bad)


@RECURRENT
@pytest.mark.parametrize("shape", [5, (-1, 2), (2.0, 2), (True, 2), (np.array([5]), 2)], ids=repr)
def test_input_shape_is_lengths(cls: type[layers.Layer], shape: Any) -> None:
    with pytest.raises(ValueError, match="input_shape"):
        cls(4, input_shape=shape)


@EVERY
def test_units_are_required(cls: type[layers.Layer]) -> None:
    with pytest.raises(TypeError, match="units"):
        cls()


@RECURRENT
@pytest.mark.parametrize("shape", [(7, 2), (2,), (3, 7, 2, 1), ()], ids=repr)
def test_wrong_rank(cls: type[layers.Layer], shape: tuple[int, ...]) -> None:
    for layer in (cls(4), built(cls)):
        with pytest.raises(ValueError, match="timesteps") as caught:
            layer(np.zeros(shape, "float32"))
        assert str(shape) in str(caught.value)


@EVERY
def test_wrong_feature_count(cls: type[layers.Layer]) -> None:
    with pytest.raises(ValueError, match="2") as caught:
        built(cls)(np.zeros((3, 7, 5), "float32"))
    assert "(3, 7, 5)" in str(caught.value)


def built(cls: type[layers.Layer]) -> layers.Layer:
    layer = cls(4)
    layer.build((None, None, 2))
    return layer


@RECURRENT
def test_zero_timesteps(cls: type[layers.Layer]) -> None:
    with pytest.raises(ValueError, match="timestep"):
        cls(4)(X[:, :0])


@EVERY
@pytest.mark.parametrize(
    "bad",
    [
        X.astype(object),
        X.astype(complex),
        np.full(X.shape, "a"),
        np.full(X.shape, np.datetime64("2020", "s")),
    ],
    ids=["object", "complex", "string", "date"],
)
def test_arrays_that_are_not_real_numbers(cls: type[layers.Layer], bad: Any) -> None:
    with pytest.raises(TypeError, match="real numbers") as caught:
        cls(4)(bad)
    assert str(bad.dtype) in str(caught.value)


@EVERY
@pytest.mark.parametrize(
    "bad", [[X], X.tolist(), None, list(range(10**6))], ids=["arrays", "list", "None", "long"]
)
def test_what_is_no_array_gets_one_line(cls: type[layers.Layer], bad: Any) -> None:
    with pytest.raises(ValueError, match="`inputs` must be a NumPy array") as caught:
        cls(4)(bad)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 200


@RECURRENT
@pytest.mark.parametrize("shape", [(3, 5), (2, 4), (4,), (3, 1, 4)], ids=repr)
def test_an_initial_state_of_another_shape(cls: type[layers.Layer], shape: tuple[int, ...]) -> None:
    state = np.zeros(shape, "float32")
    with pytest.raises(ValueError, match="initial_state") as caught:
        cls(4)(X, initial_state=[state] * (2 if cls is layers.LSTM else 1))
    assert str(shape) in str(caught.value)
    assert "(3, 4)" in str(caught.value)


@RECURRENT
@pytest.mark.parametrize("count", [0, 3])
def test_a_wrong_number_of_initial_states(cls: type[layers.Layer], count: int) -> None:
    with pytest.raises(ValueError, match="initial_state"):
        cls(4)(X, initial_state=[np.zeros((3, 4), "float32")] * count)


@RECURRENT
@pytest.mark.parametrize("mask", [np.ones((3, 6), bool), np.ones((2, 7), bool), np.ones(7, bool)])
def test_a_mask_of_another_shape(cls: type[layers.Layer], mask: Any) -> None:
    with pytest.raises(ValueError, match="mask"):
        cls(4)(X, mask=mask)


@EVERY
def test_an_unknown_activation(cls: type[layers.Layer]) -> None:
    with pytest.raises(ValueError, match=r"tahn.*tanh"):
        cls(4, activation="tahn")
    with pytest.raises(ValueError, match=r"Relu.*`relu`"):
        cls(4, activation="Relu")
    with pytest.raises((ValueError, TypeError), match="activation"):
        cls(4, activation=3)


@EVERY
def test_an_unknown_initializer(cls: type[layers.Layer]) -> None:
    with pytest.raises(ValueError, match=r"glorot_unifrm.*glorot_uniform"):
        cls(4, kernel_initializer="glorot_unifrm")


@EVERY
def test_an_unknown_argument_suggests_the_nearest(cls: type[layers.Layer]) -> None:
    with pytest.raises((ValueError, TypeError), match=r"use_bais.*use_bias"):
        cls(4, use_bais=False)


@EVERY
@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "bfloat16", "int32", "quark"])
def test_other_dtypes_are_refused_by_name(cls: type[layers.Layer], dtype: str) -> None:
    with pytest.raises((ValueError, TypeError), match=dtype):
        cls(4, dtype=dtype)


@EVERY
def test_set_weights_checks_everything_first(cls: type[layers.Layer]) -> None:
    layer = built(cls)
    before = layer.get_weights()
    too_narrow, too_flat = before[0][:, :-1], np.zeros(99)
    ragged = [[1.0, 2.0], [3.0]]
    for bad in (
        None,
        iter(before),
        [ragged, *before[1:]],
        before[:-1],
        [*before, before[0]],
        [too_narrow, *before[1:]],
        [*before[:-1], too_flat],
    ):
        with pytest.raises(ValueError, match=r"set_weights|variable `"):
            layer.set_weights(bad)
        for now, then in zip(layer.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, then)


@EVERY
def test_weights_beyond_float32_become_infinite_in_silence(cls: type[layers.Layer]) -> None:
    layer = built(cls)
    layer.set_weights([np.full(weight.shape, 1e300) for weight in layer.get_weights()])
    assert all(np.isposinf(weight).all() for weight in layer.get_weights())


@RECURRENT
def test_a_mask_on_an_input_is_refused(cls: type[layers.Layer]) -> None:
    with pytest.raises(ValueError, match="mask"):
        cls(4)(layers.Input((7, 2)), mask=np.ones((3, 7), bool))


def test_refused_before_any_work_starts() -> None:
    """A bad call does not build the layer."""
    layer = layers.LSTM(4)
    with pytest.raises(ValueError, match="axes"):
        layer(np.zeros((3, 2), "float32"))
    with pytest.raises(TypeError):
        layer(X.astype(object))
    assert not layer.built
    assert layer(X).shape == (3, 4)
