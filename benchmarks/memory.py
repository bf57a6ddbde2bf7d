"""What the resident memory of a process grows by over calls of a small model: for a process that is new."""

from __future__ import annotations

import resource
from collections.abc import Callable
from itertools import islice, product
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from peers.tidegate_peer import model_of
from race import check_own
from rows import Row, data_of

FEATURES, UNITS = 8, 16
WARM_UP = 1000  # calls


def growth_by_calls(kind: str, count: int) -> float:
    """MiB, over so many calls on one sequence; `kind` is "frozen" or "predict_on_batch"."""
    row = Row(kind, 1, 10, FEATURES, UNITS)
    call, x = call_of(row), data_of(row).x
    for _ in range(WARM_UP):
        call(x)
    before = resident()
    for _ in range(count):
        call(x)
    return resident() - before


def growth_by_shapes(kind: str, count: int) -> float:
    """Likewise, from the largest shape over others, in any order; their inputs lie in one array."""
    largest = isqrt(count - 1) + 1  # rows, and timesteps
    row = Row(kind, largest, largest, FEATURES, UNITS)
    call, x = call_of(row), data_of(row).x.ravel()
    shapes = list(islice(product(range(1, largest + 1), repeat=2), count))
    before = resident()
    for index in np.random.default_rng(0).permutation(count):
        shape = (*shapes[index], FEATURES)
        call(x[: np.prod(shape)].reshape(shape))
    return resident() - before


def call_of(row: Row) -> Callable[[Any], Any]:
    model = model_of(row, any_length=True)
    call = model.freeze() if row.kind == "frozen" else model.predict_on_batch
    check_own(row, call(data_of(row).x))
    return call


def resident() -> float:
    """MiB of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
