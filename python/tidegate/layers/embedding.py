"""Embedding: a trainable vector for every id."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.inputs import Shape, warn
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.kinds import Constraint, Flag, Initializer, Kind, PositiveInteger, Regularizer
from tidegate.layers.layer import Layer
from tidegate.masks import Mask, differing
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

_MOST_IDS = {"float32": 1 << 24, "float64": 1 << 53}  # up to here a float holds every whole number


class _Table(Kind):
    """An array, alone or in a list; None for none."""

    def read(self, value: Any, name: str, owner: str) -> list[Any] | None:
        alone = not isinstance(value, (list, tuple)) or len(value) != 1
        return None if value is None else [value] if alone else list(value)


class Embedding(Layer):
    """A row of a table for every id: `[batch, ...]` to `[batch, ..., output_dim]`, float32 or float64.

    Ids are whole numbers from 0 to `input_dim - 1`, in any integer or floating dtype; they are converted to
    the layer's, like all arrays.

    Args:
        input_dim: number of ids.
        output_dim: length of a row.
        embeddings_initializer: first values, of `tidegate.initializers`.
        embeddings_regularizer, activity_regularizer: penalties, of `tidegate.regularizers`; the second is on
            the output, for a row of the batch.
        embeddings_constraint: what a step must leave, of `tidegate.constraints`.
        mask_zero: whether id 0 stands for a timestep that does not count: the layers behind get a mask. The
            input must be `[batch, timesteps]` then. A mask that came from before is forgotten, as in Keras.
        weights: first values [input_dim, output_dim], alone or in a list.
        input_length: ignored, with a warning.

    Weights: embeddings [input_dim, output_dim].

    LoRA and quantization are refused by name.

    Example:
        >>> Embedding(1000, 8)(np.array([[4, 20], [7, 0]])).shape
        (2, 2, 8)
    """

    arguments = (
        Argument("input_dim", REQUIRED, PositiveInteger()),
        Argument("output_dim", REQUIRED, PositiveInteger()),
        Argument("embeddings_initializer", "uniform", Initializer()),
        Argument("embeddings_regularizer", None, Regularizer()),
        Argument("activity_regularizer", None, Regularizer(), positional=False),
        Argument("embeddings_constraint", None, Constraint()),
        Argument("mask_zero", False, Flag()),
        Argument("weights", None, _Table(), in_config=False),
        later("lora_rank", in_config=False),
        later("lora_alpha", in_config=False),
        later("quantization_config"),
        Argument("input_length", None, Kind(), positional=False, in_config=False),
    )
    makes_mask = True

    input_dim: int
    output_dim: int
    embeddings_initializer: Any
    mask_zero: bool
    input_length: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.input_dim > _MOST_IDS[self.dtype]:
            raise ValueError(
                f"{self.title}: argument `input_dim` must be at most {_MOST_IDS[self.dtype]}, up to where "
                f"{self.dtype} holds every whole number; received {self.input_dim}"
            )
        if self.input_length is not None:
            warn("Embedding: argument `input_length` is ignored; leave it out")
        if self.given_weights is not None:
            self.build((None, None))

    def check_input(self, shape: Shape) -> None:
        if not shape or (self.mask_zero and len(shape) != 2):
            axes = "[batch, timesteps] with `mask_zero`" if self.mask_zero else "[batch, ...]"
            raise ValueError(f"{self.title}: the input must have the axes {axes}; received the shape {shape}")

    def check_values(self, inputs: Array) -> None:
        operator: core.Embedding = self.operator
        operator.check(inputs)

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        shape = (self.input_dim, self.output_dim)
        return [self.new_variable("embeddings", shape, self.embeddings_initializer)]

    def create_operator(self) -> core.Embedding:
        return core.Embedding(self.input_dim, self.output_dim, self.mask_zero)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Array | None]:
        operator: core.Embedding = self.operator
        outputs = operator.forward(inputs, values_of(self._variables) if weights is None else weights)
        return outputs, inputs if keep else None

    def backward(
        self, kept: Array, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        operator: core.Embedding = self.operator
        return np.zeros_like(kept) if need_d_inputs else None, [operator.backward(kept, d_outputs)]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        return differing(inputs[0], 0) if self.mask_zero else None

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Any:
        """The mask of an array, bool [batch, timesteps]; of a tensor, what `mask` of a layer's call takes."""
        if isinstance(inputs, Tensor):
            return self.symbolic_mask([inputs])
        x = self.prepare(inputs)
        operator: core.Embedding = self.operator
        return operator.mask(x)
