"""Dense as a layer on arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tidegate import activations, layers


def test_it_multiplies_and_adds() -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel, bias = np.array([[1, 2], [3, 4], [5, 6]], "float32"), np.array([10, 20], "float32")
    layer.set_weights([kernel, bias])
    np.testing.assert_array_equal(layer(np.array([[1, 0, 0], [0, 1, 1]], "float32")), [[11, 22], [18, 30]])


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3), (2, 3, 4, 3)])
def test_it_works_on_the_last_axis(shape: tuple[int, ...]) -> None:
    layer = layers.Dense(6, activation="tanh")
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    y = layer(x)
    assert y.shape == (*shape[:-1], 6) == layer.compute_output_shape(shape)
    np.testing.assert_array_equal(y.reshape(-1, 6), layer(x.reshape(-1, 3)))


def test_an_activation_may_be_a_name_a_function_or_none() -> None:
    x = np.linspace(-2, 2, 12, dtype="float32").reshape(4, 3)
    layer = layers.Dense(3, use_bias=False)
    layer.build((None, 3))
    for activation in ("relu", activations.relu, None):
        other = layers.Dense(3, use_bias=False, activation=activation)
        other.build((None, 3))
        other.set_weights([np.eye(3, dtype="float32")])
        np.testing.assert_array_equal(other(x), np.maximum(x, 0) if activation else x)


def test_no_rows_and_no_bias() -> None:
    layer = layers.Dense(5, use_bias=False)
    assert layer(np.zeros((0, 3), "float32")).shape == (0, 5)
    assert [w.shape for w in layer.get_weights()] == [(3, 5)]


def test_configuration_round_trip() -> None:
    layer = layers.Dense(5, activation="softmax", kernel_initializer="orthogonal", name="out")
    assert layers.Dense.from_config(layer.get_config()).get_config() == layer.get_config()
