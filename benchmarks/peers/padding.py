"""What peers share where rows have lengths: none of them takes rows that are padded on the left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from rows import Floats, Row, data_of, lengths_of

CALLS = 5


def right_padded(row: Row) -> tuple[Floats, Callable[[], None]]:
    """x [B, T, F] padded on the right, and what moves rows that came padded on the left there: a part of
    every call, since that is how they come."""
    x, starts = data_of(row).x, row.timesteps - lengths_of(row)
    if row.padding != "left":
        return x, lambda: None
    moved = x.copy()

    def move() -> None:
        for source, target, start in zip(x, moved, starts, strict=True):
            target[: len(source) - start] = source[start:]

    move()
    return moved, move


def fastest(ways: Sequence[Callable[[], Any]], calls: int = CALLS) -> Callable[[], Any]:
    """Of several ways to the same answer, the one whose best call of a few is quickest."""

    def seconds(way: Callable[[], Any]) -> float:
        start = time.perf_counter()
        way()
        return time.perf_counter() - start

    return min(ways, key=lambda way: min(seconds(way) for _ in range(calls)))
