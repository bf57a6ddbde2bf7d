"""Seeds."""

from __future__ import annotations

import random as python_random

import numpy as np

from tidegate import random


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and Tidegate's random numbers: the same script then gives the same weights."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"Argument `seed` expected a non-negative integer; received {seed!r}")
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the one that scripts draw from
    random.set_seed(seed)
