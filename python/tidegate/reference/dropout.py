"""Counted random numbers, and the dropout masks and the normal noise that are made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidegate.reference.arrays import Array, Arrays

_LEAST_SELU = -1.6732632423543772 * 1.0507009873554805


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


def _words(shape: Sequence[int], seed: int, node: int, iteration: int, rows: Array | None) -> Array:
    """Four words of 32 bits, held in uint64, for every block of four elements: [rows, blocks, 4]. The block
    of elements 4 k to 4 k + 3 of row r is the one counted (k, r), whose key is the block counted (iteration,
    node) under the seed."""

    def halves(number: Any) -> Arrays:
        wide = np.asarray(number, np.uint64)
        return [wide & np.uint64(0xFFFFFFFF), wide >> np.uint64(32)]

    key = philox([*halves(iteration), *halves(node)], halves(seed))[:2]
    row = np.arange(shape[0]) if rows is None else rows
    block = np.arange(-(-math.prod(shape[1:]) // 4))
    counts = np.broadcast_arrays(*halves(block[None]), *halves(row[:, None]))
    return np.stack(philox(counts, key), axis=-1)


def _elements(blocks: Array, shape: Sequence[int]) -> Array:
    """The first elements of [rows, blocks, 4], as many as `shape` has."""
    return blocks.reshape(shape[0], 4 * blocks.shape[1])[:, : math.prod(shape[1:])].reshape(shape)


def dropout_mask(
    shape: Sequence[int], rate: float, *, seed: int, node: int, iteration: int, rows: Array | None = None
) -> Array:
    """An element stays if its word is not below rate * 2^32."""
    words = _words(shape, seed, node, iteration, rows)
    return _elements(words >= np.uint64(rate * 2.0**32), shape)


def apply_dropout(x: Array, mask: Array, rate: float) -> Array:
    return np.where(mask, x / (1 - rate) if rate < 1 else x, 0)


def normals(
    shape: Sequence[int],
    mean: float,
    stddev: float,
    *,
    seed: int,
    node: int,
    iteration: int,
    rows: Array | None = None,
    dtype: Any = "float32",
) -> Array:
    """Box & Muller, Ann. Math. Stat. 29, 1958: two elements from two words, u = (first + 1/2) / 2^32 and
    v = second / 2^32."""
    words = _words(shape, seed, node, iteration, rows).astype(np.float64) / 2.0**32
    radius = np.sqrt(-2 * np.log(words[..., ::2] + 2.0**-33))
    turn = 2 * np.pi * words[..., 1::2]
    pairs = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=-1)
    return (mean + stddev * _elements(pairs.reshape(words.shape), shape)).astype(dtype)


def _alpha_scale(rate: float) -> float:
    return float(((1 - rate) * (1 + rate * _LEAST_SELU**2)) ** -0.5)


def apply_alpha_dropout(x: Array, mask: Array, rate: float) -> Array:
    """Klambauer et al., "Self-normalizing neural networks", NIPS 2017."""
    scale = _alpha_scale(rate)
    return scale * np.where(mask, x, _LEAST_SELU) - scale * _LEAST_SELU * rate


def alpha_dropout_gradient(d_y: Array, mask: Array, rate: float) -> Array:
    return np.where(mask, _alpha_scale(rate) * d_y, 0)
