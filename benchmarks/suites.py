"""The cells of grid.py: which rows each suite has, and the ratio to the best peer that they should reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rows import Row

UNITS = (32, 50, 64, 100, 128, 200, 256, 512)
SHAPES = ("1,1", "1,100", "8,100", "32,100", "128,50")


class Suite(NamedTuple):
    """Rows of every cell, shape B,T, number of units and variant."""

    units: Sequence[int] = UNITS
    shapes: Sequence[str] = SHAPES
    features: int | None = None  # as many as units
    cells: Sequence[str] = ("lstm", "gru")
    variants: Sequence[dict[str, Any]] = ({},)  # what a row has beyond those
    kind: str = "forward"
    random: int = 0  # rows of random sizes
    behind: float = math.inf  # see `race`

    def rows(
        self, cells: Sequence[str], units: Sequence[int] | None, shapes: Sequence[str] | None
    ) -> list[Row]:
        """With these units and shapes instead of the suite's, unless they are None."""
        return [
            Row(self.kind, *(int(size) for size in shape.split(",")), self.features or u, u, cell, **variant)
            for variant in self.variants
            for cell in self.cells
            if cell in cells
            for shape in shapes or self.shapes
            for u in units or self.units
        ]

    def drawn(self, count: int | None, seed: int) -> list[Row]:
        """Rows of random sizes, that nobody tunes for: `count` of them instead of the suite's."""
        draw = np.random.default_rng(seed)
        limits = (256, 200, 300, 512)
        return [
            Row(
                self.kind,
                *(int(draw.integers(1, limit + 1)) for limit in limits),
                str(draw.choice(["lstm", "gru"])),
            )
            for _ in range(self.random and (self.random if count is None else count))
        ]


SUITES = {
    "cells": Suite(random=20),
    "stacked": Suite((64, 100, 128, 200, 256), ("1,100", "32,100"), variants=[{"form": "stacked"}]),
    "bidirectional": Suite(
        (64, 100, 128, 200, 256), ("1,100", "32,100"), variants=[{"form": "bidirectional"}]
    ),
    "lengths": Suite((128,), ("64,100",), 64, variants=[{"padding": "right"}, {"padding": "left"}]),
    "bfloat16": Suite(UNITS[2:], variants=[{"precision": "bfloat16"}]),
    "int8": Suite(UNITS[2:], cells=["lstm"], variants=[{"precision": "int8"}]),
    "training": Suite(
        (32, 64, 100, 128, 256, 512),
        ("1,50", "16,50", "32,100", "128,20"),
        32,
        kind="train_layer",
        random=10,
        behind=1.5,
    ),
}

BARS = {(1, 100): 1.8, (8, 100): 1.2, (32, 100): 1.2, (128, 50): 1.1}  # of the suite "cells", by B, T
SHARES = {"forward": 0.85, "train_layer": 0.75}  # of the bound, which will do instead in suites of one layer


def bar_of(row: Row) -> float:
    """The ratio to the best peer that a row should reach."""
    if row.trains:
        return 1.5
    if row.precision == "int8":
        return 2.0
    if row.precision == "bfloat16":
        return 1.3 if row.batch <= 32 else 1.1
    if row.padding:
        return 2.0
    if row.form:
        return 1.6 if row.batch == 1 else 1.2
    if row.batch == row.timesteps == 1:
        return 4.0 if row.units <= 100 else 2.0
    return BARS.get((row.batch, row.timesteps), 1.0)


def gain_bar_of(row: Row) -> float | None:
    """The ratio to Tidegate's own float32, likewise; None for no bar."""
    return 1.7 if row.precision == "int8" and row.batch >= 32 else None
