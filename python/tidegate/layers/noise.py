"""Layers that are noise in training and nothing at all in inference."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.number_kinds import Number, Seed
from tidegate.layers.plain import Plain
from tidegate.random import Training
from tidegate.variable import Array


class Noise(Plain):
    """The base of such layers. In inference the input is the output; a mask goes on.

    What is drawn is counted, not taken from a stream: it follows from the seed, the layer's place in the
    model, the optimizer's iteration, the row's place in the data and the element's in the row. So threads, a
    shuffle or a resumed run do not change it. `train_on_batch` counts rows in the batch.
    """

    seed: int | None

    def create_operator(self) -> None:
        return None  # in inference there is nothing to do

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class _Normal(Noise):
    """One normal number for every element, which `mode` brings in."""

    mode: ClassVar[str]
    mean: ClassVar[float]

    @property
    def deviation(self) -> float:
        raise NotImplementedError

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        if training is None or not self.deviation:
            return inputs, None
        drawn = core.normals(
            inputs.shape,
            self.mean,
            self.deviation,
            **training.key(self.seed),
            rows=training.rows,
            dtype=inputs.dtype,
        )
        return core.merge(self.mode, inputs, drawn), drawn if keep else None


class GaussianNoise(_Normal):
    """In training, every element gets a normal number of mean 0 added to it; in inference nothing happens.

    Args:
        stddev: standard deviation of the numbers, from 0 to 1.
        seed: an integer; the global seed (`tidegate.utils.set_random_seed`) when None.

    Example:
        >>> GaussianNoise(0.1)(np.ones((1, 2)))  # not training
        array([[1., 1.]], dtype=float32)
    """

    arguments = (Argument("stddev", REQUIRED, Number(0, 1)), Argument("seed", None, Seed()))
    mode, mean = "sum", 0.0

    stddev: float

    @property
    def deviation(self) -> float:
        return self.stddev

    def backward(
        self, kept: Array | None, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return d_outputs if need_d_inputs else None, []


class GaussianDropout(_Normal):
    """In training, every element is multiplied by a normal number of mean 1; in inference nothing happens.

    Args:
        rate: from 0 to less than 1; the numbers have the standard deviation `sqrt(rate / (1 - rate))`, that
            of what `Dropout` multiplies by.
        seed: an integer; the global seed (`tidegate.utils.set_random_seed`) when None.

    Source: Srivastava et al., "Dropout", JMLR 15 (2014), section 10.

    Example:
        >>> GaussianDropout(0.3)(np.ones((1, 2)))  # not training
        array([[1., 1.]], dtype=float32)
    """

    arguments = (Argument("rate", REQUIRED, Number(0, below=1)), Argument("seed", None, Seed()))
    mode, mean = "mul", 1.0

    rate: float

    @property
    def deviation(self) -> float:
        return float((self.rate / (1 - self.rate)) ** 0.5)

    def backward(
        self, kept: Array | None, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        if not need_d_inputs or kept is None:
            return d_outputs if need_d_inputs else None, []
        return core.merge("mul", d_outputs, kept), []
