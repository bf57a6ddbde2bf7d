"""What boston_housing and california_housing share: a table of houses and their prices, split in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.datasets.files import arrays, found
from tidegate.datasets.word_numbers import shuffled

if TYPE_CHECKING:
    from tidegate.variable import Array


def load(
    path: Any, file: str, test_split: float, seed: int, rows: int | None = None
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests) of the first `rows`, or all.

    Raises ValueError for a `test_split` that is no part.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"Argument `test_split` must be at least 0 and below 1; received {test_split!r}")
    x, y = shuffled(seed, *(each[:rows] for each in arrays(found(path, file), "x", "y")))
    at = int(len(x) * (1 - test_split))
    return (x[:at], y[:at]), (x[at:], y[at:])
