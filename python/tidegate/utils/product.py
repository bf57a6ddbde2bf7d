"""The product of two matrices by the native kernels: BLAS changes its bits with its build and its threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate._native import core

if TYPE_CHECKING:
    from tidegate.variable import Array


def product(a: Array, b: Array) -> Array:
    """`a . b` of matrices [n, k] and [k, m] of one dtype, float32 or float64."""
    return core.Dense(b.shape[1], use_bias=False).forward(np.ascontiguousarray(a), [np.ascontiguousarray(b)])[
        0
    ]
