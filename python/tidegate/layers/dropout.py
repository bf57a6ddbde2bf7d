"""Dropout: in training, some elements become zero (Srivastava et al., JMLR 15, 2014)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate import random
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Optional
from tidegate.layers.number_kinds import Lengths, Number, Seed
from tidegate.layers.plain import Plain
from tidegate.variable import Array

_64_BITS = (1 << 64) - 1


class Dropout(Plain):
    """In training, each element is zero with probability `rate`, and the others are divided by `1 - rate`.

    In inference it is nothing at all: the input is the output. A mask goes on.

    Which elements are dropped is counted, not drawn from a stream: it follows from the seed, the layer's
    place in the model, the optimizer's iteration, the row's place in the data and the element's in the row.
    So threads, a shuffle or a resumed run do not change it. `train_on_batch` counts rows in the batch.

    Args:
        rate: from 0 to 1.
        noise_shape: shape of the mask, batch axis included: where it is 1 all share what is drawn, where it
            is None it is the input's. None for a mask as large as the input.
        seed: an integer; the global seed (`tidegate.utils.set_random_seed`) when None.

    Example:
        >>> Dropout(0.5)(np.ones((2, 3)))  # not training
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
    """

    arguments = (
        Argument("rate", REQUIRED, Number(0, 1)),
        Argument("noise_shape", None, Optional(Lengths(None))),
        Argument("seed", None, Seed()),
    )

    rate: float
    noise_shape: tuple[int | None, ...] | None
    seed: int | None

    def create_operator(self) -> None:
        return None  # in inference there is nothing to do

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.noise_shape is None:
            return
        fits = len(shape) == len(self.noise_shape) and all(
            noise in (None, 1) or extent in (None, noise)
            for extent, noise in zip(shape, self.noise_shape, strict=True)
        )
        if not fits:
            raise ValueError(
                f"{self.title}: the input must fit `noise_shape` {self.noise_shape}; "
                f"received the shape {shape}"
            )

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: random.Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        if training is None or not self.rate:
            return inputs, None
        drawn = self._draw(inputs.shape, training)
        return core.apply_dropout(inputs, drawn, self.rate), drawn if keep else None

    def backward(
        self, kept: Array | None, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        if not need_d_inputs or kept is None:
            return d_outputs if need_d_inputs else None, []
        return core.apply_dropout(d_outputs, kept, self.rate), []

    def _draw(self, shape: tuple[int, ...], training: random.Training) -> Array:
        """bool, of `shape`: True where an element stays."""
        noise = self.noise_shape or (None,) * len(shape)
        extents = [extent if given is None else given for extent, given in zip(shape, noise, strict=True)]
        seed = random.current_seed() if self.seed is None else self.seed
        drawn = core.dropout_mask(
            extents,
            self.rate,
            seed=seed & _64_BITS,
            node=training.node,
            iteration=training.iteration,
            rows=None if noise[0] == 1 else training.rows,
        )
        return np.ascontiguousarray(np.broadcast_to(drawn, shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
