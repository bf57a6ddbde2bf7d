"""Keras on TensorFlow, as a script has it: `predict` and `predict_on_batch` of a Sequential, and
`train_on_batch`, compiled by XLA or not, whichever is the faster."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rows import Row, data_of, weights_of

from peers.padding import fastest

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import tensorflow as tf

from peers.keras_training import trained_layer


def version() -> str:
    return f"{keras.__version__} on TensorFlow {tf.__version__}"


def model_of(row: Row, threads: int) -> keras.Sequential:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    layer = keras.layers.LSTM if row.cell == "lstm" else keras.layers.GRU
    layers = [keras.Input((row.timesteps, row.features)), layer(row.units), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    weights = weights_of(row)
    model.set_weights([*weights.cells[0], weights.head_kernel, weights.head_bias])
    return model


def predict(row: Row, threads: int) -> Callable[[], Any]:
    model, x = model_of(row, threads), data_of(row).x
    return lambda: model.predict(x, verbose=0)


def predict_on_batch(row: Row, threads: int) -> Callable[[], Any]:
    model, x = model_of(row, threads), data_of(row).x
    return lambda: model.predict_on_batch(x)


def train_layer(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    ways = [trained_layer(row, jit_compile) for jit_compile in (True, False)]
    step = fastest([step for step, _ in ways], calls=2)
    model = dict(ways)[step]
    model.set_weights(weights_of(row).cells[0])
    return step, model.get_weights
