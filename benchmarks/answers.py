"""What the rows should answer, in float64 and plain NumPy, and how far an answer is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import CellWeights, Row, data_of, mask_of, weights_of


def expected_of(row: Row) -> NDArray[np.float64]:
    """In float64, the last output [B, U] ([B, 2 U] of both directions), or the head's [B, 1]."""
    weights, x, mask = weights_of(row), data_of(row).x.astype(np.float64), mask_of(row)
    if row.form == "bidirectional":
        forwards, backwards = weights.cells
        first = outputs_of(row.cell, forwards, x, mask)
        second = outputs_of(row.cell, backwards, x[:, ::-1], mask[:, ::-1])
        h = np.concatenate([first[:, -1], second[:, -1]], axis=1)
    else:
        for cell in weights.cells:
            x = outputs_of(row.cell, cell, x, mask)
        h = x[:, -1]
    return h @ weights.head_kernel + weights.head_bias if row.has_head else h


def outputs_of(
    cell: str, weights: CellWeights, x: NDArray[np.float64], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """h of every timestep, [B, T, U]; a step that is not real leaves the states as they are."""
    kernel, recurrent_kernel, bias = (w.astype(np.float64) for w in weights)
    outputs = np.empty((*x.shape[:2], len(recurrent_kernel)))

    def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros((len(x), len(recurrent_kernel)))
    of_x = x @ kernel + (bias[0] if cell == "gru" else bias)
    for t in range(x.shape[1]):
        real = mask[:, t, None]
        if cell == "gru":
            x_z, x_r, x_h = np.split(of_x[:, t], 3, axis=1)
            h_z, h_r, h_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=1)
            z = sigmoid(x_z + h_z)
            h = np.where(real, z * h + (1 - z) * np.tanh(x_h + sigmoid(x_r + h_r) * h_h), h)
        else:
            i, f, candidate, o = np.split(of_x[:, t] + h @ recurrent_kernel, 4, axis=1)
            c = np.where(real, sigmoid(f) * c + sigmoid(i) * np.tanh(candidate), c)
            h = np.where(real, sigmoid(o) * np.tanh(c), h)
        outputs[:, t] = h
    return outputs


def off_by(row: Row, answer: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]) -> float:
    """The largest difference.

    Of a layer's trained weights it is a share of the largest update of the array, beyond what rounding the
    weights to float32 may come to: they hardly move in a step, and would agree without any training.
    """
    differences = np.array([abs(a - e).max() for a, e in zip(answer, expected, strict=True)])
    if row.kind == "train_layer":
        untrained = weights_of(row).cells[0]
        roundings = np.array([np.finfo("f4").eps * abs(w).max() for w in untrained])
        updates = np.array([abs(e - w).max() for e, w in zip(expected, untrained, strict=True)])
        updates[updates == 0] = 1  # of recurrent_kernel after a single timestep
        differences = np.maximum(differences - roundings, 0) / updates
    return float(differences.max())  # NaN where one is
