"""Tidegate, as a user has it: a Sequential that is called on an array, and `train_on_batch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import EPSILON, LEARNING_RATE, Row, data_of, weights_of

import tidegate
from tidegate._native import core
from tidegate.layers import GRU, LSTM, Dense, Input
from tidegate.models import Sequential
from tidegate.optimizers import Adam


def version() -> str:
    return str(tidegate.info()["version"])


def fma_peak() -> float:
    """Flops a second of one core in the instruction set in use, from some 10 ms of fma."""
    return float(core.fma_peak(4_000_000))


def read_bandwidth(size: int) -> float:
    """Bytes a second at which one core reads an array of `size` bytes again and again."""
    return float(core.read_bandwidth(size, max(1, 100_000_000 // size)))


def forward(row: Row, threads: int) -> Callable[[], Any]:
    tidegate.set_num_threads(threads)
    layer = LSTM if row.cell == "lstm" else GRU
    model = Sequential([Input((row.timesteps, row.features)), layer(row.units)])
    model.set_weights(list(weights_of(row)[:3]))
    x = data_of(row).x
    return lambda: model(x)


def train(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    tidegate.set_num_threads(threads)
    model = Sequential([Input((row.timesteps, row.features)), LSTM(row.units), Dense(1)])
    model.set_weights(list(weights_of(row)))
    model.compile(optimizer=Adam(learning_rate=LEARNING_RATE, epsilon=EPSILON), loss="mse")
    x, y = data_of(row)
    return lambda: model.train_on_batch(x, y), model.get_weights
