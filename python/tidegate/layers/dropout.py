"""Dropout: in training, some elements become zero (Srivastava et al., JMLR 15, 2014), and its relatives."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, Table
from tidegate.layers.kinds import DTypeName, Name, Optional
from tidegate.layers.layer import Layer
from tidegate.layers.noise import Noise
from tidegate.layers.number_kinds import Lengths, Number, Seed
from tidegate.random import Training
from tidegate.variable import Array


class Dropout(Noise):
    """In training, each element is zero with probability `rate`, and the others are divided by `1 - rate`.

    In inference it is nothing at all: the input is the output. A mask goes on.

    Which elements are dropped is counted, not drawn from a stream: see `Noise`.

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

    arguments: ClassVar[Table] = (
        Argument("rate", REQUIRED, Number(0, 1)),
        Argument("noise_shape", None, Optional(Lengths(None))),
        Argument("seed", None, Seed()),
    )

    rate: float
    noise_shape: tuple[int | None, ...] | None

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
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        if training is None or not self.rate:
            return inputs, None
        drawn = self._draw(inputs.shape, training)
        return self.apply(inputs, drawn), drawn if keep else None

    def backward(
        self, kept: Array | None, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        if not need_d_inputs or kept is None:
            return d_outputs if need_d_inputs else None, []
        return self.apply_gradient(d_outputs, kept), []

    def apply(self, inputs: Array, drawn: Array) -> Array:
        """The outputs, from the inputs and bool of their shape, True where an element stays."""
        return core.apply_dropout(inputs, drawn, self.rate)

    def apply_gradient(self, d_outputs: Array, drawn: Array) -> Array:
        """The gradient of the inputs, likewise."""
        return core.apply_dropout(d_outputs, drawn, self.rate)

    def _draw(self, shape: tuple[int, ...], training: Training) -> Array:
        """bool, of `shape`: True where an element stays."""
        noise = self.noise_shape or (None,) * len(shape)
        extents = [extent if given is None else given for extent, given in zip(shape, noise, strict=True)]
        rows = None if noise[0] == 1 else training.rows
        drawn = core.dropout_mask(extents, self.rate, **training.key(self.seed), rows=rows)
        return np.ascontiguousarray(np.broadcast_to(drawn, shape))


class SpatialDropout1D(Dropout):
    """`Dropout` of whole channels: all timesteps of a row lose the same ones (Tompson et al., CVPR 2015).

    `[batch, timesteps, channels]` to the same shape.

    Args:
        rate: from 0 to 1.
        seed: an integer; the global seed (`tidegate.utils.set_random_seed`) when None.

    Example:
        >>> SpatialDropout1D(0.5)(np.ones((1, 2, 2)))  # not training
        array([[[1., 1.],
                [1., 1.]]], dtype=float32)
    """

    rank = 3
    axes = "[batch, timesteps, channels]"
    # The configuration that Keras saves: no `trainable`, and the dtype as a plain name.
    arguments = (
        Argument("rate", REQUIRED, Number(0, 1)),
        Argument("seed", None, Seed()),
        Argument("name", None, Name()),
        Argument("dtype", None, DTypeName()),
    )
    common = tuple(row for row in Layer.common if row.name not in ("name", "dtype", "activity_regularizer"))
    noise_shape = (None, 1, None)

    @classmethod
    def config_names(cls) -> list[str]:
        return ["rate", "seed", "name", "dtype"]


class AlphaDropout(Dropout):
    """`Dropout` for networks of selu: what is dropped takes selu's least value instead of zero, and all is
    then scaled and shifted so that a mean of 0 and a variance of 1 stay.

    Args:
        rate: from 0 to less than 1.
        noise_shape: as of `Dropout`.
        seed: an integer; the global seed (`tidegate.utils.set_random_seed`) when None.

    Source: Klambauer et al., "Self-normalizing neural networks", NIPS 2017.

    Example:
        >>> AlphaDropout(0.5)(np.ones((1, 2)))  # not training
        array([[1., 1.]], dtype=float32)
    """

    arguments = (Argument("rate", REQUIRED, Number(0, below=1)), *Dropout.arguments[1:])

    def apply(self, inputs: Array, drawn: Array) -> Array:
        return core.apply_alpha_dropout(inputs, drawn, self.rate)

    def apply_gradient(self, d_outputs: Array, drawn: Array) -> Array:
        return core.alpha_dropout_gradient(d_outputs, drawn, self.rate)
