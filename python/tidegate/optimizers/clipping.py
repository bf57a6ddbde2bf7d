"""Gradients that are too long, or too large, are shortened."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tidegate._native import core

if TYPE_CHECKING:
    from tidegate.variable import Array


def clip(
    gradients: list[Array], clipnorm: float | None, global_clipnorm: float | None, clipvalue: float | None
) -> list[Array]:
    """The gradients by at most one of the three rules; see Optimizer."""
    if clipnorm:
        return [g * g.dtype.type(_scale(_norm([g]), clipnorm)) for g in gradients]
    if global_clipnorm:
        norm = _norm(gradients)
        # An infinite norm has no direction left: everything becomes NaN, as in Keras.
        scale = _scale(norm, global_clipnorm) + (norm - norm)
        return [g * g.dtype.type(scale) for g in gradients]
    if clipvalue:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    return gradients


def _norm(gradients: list[Array]) -> float:
    """The Euclidean norm of all of them together; NaN or an infinity where one of them has it."""
    total = 0.0
    for g in gradients:
        total += core.sum_of_squares(g)
    return math.sqrt(total)


def _scale(norm: float, limit: float) -> float:
    """What brings a norm down to the limit; 1 for a norm that is below it."""
    return limit / norm if norm > limit or math.isnan(norm) else 1.0
