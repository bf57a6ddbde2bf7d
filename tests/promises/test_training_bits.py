"""Promise: `fit` and `predict` of a whole model give the same bits for any number of threads and from
run to run."""

from __future__ import annotations

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Sequential, layers


def model(dtype: str = "float32") -> Sequential:
    tidegate.utils.set_random_seed(11)
    return Sequential(
        [
            layers.Input((9, 5)),
            layers.LSTM(33, return_sequences=True, dtype=dtype),
            layers.SimpleRNN(21, return_sequences=True, dtype=dtype),
            layers.GRU(17, dtype=dtype),
            layers.Dense(4, activation="softmax", dtype=dtype),
        ]
    )


def trained(count: int, rng: np.random.Generator) -> list[Array]:
    """Weights and losses after 20 steps on `count` threads."""
    tidegate.set_num_threads(count)
    net = model()
    net.compile(optimizer=tidegate.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    x, y = rng.standard_normal((160, 9, 5)).astype("float32"), rng.integers(0, 4, 160)
    history = net.fit(x, y, batch_size=16, epochs=2, verbose=0)
    return [*net.get_weights(), np.array(history.history["loss"])]


def test_twenty_training_steps(threads: None) -> None:
    alone = trained(1, np.random.default_rng(1))
    assert alone[-1][1] < alone[-1][0], "it must have learnt something"
    for count in (3, 1):
        for array, expected in zip(trained(count, np.random.default_rng(1)), alone, strict=True):
            assert_same_bits(array, expected, f"{count} threads")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict(threads: None, dtype: str, rng: np.random.Generator) -> None:
    net, x = model(dtype), rng.standard_normal((45, 9, 5)).astype(dtype)
    tidegate.set_num_threads(1)
    expected = net.predict(x, verbose=0)
    for count in (1, 2, 3, 7):
        tidegate.set_num_threads(count)
        for batch_size in (1, 2, 7, 20, 45, 100):
            assert_same_bits(
                net.predict(x, batch_size=batch_size, verbose=0), expected, f"batch {batch_size}"
            )
        assert_same_bits(net.predict_on_batch(x), expected)
        assert_same_bits(np.asarray(net(x)), expected)
    order = rng.permutation(45)
    assert_same_bits(net.predict(x[order], verbose=0), expected[order])
