"""The rows of the races: the workloads, their weights and inputs; answers.py has their answers.

A row is LSTM or GRU layers that return their last output (`forward`); the same with a Dense(1) head, as a
service calls it (`predict`, `predict_on_batch`, `frozen`); an LSTM with that head, mean squared error and
Adam (`train`: forward, backward and the step); or one layer alone, mean squared error of its last output and
plain gradient descent (`train_layer`, likewise). Weights are in Keras's order of gates, i f c o and z r h
(with `reset_after`); a peer that wants another order rearranges them itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEARNING_RATE = 1e-3
EPSILON = 1e-7  # of Adam, in Keras's place: added to the root of the uncorrected second moment
SGD_LEARNING_RATE = 1e-2
TRAINING_CHECK = {"train": 3, "train_layer": 1}  # steps after which trained weights are compared


class Row(NamedTuple):
    """One workload: batch B, timesteps T, features F and units U."""

    kind: str  # "forward", "predict", "predict_on_batch", "frozen", "train" or "train_layer"
    batch: int
    timesteps: int
    features: int
    units: int
    cell: str = "lstm"  # or "gru"
    form: str = ""  # "stacked" is two layers, "bidirectional" both directions, concatenated
    padding: str = ""  # "left" or "right": lengths are uniform in 1..T, and this is where rows are padded
    precision: str = "float32"  # or "bfloat16" or "int8", of the factors of products
    recurrent_dropout: float = 0.0

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        return self.batch, self.timesteps, self.features, self.units

    @property
    def gates(self) -> int:
        return 4 if self.cell == "lstm" else 3

    @property
    def has_head(self) -> bool:
        return self.kind not in ("forward", "train_layer")

    @property
    def trains(self) -> bool:
        return self.kind in TRAINING_CHECK

    @property
    def narrow(self) -> bool:
        return self.precision != "float32"

    @property
    def widths(self) -> list[int]:
        """The features of every pass over time: of the layers in turn, or of the two directions."""
        second = {"stacked": [self.units], "bidirectional": [self.features]}
        return [self.features, *second.get(self.form, [])]

    @property
    def name(self) -> str:
        """As given to `--rows`: "1,100,64,128" or "train:32,100,64,128"; "gru-stacked:1,100,64,64"."""
        words = [
            self.kind if self.kind != "forward" else "",
            self.cell if self.cell != "lstm" else "",
            self.form,
            self.padding,
            self.precision if self.narrow else "",
            "dropout" if self.recurrent_dropout else "",
        ]
        prefix, sizes = "-".join(filter(None, words)), ",".join(str(size) for size in self.sizes)
        return f"{prefix}:{sizes}" if prefix else sizes

    @property
    def flops(self) -> int:
        """Of the cells' products in real steps, two a multiply-add; backward costs twice the forward."""
        steps = int(lengths_of(self).sum())
        forward = sum(2 * steps * (width + self.units) * self.gates * self.units for width in self.widths)
        return 3 * forward if self.trains else forward


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


class CellWeights(NamedTuple):
    """kernel [F, G U], recurrent_kernel [U, G U], bias [4 U], of a GRU [2, 3 U]: of the input's and of the
    recurrent product."""

    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats


class Weights(NamedTuple):
    """Of every pass over time, in the order of `Row.widths`; of the head: head_kernel [U, 1] ([2 U, 1] behind
    both directions), head_bias [1]."""

    cells: list[CellWeights]
    head_kernel: Floats
    head_bias: Floats


class Data(NamedTuple):
    """x [B, T, F], with zeros for padding, and, for training, y [B, 1], of a layer alone [B, U]."""

    x: Floats
    y: Floats


def weights_of(row: Row) -> Weights:
    """The same for every peer: drawn from a generator seeded by the sizes."""
    draw = np.random.default_rng(row.sizes)
    u, columns = row.units, row.gates * row.units

    def normal(deviation: float, *shape: int) -> Floats:
        return (deviation * draw.standard_normal(shape)).astype(np.float32)

    cells = [
        CellWeights(
            normal(f**-0.5, f, columns),
            normal(u**-0.5, u, columns),
            normal(0.1, columns) if row.cell == "lstm" else normal(0.1, 2, columns),
        )
        for f in row.widths
    ]
    outputs = 2 * u if row.form == "bidirectional" else u
    return Weights(cells, normal(u**-0.5, outputs, 1), normal(0.1, 1))


def data_of(row: Row) -> Data:
    """Inputs and targets, likewise the same for every peer."""
    draw = np.random.default_rng(row.sizes[::-1])
    x = draw.standard_normal((row.batch, row.timesteps, row.features)).astype(np.float32)
    x[~mask_of(row)] = 0
    outputs = row.units if row.kind == "train_layer" else 1
    return Data(x, draw.standard_normal((row.batch, outputs)).astype(np.float32))


def lengths_of(row: Row) -> NDArray[np.int64]:
    """[B]: how many timesteps of each row are real."""
    if not row.padding:
        return np.full(row.batch, row.timesteps)
    return np.random.default_rng(row.sizes).integers(1, row.timesteps + 1, row.batch)


def mask_of(row: Row) -> NDArray[np.bool_]:
    """[B, T]: which they are."""
    t, lengths = np.arange(row.timesteps), lengths_of(row)[:, None]
    return t >= row.timesteps - lengths if row.padding == "left" else t < lengths
