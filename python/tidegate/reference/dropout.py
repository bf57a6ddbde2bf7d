"""Counted random numbers and the dropout masks that are made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidegate.reference.arrays import Array, Arrays


def philox(counter: Sequence[Array], key: Sequence[Array]) -> Arrays:
    """Philox4x32-10 (Salmon et al., SC 2011): four words of 32 bits, held in uint64, from four and two."""
    low = np.uint64(0xFFFFFFFF)
    a, b, c, d = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.asarray(word, np.uint64) for word in key)
    for _ in range(10):
        first, second = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (
            second >> np.uint64(32) ^ b ^ k0,
            second & low,
            first >> np.uint64(32) ^ d ^ k1,
            first & low,
        )
        k0, k1 = k0 + np.uint64(0x9E3779B9) & low, k1 + np.uint64(0xBB67AE85) & low
    return [a, b, c, d]


def dropout_mask(
    shape: Sequence[int], rate: float, *, seed: int, node: int, iteration: int, rows: Array | None = None
) -> Array:
    """Element e of row r is word e % 4 of the block counted (e / 4, r), whose key is the block counted
    (iteration, node) under the seed; it stays if the word is not below rate * 2^32."""

    def halves(number: Any) -> Arrays:
        wide = np.asarray(number, np.uint64)
        return [wide & np.uint64(0xFFFFFFFF), wide >> np.uint64(32)]

    key = philox([*halves(iteration), *halves(node)], halves(seed))[:2]
    row = np.arange(shape[0]) if rows is None else rows
    element = np.arange(math.prod(shape[1:]))
    counts = np.broadcast_arrays(*halves(element[None] // 4), *halves(row[:, None]))
    words = np.choose(element[None] % 4, philox(counts, key))
    return (words >= np.uint64(rate * 2.0**32)).reshape(shape)


def apply_dropout(x: Array, mask: Array, rate: float) -> Array:
    return np.where(mask, x / (1 - rate) if rate < 1 else x, 0)
