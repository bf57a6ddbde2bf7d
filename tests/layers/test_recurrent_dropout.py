"""Dropout within recurrent layers: whose elements are dropped, when, and that nothing else counts.

The arithmetic of masks that are given is held against the reference and against differences in tests/kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate.layers import GRU, LSTM, Bidirectional, Dense, Input, SimpleRNN, TimeDistributed
from tidegate.layers.recurrent import Recurrent
from tidegate.models import Sequential
from tidegate.random import Training

EVERY_LAYER = pytest.mark.parametrize("layer_class", [LSTM, GRU, SimpleRNN])


def series(batch: int = 6, timesteps: int = 5, features: int = 4) -> Array:
    return np.random.default_rng(0).standard_normal((batch, timesteps, features)).astype(np.float32)


def training(iteration: int = 3, rows: Array | None = None, node: int = 0) -> Training:
    return Training(iteration, rows, node)


@EVERY_LAYER
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)])
def test_only_in_training(layer_class: type[Recurrent], rates: tuple[float, float]) -> None:
    layer, plain = layer_class(7, dropout=rates[0], recurrent_dropout=rates[1]), layer_class(7)
    x = series()
    y = layer(x)
    plain(x)
    plain.set_weights(layer.get_weights())
    assert_same_bits(plain(x), y)
    assert not np.array_equal(layer(x, training=True), y)
    assert not np.array_equal(layer(x, training=True), layer(x, training=True))


@EVERY_LAYER
def test_all_timesteps_lose_the_same_inputs(layer_class: type[Recurrent]) -> None:
    """With steps that are alike, outputs are those of inputs whose lost elements are zero."""
    layer = layer_class(5, dropout=0.5, return_sequences=True)
    x = np.repeat(series(timesteps=1), 4, axis=1)
    layer(x)
    y, _ = layer.forward(x, training=training())
    kept = layer.cell.draw((6, 1, 4), 0.5, training())
    assert 0 < kept.mean() < 1
    assert_same_bits(layer(np.where(kept, 2 * x, np.float32(0))), y)


@EVERY_LAYER
def test_counted_by_rows(layer_class: type[Recurrent]) -> None:
    """A row loses the same elements wherever it is in the batch, and others in another iteration or place."""
    layer = layer_class(5, dropout=0.3, recurrent_dropout=0.4)
    x = series()
    layer(x)
    y, _ = layer.forward(x, training=training())
    order = np.array([4, 1, 5])
    some, _ = layer.forward(np.ascontiguousarray(x[order]), training=training(rows=order))
    assert_same_bits(some, y[order])
    for other in (training(iteration=4), training(node=1)):
        assert not np.array_equal(layer.forward(x, training=other)[0], y)


def test_inputs_and_states_lose_different_elements() -> None:
    layer = SimpleRNN(40, dropout=0.5, recurrent_dropout=0.5)
    drawn = layer.cell.draw_for_gates(np.zeros((8, 2, 40), np.float32), training())
    assert not np.array_equal(drawn["input_dropout"], drawn["state_dropout"])


@EVERY_LAYER
def test_a_seed_of_its_own(layer_class: type[Recurrent]) -> None:
    x, found = series(), []
    for global_seed in (1, 2):
        layer = layer_class(5, dropout=0.5, seed=7, kernel_initializer="ones", recurrent_initializer="ones")
        layer(x)
        tidegate.utils.set_random_seed(global_seed)
        found.append(layer.forward(x, training=training())[0])
    assert_same_bits(*found)


def test_directions_lose_different_elements() -> None:
    """Of a sequence that reads the same both ways, and equal weights."""
    both = Bidirectional(LSTM(6, dropout=0.5, recurrent_dropout=0.5, seed=3), merge_mode=None)
    x = np.repeat(series(timesteps=1), 5, axis=1)
    both(x)
    weights = both.layer.get_weights()
    both.set_weights([*weights, *weights])
    assert_same_bits(*both(x))
    there, back = both.forward(x, training=training())[0]
    assert not np.array_equal(there, back)


@pytest.mark.parametrize(("given", "taken"), [(-1.0, 0.0), (2.0, 1.0)])
def test_rates_beyond(given: float, taken: float) -> None:
    """As Keras takes them: 1 drops nothing."""
    layer = LSTM(3, dropout=given, recurrent_dropout=given)
    assert (layer.dropout, layer.recurrent_dropout) == (taken, taken)
    x = series()
    assert_same_bits(layer(x, training=True), layer(x))
    with pytest.raises(ValueError, match="`dropout` must be a number"):
        LSTM(3, dropout="much")


def stack() -> Sequential:
    layers: list[Any] = [
        Input((5, 4)),
        Bidirectional(GRU(6, return_sequences=True, dropout=0.2, recurrent_dropout=0.3)),
        TimeDistributed(Dense(5)),
        LSTM(7, dropout=0.3, recurrent_dropout=0.1, recurrent_activation="hard_sigmoid"),
        Dense(1),
    ]
    return Sequential(layers)


def test_fit_gives_the_same_bits_for_any_threads(threads: None) -> None:
    x = series(40)
    found = []
    for count in (1, 2, 3):
        tidegate.set_num_threads(count)
        tidegate.utils.set_random_seed(5)
        model = stack()
        model.compile("adam", "mse")
        history = model.fit(x, x[:, 0, :1], epochs=2, batch_size=16, verbose=0)
        found.append([*model.get_weights(), np.array(history.history["loss"])])
    for other in found[1:]:
        for mine, first in zip(other, found[0], strict=True):
            assert_same_bits(mine, first)


@EVERY_LAYER
def test_configuration(layer_class: type[Recurrent]) -> None:
    layer = layer_class(3, dropout=0.25, recurrent_dropout=0.5)
    config = layer.get_config()
    assert (config["dropout"], config["recurrent_dropout"]) == (0.25, 0.5)
    again = layer_class.from_config(config)
    assert (again.dropout, again.recurrent_dropout) == (0.25, 0.5)  # type: ignore[attr-defined]
