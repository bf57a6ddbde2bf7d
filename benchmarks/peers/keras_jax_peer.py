"""Keras on JAX, as a script has it: `train_on_batch`, compiled by XLA."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rows import Row

os.environ |= {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}

import jax
import keras

from peers.keras_training import trained_layer


def version() -> str:
    return f"{keras.__version__} on JAX {jax.__version__}"


def train_layer(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:threads])  # all that JAX, which starts its threads now, goes by
    step, model = trained_layer(row, jit_compile=True)
    return step, model.get_weights
