"""The rows of the race: the workloads, their weights and inputs, and the answer of a forward row in plain
NumPy.

A row is one LSTM or GRU that returns its last output (`forward`), or an LSTM with a Dense(1) head, mean
squared error and Adam (`train`: forward, backward and the step). Weights are in Keras's order of gates, i f c
o and z r h (with `reset_after`); a peer that wants another order rearranges them itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEARNING_RATE = 1e-3
EPSILON = 1e-7  # of Adam, in Keras's place: added to the root of the uncorrected second moment
TRAINING_CHECK = 3  # steps after which trained weights are compared


class Row(NamedTuple):
    """One workload: batch B, timesteps T, features F and units U."""

    kind: str  # "forward" or "train"
    batch: int
    timesteps: int
    features: int
    units: int
    cell: str = "lstm"  # or "gru", forward only

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        return self.batch, self.timesteps, self.features, self.units

    @property
    def gates(self) -> int:
        return 4 if self.cell == "lstm" else 3

    @property
    def name(self) -> str:
        """As given to `--rows`: "1,100,64,128", "gru:1,100,64,128" or "train:32,100,64,128"."""
        sizes = ",".join(str(size) for size in self.sizes)
        prefix = self.kind if self.kind == "train" else self.cell if self.cell == "gru" else ""
        return f"{prefix}:{sizes}" if prefix else sizes

    @property
    def flops(self) -> int:
        """Of the cell's matrix products, two a multiply-add; backward costs twice the forward."""
        forward = 2 * self.batch * self.timesteps * (self.features + self.units) * self.gates * self.units
        return forward if self.kind == "forward" else 3 * forward


ROWS = {
    row.name: row
    for row in (
        Row("forward", 1, 1, 64, 64),
        Row("forward", 1, 100, 64, 128),
        Row("forward", 8, 100, 64, 128),
        Row("forward", 32, 100, 64, 128),
        Row("forward", 128, 50, 128, 256),
        Row("forward", 1, 100, 128, 512),
        Row("train", 32, 100, 64, 128),
        Row("train", 64, 50, 64, 256),
    )
}


class Weights(NamedTuple):
    """kernel [F, G U], recurrent_kernel [U, G U], bias [4 U], of a GRU [2, 3 U]: of the input's and of the
    recurrent product; of the head: head_kernel [U, 1], head_bias [1]."""

    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats
    head_kernel: Floats
    head_bias: Floats


class Data(NamedTuple):
    """x [B, T, F] and, for training, y [B, 1]."""

    x: Floats
    y: Floats


def weights_of(row: Row) -> Weights:
    """The same for every peer: drawn from a generator seeded by the sizes."""
    draw = np.random.default_rng(row.sizes)
    f, u, columns = row.features, row.units, row.gates * row.units

    def normal(deviation: float, *shape: int) -> Floats:
        return (deviation * draw.standard_normal(shape)).astype(np.float32)

    return Weights(
        normal(f**-0.5, f, columns),
        normal(u**-0.5, u, columns),
        normal(0.1, columns) if row.cell == "lstm" else normal(0.1, 2, columns),
        normal(u**-0.5, u, 1),
        normal(0.1, 1),
    )


def data_of(row: Row) -> Data:
    """Inputs and targets, likewise the same for every peer."""
    draw = np.random.default_rng(row.sizes[::-1])
    x = draw.standard_normal((row.batch, row.timesteps, row.features)).astype(np.float32)
    return Data(x, draw.standard_normal((row.batch, 1)).astype(np.float32))


def expected_of(row: Row) -> NDArray[np.float64]:
    """The last output [B, U] of a forward row, in float64."""
    kernel, recurrent_kernel, bias = (w.astype(np.float64) for w in weights_of(row)[:3])
    x = data_of(row).x.astype(np.float64)

    def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros((row.batch, row.units))
    for t in range(row.timesteps):
        if row.cell == "gru":
            x_z, x_r, x_h = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
            h_z, h_r, h_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=1)
            z = sigmoid(x_z + h_z)
            h = z * h + (1 - z) * np.tanh(x_h + sigmoid(x_r + h_r) * h_h)
            continue
        i, f, candidate, o = np.split(x[:, t] @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
        h = sigmoid(o) * np.tanh(c)
    return h
