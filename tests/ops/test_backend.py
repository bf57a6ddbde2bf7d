"""The old backend against Keras's, its Variables and random numbers, and what it does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backend_calls import A, backend_calls

import tidegate
from tidegate import backend as K
from tidegate import layers
from tidegate.variable import Variable

EXPECTED = dict(np.load(Path(__file__).parents[1] / "data" / "keras_backend.npz"))
FOUND = backend_calls(K)


@pytest.mark.parametrize("name", FOUND)
def test_a_call_gives_what_keras_gives(name: str) -> None:
    assert FOUND[name].shape == EXPECTED[name].shape
    assert FOUND[name].dtype == EXPECTED[name].dtype
    np.testing.assert_allclose(FOUND[name], EXPECTED[name], rtol=1e-5, atol=1e-6)


def test_variables() -> None:
    x = K.variable([[1, 2], [3, 4]], name="x")
    assert isinstance(x, Variable)
    assert (x.name, x.dtype, K.ndim(x), K.shape(x), K.dtype(x)) == ("x", np.float32, 2, (2, 2), "float32")
    assert K.update(x, np.zeros((2, 2))).sum() == 0
    K.batch_set_value([(x, np.ones((2, 2))), (y := K.zeros(3, "float64"), [1, 2, 3])])
    assert [each.sum() for each in K.batch_get_value([x, y])] == [4, 6]
    K.get_value(x)[0, 0] = 9  # a copy
    np.testing.assert_array_equal(x @ np.ones((2, 2)) + K.eye(2), [[3, 2], [2, 3]])


def test_random_numbers_follow_their_seed() -> None:
    for draw in (K.random_normal, K.random_uniform, K.truncated_normal):
        one, other = draw((1000,), seed=1), draw((1000,), seed=1)
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, other)
        assert (one != draw((1000,), seed=2)).any()
    assert np.abs(K.truncated_normal((1000,), stddev=0.5)).max() <= 1
    assert abs(K.random_bernoulli((1000,), 0.25).mean() - 0.25) < 0.1
    low, high = (
        K.random_uniform_variable((100,), 2, 3).value.min(),
        K.random_normal_variable((9,), 0, 1).value.max(),
    )
    assert 2 <= low < 3 < 9 > high


def test_settings() -> None:
    assert (K.backend(), K.epsilon(), K.floatx(), K.image_data_format()) == (
        "tidegate",
        1e-7,
        "float32",
        "channels_last",
    )
    K.set_floatx("float32")
    K.set_epsilon(1e-7)
    for call, message in (
        (
            lambda: K.set_floatx("float64"),
            r"set_floatx: expected 'float32'.*`dtype='float64'`; received 'float64'",
        ),
        (lambda: K.set_epsilon(1e-3), r"set_epsilon: expected 1e-07.*received 0\.001"),
        (
            lambda: K.set_image_data_format("channels_first"),
            r"set_image_data_format: expected 'channels_last'",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert K.result_type("int32", float) == K.standardize_dtype(None) == "float32"
    assert K.is_float_dtype("float16") > K.is_int_dtype("bool")
    assert K.is_keras_tensor(layers.Input((2,))) > K.is_keras_tensor(A)


def test_a_cleared_session_names_layers_anew() -> None:
    K.clear_session()
    assert [layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]
    K.clear_session()
    assert layers.Dense(1).name == "dense"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gradients", r"no `gradients`: `fit` finds"),
        ("function", r"no `function`: `Model\(inputs, outputs\)`"),
        ("tensorflow_backend", r"no `tensorflow_backend`: there is no TensorFlow here"),
        ("learning_phase", r"no `learning_phase`: .*`training`"),
        ("sqart", r"no attribute 'sqart'\. Did you mean `sqrt`\?"),
    ],
)
def test_what_is_not_there(name: str, message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        getattr(K, name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: K.batch_dot(A, A[0]),
            r"batch_dot: expected arrays \[batch, \.\.\.\]; received shapes \(3, 4\), \(4,\)",
        ),
        (lambda: K.batch_dot(A, A, axes=0), r"batch_dot: argument `axes` expected other axes"),
        (
            lambda: K.repeat(A[0], 2),
            r"repeat: argument `x` expected \[batch, features\]; received shape \(4,\)",
        ),
        (lambda: K.switch(A[None] > 0, A, A), r"switch: argument `condition` expected no more axes"),
    ],
)
def test_bad_input_is_one_sentence(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_package_has_them() -> None:
    assert tidegate.backend is K
    assert {"backend", "ops"} <= {*dir(tidegate)}
    assert all(callable(getattr(K, name)) for name in K.__all__)
