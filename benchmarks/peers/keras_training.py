"""A layer in training by Keras, on the backend that the peer has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from rows import SGD_LEARNING_RATE, Row, data_of, weights_of


def trained_layer(row: Row, jit_compile: bool) -> tuple[Callable[[], Any], keras.Sequential]:
    """A call that takes one step, and its model."""
    layer = keras.layers.LSTM if row.cell == "lstm" else keras.layers.GRU
    model = keras.Sequential([keras.Input((row.timesteps, row.features)), layer(row.units)])
    model.set_weights(weights_of(row).cells[0])
    model.compile(keras.optimizers.SGD(SGD_LEARNING_RATE), "mse", jit_compile=jit_compile)
    x, y = data_of(row)
    return lambda: model.train_on_batch(x, y), model
