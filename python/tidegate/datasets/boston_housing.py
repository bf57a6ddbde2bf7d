"""Prices of houses around Boston by 13 features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.datasets.houses import load

if TYPE_CHECKING:
    from tidegate.variable import Array


def load_data(
    path: Any = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests): x [houses, 13], y [houses]; arguments as of `reuters`."""
    return load(path, "boston_housing.npz", test_split, seed)
