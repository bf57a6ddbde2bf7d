"""Attention by products in several heads at once, forward and backward: what a MultiHeadAttention does
between its projections.

`B` batch, `N` heads, `Q` queries, `K` keys; features are those of all heads side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from tidegate._native import core
from tidegate.variable import Array


class Kept(NamedTuple):
    """What `forward` keeps for `backward`."""

    query: Array  # [B N, Q, F], over the root of F
    key: Array  # [B N, K, F]
    value: Array  # [B N, K, V]
    allowed: Array | None
    weights: Array  # [B, N, Q, K], before dropout
    applied: Array  # after it
    undrop: Callable[[Array], Array]


def forward(
    query: Array,
    key: Array,
    value: Array,
    heads: int,
    allowed: Array | None,
    *,
    empty_is_zero: bool,
    drop: Callable[[Array], tuple[Array, Callable[[Array], Array]]],
) -> tuple[Array, Array, Kept]:
    """Every query's mean of the values, [B, Q, N V], and the weights of it, [B, N, Q, K].

    Args:
        query, key, value: [B, Q, N F], [B, K, N F] and [B, K, N V].
        heads: N.
        allowed: bool [B, N, Q, K], True where a query sees a key; None where each sees all.
        empty_is_zero: whether a query that sees no key gets zeros, and not the mean of all values.
        drop: gives the weights after dropout, and what does the same to their gradients.
    """
    q, k, v = (_split(each, heads) for each in (query, key, value))
    q = core.divide(q, sqrt(q.shape[2]))
    scores = core.batched_product(q, k, b_transposed=True)
    scores = scores.reshape(len(query), heads, *scores.shape[1:])
    weights = core.Softmax(3, 3).forward(scores, allowed)
    if allowed is not None and not empty_is_zero:
        weights[~allowed.any(axis=-1)] = 1 / weights.shape[-1]
    applied, undrop = drop(weights)
    attended = _joined(core.batched_product(_rows(applied), v), heads)
    return attended, weights, Kept(q, k, v, allowed, weights, applied, undrop)


def backward(kept: Kept, d_attended: Array, d_given: Array | None) -> tuple[Array, Array, Array]:
    """The gradients of query, key and value, from those of what `forward` gave; None stands for zeros."""
    heads = kept.weights.shape[1]
    d_y = _split(d_attended, heads)
    d_value = core.batched_product(_rows(kept.applied), d_y, a_transposed=True)
    d_weights = core.batched_product(d_y, kept.value, b_transposed=True).reshape(kept.weights.shape)
    d_weights = kept.undrop(d_weights)
    if d_given is not None:
        d_weights = core.merge("sum", d_weights, d_given)
    d_scores = core.Softmax(3, 3).backward(kept.weights, kept.weights, d_weights)
    if kept.allowed is not None:
        d_scores[~kept.allowed] = 0
    d_scores = _rows(d_scores)
    d_query = core.divide(core.batched_product(d_scores, kept.key), sqrt(kept.query.shape[2]))
    d_key = core.batched_product(d_scores, kept.query, a_transposed=True)
    return _joined(d_query, heads), _joined(d_key, heads), _joined(d_value, heads)


def allowed_pairs(
    shape: tuple[int, int, int, int],
    query_mask: Array | None,
    key_masks: list[Array | None],
    more: Array | None,
    causal: bool,
    window: int | None,
) -> Array | None:
    """bool [B, N, Q, K], the shape that is given, True where a query sees a key; None where each sees all.

    Args:
        query_mask, key_masks: bool [B, Q] and [B, K].
        more: bool that broadcasts to the shape.
        causal: whether a query sees no later keys than its own place.
        window: it sees keys less than this many places away.
    """
    queries, keys = np.arange(shape[2])[:, np.newaxis], np.arange(shape[3])
    parts: list[Any] = [mask[:, np.newaxis, np.newaxis] for mask in key_masks if mask is not None]
    if query_mask is not None:
        parts.append(query_mask[:, np.newaxis, :, np.newaxis])
    if more is not None:
        parts.append(more)
    if causal:
        parts.append(keys <= queries)
    if window is not None:
        parts.append(np.abs(queries - keys) < window)
    if not parts:
        return None
    allowed = np.ones(shape, bool)
    for part in parts:
        allowed &= part
    return allowed


def _split(x: Array, heads: int) -> Array:
    """[B, T, N F] -> [B N, T, F]"""
    batch, steps, width = x.shape
    of_heads = x.reshape(batch, steps, heads, width // heads).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(of_heads).reshape(batch * heads, steps, width // heads)


def _joined(x: Array, heads: int) -> Array:
    """The inverse."""
    rows, steps, features = x.shape
    of_heads = x.reshape(rows // heads, heads, steps, features).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(of_heads).reshape(rows // heads, steps, heads * features)


def _rows(x: Array) -> Array:
    """[B, N, ...] -> [B N, ...]"""
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])
