"""Tidegate, as a user has it: a Sequential that is frozen and called on an array; and `train_on_batch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from rows import EPSILON, LEARNING_RATE, SGD_LEARNING_RATE, Row, data_of, lengths_of, weights_of

import tidegate
from tidegate._native import core
from tidegate.layers import GRU, LSTM, Bidirectional, Dense, Input, Masking
from tidegate.models import Sequential
from tidegate.optimizers import SGD, Adam


def version() -> str:
    return str(tidegate.info()["version"])


def fma_peak() -> float:
    """Flops a second of one core in the instruction set in use, from some 10 ms of fma."""
    return float(core.fma_peak(4_000_000))


def read_bandwidth(size: int) -> float:
    """Bytes a second at which one core reads an array of `size` bytes again and again."""
    return float(core.read_bandwidth(size, max(1, 100_000_000 // size)))


def has_dot_products(precision: str) -> bool:
    """Whether the CPU multiplies and adds these numbers in one instruction."""
    weights = list(weights_of(Row("forward", 1, 1, 8, 8)).cells[0])
    program = core.Program([(core.Recurrent("lstm", 8), weights)], precision=precision)
    return bool(program.explain((1, 1, 8))[0]["narrow"][1])


def model_of(row: Row, any_length: bool = False) -> Sequential:
    """With the weights of the row; in training, padding is found by Masking."""
    layer = LSTM if row.cell == "lstm" else GRU
    last = layer(row.units, recurrent_dropout=row.recurrent_dropout)
    layers = {
        "": [last],
        "stacked": [layer(row.units, return_sequences=True), last],
        "bidirectional": [Bidirectional(last, merge_mode="concat")],
    }[row.form]
    masking = [Masking()] if row.trains and row.padding else []
    head = [Dense(1)] if row.has_head else []
    timesteps = None if any_length else row.timesteps
    model = Sequential([Input((timesteps, row.features)), *masking, *layers, *head])
    weights = weights_of(row)
    of_cells = [array for cell in weights.cells for array in cell]
    model.set_weights([*of_cells, *([weights.head_kernel, weights.head_bias] if row.has_head else [])])
    return model


def forward(row: Row, threads: int) -> Callable[[], Any]:
    tidegate.set_num_threads(threads)
    model, x = model_of(row), data_of(row).x
    frozen, lengths = model.freeze(row.precision), lengths_of(row)
    if row.padding == "right":
        return lambda: frozen(x, lengths=lengths)
    if row.padding == "left":
        return lambda: frozen(x, mask=np.arange(row.timesteps) >= row.timesteps - lengths[:, np.newaxis])
    return lambda: frozen(x)


def predict(row: Row, threads: int) -> Callable[[], Any]:
    tidegate.set_num_threads(threads)
    model, x = model_of(row), data_of(row).x
    return lambda: model.predict(x, verbose=0)


def predict_on_batch(row: Row, threads: int) -> Callable[[], Any]:
    tidegate.set_num_threads(threads)
    model, x = model_of(row), data_of(row).x
    return lambda: model.predict_on_batch(x)


def frozen(row: Row, threads: int) -> Callable[[], Any]:
    tidegate.set_num_threads(threads)
    frozen, x = model_of(row).freeze(), data_of(row).x
    return lambda: frozen(x)


def train(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    return trained_by(Adam(LEARNING_RATE, epsilon=EPSILON), row, threads)


def train_layer(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    return trained_by(SGD(SGD_LEARNING_RATE), row, threads)


def trained_by(
    optimizer: SGD | Adam, row: Row, threads: int
) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    tidegate.set_num_threads(threads)
    model = model_of(row)
    model.compile(optimizer=optimizer, loss="mse")
    x, y = data_of(row)
    return lambda: model.train_on_batch(x, y), model.get_weights
