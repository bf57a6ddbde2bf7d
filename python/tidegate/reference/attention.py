"""The parts of attention. B batch, Q queries, K keys, F features."""

from __future__ import annotations

import numpy as np

from tidegate.reference.arrays import Array


def _turned(a: Array, transposed: bool) -> Array:
    return a.swapaxes(1, 2) if transposed else a


def batched_product(a: Array, b: Array, a_transposed: bool = False, b_transposed: bool = False) -> Array:
    y: Array = np.matmul(_turned(a, a_transposed), _turned(b, b_transposed))
    return y


def tanh_scores(query: Array, key: Array, weights: Array | None = None, factor: float = 1.0) -> Array:
    """Bahdanau et al., "Neural machine translation by jointly learning to align and translate", ICLR 2015."""
    sums = query[:, :, None] + key[:, None]  # [B, Q, K, F]
    scores: Array = np.sum(np.tanh(factor * sums) * (1 if weights is None else weights), axis=-1)
    return scores


def tanh_scores_gradient(
    query: Array, key: Array, weights: Array | None, factor: float, d_scores: Array
) -> tuple[Array, Array, Array, Array]:
    sums = query[:, :, None] + key[:, None]
    t, d = np.tanh(factor * sums), d_scores[..., None]
    d_inner = d * (1 if weights is None else weights) * (1 - t**2)
    d_factor = np.asarray(np.sum(d_inner * sums))
    return (
        factor * d_inner.sum(axis=2),
        factor * d_inner.sum(axis=1),
        np.sum(d * t, axis=(0, 1, 2)),
        d_factor,
    )


def attention_weights(
    scores: Array, scale: float = 1.0, mask: Array | None = None, causal: bool = False
) -> Array:
    counts = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask[:, None], scores.shape)
    if causal:
        counts = counts & np.tri(*scores.shape[1:]).astype(bool)
    scaled = scale * scores
    shifted = np.where(counts, scaled, scaled - 1e9)
    powers = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    weights: Array = powers / powers.sum(axis=-1, keepdims=True)
    return weights


def attention_weights_gradient(
    scores: Array, weights: Array, d_weights: Array, scale: float = 1.0
) -> tuple[Array, Array]:
    d_scaled = weights * (d_weights - np.sum(d_weights * weights, axis=-1, keepdims=True))
    return scale * d_scaled, np.asarray(np.sum(d_scaled * scores))
