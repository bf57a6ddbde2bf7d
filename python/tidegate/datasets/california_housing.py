"""Prices of houses in districts of California by 8 features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.datasets.houses import load

if TYPE_CHECKING:
    from tidegate.variable import Array

_ROWS = {"large": None, "small": 600}


def load_data(
    version: str = "large", path: Any = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """((x, y) for training, (x, y) for tests): x [districts, 8], y [districts].

    `version` is "large", or "small" for the first 600; the others as of `reuters.load_data`.
    """
    if version not in _ROWS:
        raise ValueError(f"Argument `version` expected 'large' or 'small'; received {version!r}")
    return load(path, "california_housing.npz", test_split, seed, _ROWS[version])
