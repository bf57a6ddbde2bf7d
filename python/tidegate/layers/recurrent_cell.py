"""One step of a recurrent layer: what the cells share. A recurrent layer is the walk of its cell over time.

A cell's own file adds its gates, its states and its bias.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument, Table
from tidegate.layers.number_kinds import Seed
from tidegate.layers.one_step import OneStep
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

_OF_LAYERS_ONLY = (
    "activity_regularizer", "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
    "use_cudnn", "zero_output_for_mask",
)  # fmt: skip


def cell_arguments(of_layer: Table) -> Table:
    """The table of a cell, from that of its recurrent layer; here `seed` is the last and always saved."""
    rows = [row for row in of_layer if row.name not in (*_OF_LAYERS_ONLY, "seed")]
    by_name = [row for row in rows if not row.positional]
    return (*(row for row in rows if row.positional), Argument("seed", None, Seed()), *by_name)


class RecurrentCell(OneStep):
    """The base of the cells.

    Subclasses set `cell_name` (that of the native cell), `gates`, `state_names` and `arguments`, and say what
    the bias looks like.

    Attributes:
        kernel, recurrent_kernel, bias: the weights, once built; None for a bias that is not there.
    """

    cell_name: ClassVar[str]
    gates: ClassVar[int]
    state_names: ClassVar[tuple[str, ...]]

    units: int
    activation: activations.Activation
    recurrent_activation: activations.Activation
    use_bias: bool
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    dropout: float
    recurrent_dropout: float
    seed: int | None
    implementation: int = 2

    @property
    def single_cells(self) -> list[RecurrentCell]:
        return [self]

    @property
    def state_size(self) -> int | list[int]:
        return self.units if len(self.state_names) == 1 else [self.units] * len(self.state_names)

    # ---- weights ---------------------------------------------------------------------------------

    @property
    def state_shape(self) -> tuple[int, ...]:
        """Of each state, without the batch."""
        return (self.units,)

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        width = self.gates * self.units
        variables = [
            self.new_variable("kernel", (input_shape[-1] or 0, width), self.kernel_initializer),
            self.new_variable("recurrent_kernel", (self.units, width), self.recurrent_initializer),
        ]
        if self.use_bias:
            variables.append(self.new_variable("bias", self.bias_shape(), self.initial_bias))
        return variables

    def bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def initial_bias(self, shape: tuple[int, ...], dtype: str) -> Array:
        bias: Array = self.bias_initializer(shape, dtype)
        return bias

    @property
    def kernel(self) -> Variable | None:
        return self._weight(0)

    @property
    def recurrent_kernel(self) -> Variable | None:
        return self._weight(1)

    @property
    def bias(self) -> Variable | None:
        return self._weight(2)

    def _weight(self, place: int) -> Variable | None:
        return self._variables[place] if place < len(self._variables) else None

    # ---- computing -------------------------------------------------------------------------------

    def create_operator(self) -> core.Recurrent | core.ConvLSTM1D:
        return self.walk()

    def walk(
        self,
        return_sequences: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> core.Recurrent | core.ConvLSTM1D:
        """The native operator of the cell over a sequence."""
        return core.Recurrent(
            self.cell_name,
            self.units,
            activation=activations.serialize(self.activation),
            use_bias=self.use_bias,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            zero_output_for_mask=zero_output_for_mask,
            **self.operator_arguments(),
        )

    def operator_arguments(self) -> dict[str, Any]:
        """What not every cell's operator takes."""
        return {"recurrent_activation": activations.serialize(self.recurrent_activation)}

    def forward_over(
        self,
        operator: core.Recurrent | core.ConvLSTM1D,
        x: Array,
        weights: list[Array],
        states: list[Array] | None,
        training: Training | None,
        mask: Array | None,
        keep: bool,
    ) -> tuple[Array, list[Array], Any]:
        """One of its operators on `x` [B, T, F], in training without what dropout takes.

        Returns:
            The outputs, the final states, and what `backward_over` needs.
        """
        dropped: Array | None = None
        of_gates: dict[str, Any] = {}
        if training is not None:
            x, dropped, of_gates = self.drop(x, training)
        outputs, final, kept = operator.forward(x, weights, states, mask, keep, **of_gates)
        return outputs, final, (kept, dropped)

    def backward_over(
        self,
        operator: core.Recurrent | core.ConvLSTM1D,
        kept: Any,
        d_y: Array | None,
        d_states: list[Array | None] | None,
        need_d_x: bool,
    ) -> tuple[Array | None, list[Array], list[Array]]:
        """The gradients of `forward_over`: of x, of the weights and of the states that it began with."""
        native, dropped = kept
        d_x, d_weights, d_initial = operator.backward(native, d_y, d_states, need_d_x)
        if dropped is not None and d_x is not None:
            d_x = self.drop_back(d_x, dropped)
        return d_x, d_weights, d_initial

    def drop(self, x: Array, training: Training) -> tuple[Array, Array | None, dict[str, Any]]:
        """What is left of `x` in a training pass, what was dropped of it, and what the operator drops."""
        if self.recurrent_dropout or self.implementation == 1:
            return x, None, self.draw_for_gates(x, training)
        if not 0 < self.dropout < 1:
            return x, None, {}
        drawn = self.draw((len(x), 1, x.shape[-1]), self.dropout, training)
        dropped = np.ascontiguousarray(np.broadcast_to(drawn, x.shape))
        return core.apply_dropout(x, dropped, self.dropout), dropped, {}

    def drop_back(self, d_x: Array, dropped: Array) -> Array:
        """The gradient of x from that of what was left of it."""
        return core.apply_dropout(d_x, dropped, self.dropout)

    def draw(self, shape: tuple[int, ...], rate: float, training: Training) -> Array:
        return core.dropout_mask(shape, rate, **training.key(self.seed), rows=training.rows)

    def draw_for_gates(self, x: Array, training: Training) -> dict[str, Any]:
        """For each gate inputs and states of its own, all timesteps the same."""
        drawn: dict[str, Any] = {}
        if 0 < self.dropout < 1:
            inputs = (len(x), self.gates, x.shape[-1])
            drawn |= {"input_dropout": self.draw(inputs, self.dropout, training), "input_rate": self.dropout}
        if 0 < self.recurrent_dropout < 1:
            rate, states = self.recurrent_dropout, (len(x), self.gates, self.units)
            drawn |= {"state_dropout": self.draw(states, rate, training.part(1)), "state_rate": rate}
        return drawn

    def forward(
        self,
        inputs: list[Array],
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[list[Array], Any]:
        """As of every layer, of `[x, h]` or `[x, h, c]`, to the output and the new states."""
        x, *states = inputs
        weights = values_of(self._variables) if weights is None else weights
        outputs, final, kept = self.forward_over(
            self.operator, x[:, np.newaxis], weights, states, training, None, keep
        )
        return [outputs, *final], kept

    def backward(
        self, kept: Any, d_outputs: list[Any], *, need_d_inputs: bool = True
    ) -> tuple[list[Any], list[Array]]:
        d_y, *d_states = d_outputs
        d_x, d_weights, d_initial = self.backward_over(self.operator, kept, d_y, d_states, need_d_inputs)
        return [None if d_x is None else d_x[:, 0], *d_initial], d_weights
