"""What the recurrent layers share, which is nearly everything: arguments, states, masks, the native call.

A cell's own file adds its gates, its states and its bias.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape, floating
from tidegate.layers.arguments import REQUIRED, Argument, Table
from tidegate.layers.kinds import (
    Activation,
    Constraint,
    Flag,
    Initializer,
    Kind,
    PositiveInteger,
    Regularizer,
)
from tidegate.layers.number_kinds import Seed, Share
from tidegate.layers.over_time import OverTime
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

# How the layer walks over time; saved first, before the arguments of the cell.
_SEQUENCE = (
    Argument("return_sequences", False, Flag()),
    Argument("return_state", False, Flag()),
    Argument("go_backwards", False, Flag()),
    Argument("stateful", False, Flag()),
    Argument("unroll", False, Flag()),
)
_BY_NAME_ONLY = (
    Argument("zero_output_for_mask", False, Flag(), positional=False),
    Argument("implementation", 2, Kind(), positional=False, in_config=False),
)
_SAVED_FIRST = ["name", "trainable", "dtype", *(row.name for row in _SEQUENCE), "zero_output_for_mask"]


def recurrent_arguments(after_initializers: Table = (), after_sequence: Table = ()) -> Table:
    """The table of a gated cell in Keras's order, with the cell's own arguments in their two places."""
    return (
        Argument("units", REQUIRED, PositiveInteger()),
        Argument("activation", "tanh", Activation()),
        Argument("recurrent_activation", "sigmoid", Activation()),
        Argument("use_bias", True, Flag()),
        Argument("kernel_initializer", "glorot_uniform", Initializer()),
        Argument("recurrent_initializer", "orthogonal", Initializer()),
        Argument("bias_initializer", "zeros", Initializer()),
        *after_initializers,
        Argument("kernel_regularizer", None, Regularizer()),
        Argument("recurrent_regularizer", None, Regularizer()),
        Argument("bias_regularizer", None, Regularizer()),
        Argument("activity_regularizer", None, Regularizer()),
        Argument("kernel_constraint", None, Constraint()),
        Argument("recurrent_constraint", None, Constraint()),
        Argument("bias_constraint", None, Constraint()),
        Argument("dropout", 0.0, Share()),
        Argument("recurrent_dropout", 0.0, Share()),
        Argument("seed", None, Seed()),
        *_SEQUENCE,
        *after_sequence,
        Argument("use_cudnn", "auto", Kind(), in_config=False),
        *_BY_NAME_ONLY,
    )


class Recurrent(OverTime):
    """A layer that walks over time: `[B, T, F]` to `[B, U]`, or to `[B, T, U]` with `return_sequences`.

    Subclasses set `cell` (the native cell's name), `gates`, `state_names` and `arguments`, and say what the
    bias looks like.
    """

    cell: ClassVar[str]
    gates: ClassVar[int]
    state_names: ClassVar[tuple[str, ...]]
    _states: list[Variable] | None = None

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
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    zero_output_for_mask: bool

    @classmethod
    def config_names(cls) -> list[str]:
        rest = [name for name in super().config_names() if name not in _SAVED_FIRST]
        return [*_SAVED_FIRST, *sorted(rest, key=lambda name: name == "seed")]

    # ---- weights ---------------------------------------------------------------------------------

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        width = self.gates * self.units
        cell = f"{self.cell}_cell"
        variables = [
            self.new_variable(f"{cell}/kernel", (input_shape[-1] or 0, width), self.kernel_initializer),
            self.new_variable(f"{cell}/recurrent_kernel", (self.units, width), self.recurrent_initializer),
        ]
        if self.stateful:
            self._states = self._new_states(input_shape[0])
        if self.use_bias:
            variables.append(self.new_variable(f"{cell}/bias", self.bias_shape(), self.initial_bias))
        return variables

    def _new_states(self, rows: int | None) -> list[Variable]:
        if not rows:
            raise ValueError(
                f"{self.title}: `stateful=True` needs a fixed number of rows: an `Input` with `batch_size` "
                f"or `batch_shape`; received {rows}"
            )
        states = [Variable.zeros((rows, self.units), self.dtype, "rnn_state") for _ in self.state_names]
        for state in states:
            state.path = f"{self.name}/rnn_state"
        return states

    @property
    def states(self) -> list[Variable] | None:
        return self._states

    def bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def initial_bias(self, shape: tuple[int, ...], dtype: str) -> Array:
        bias: Array = self.bias_initializer(shape, dtype)
        return bias

    def stored_variables(self) -> dict[str, list[Variable]]:
        return {"vars": [], "cell/vars": self.weights}

    # ---- computing -------------------------------------------------------------------------------

    def create_operator(self) -> core.Recurrent:
        return core.Recurrent(
            self.cell,
            self.units,
            activation=activations.serialize(self.activation),
            use_bias=self.use_bias,
            return_sequences=self.return_sequences,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
            **self.operator_arguments(),
        )

    def operator_arguments(self) -> dict[str, Any]:
        """What not every cell's operator takes."""
        return {"recurrent_activation": activations.serialize(self.recurrent_activation)}

    def list_of_states(self, given: Any) -> list[Any]:
        states = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(states) != len(self.state_names):
            raise ValueError(
                f"{self.title}: `initial_state` must be a list of {len(self.state_names)} "
                f"({', '.join(self.state_names)}); received {len(states)}"
            )
        return states

    def units_of_states(self) -> list[int]:
        return [self.units] * len(self.state_names)

    def prepare_states(self, given: Any, batch: int) -> list[Array]:
        states = []
        for name, value in zip(self.state_names, self.list_of_states(given), strict=True):
            state = floating(value, np.dtype(self.dtype), f"initial_state ({name})")
            if state.shape != (batch, self.units):
                raise ValueError(
                    f"{self.title}: `initial_state` must hold arrays of the shape [batch, units] = "
                    f"{(batch, self.units)}; received {state.shape} for {name}"
                )
            states.append(state)
        return states

    def forward(
        self,
        inputs: Array | list[Array],
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
        carried: list[Array] | None = None,
    ) -> tuple[Any, Any]:
        """As of every layer; the initial states come as further inputs: `[x, h0]`, `[x, h0, c0]`.

        `carried` are the values that a stateful layer goes on from without those; None for the present ones.
        """
        x, *given = inputs if isinstance(inputs, list) else [inputs]
        going_on = self.going_on(len(x), carried)
        initial = given or going_on
        weights = values_of(self._variables) if weights is None else weights
        dropped, of_gates = None, {}
        if training is not None and self.recurrent_dropout:
            of_gates = self._draw_for_gates(x, training)
        elif training is not None and 0 < self.dropout < 1:
            drawn = self._draw((len(x), 1, x.shape[-1]), self.dropout, training)
            dropped = np.ascontiguousarray(np.broadcast_to(drawn, x.shape))
            x = core.apply_dropout(x, dropped, self.dropout)
        outputs, states, kept = self.operator.forward(x, weights, initial or None, mask, keep, **of_gates)
        kept = (kept, bool(given), dropped, states) if keep or self.stateful else None
        return ([outputs, *states] if self.return_state else outputs), kept

    def going_on(self, rows: int, carried: list[Array] | None) -> list[Array]:
        """What a stateful layer goes on from, ready for the native call; nothing for others.

        Raises ValueError for another number of rows than before.
        """
        states = self.carried
        if states and rows != states[0].shape[0]:
            raise ValueError(
                f"{self.title}: a stateful layer takes the same number of rows in every call; expected "
                f"{states[0].shape[0]}, received {rows}"
            )
        return [np.ascontiguousarray(state) for state in (values_of(states) if carried is None else carried)]

    def _draw(self, shape: tuple[int, ...], rate: float, training: Training) -> Array:
        return core.dropout_mask(shape, rate, **training.key(self.seed), rows=training.rows)

    def _draw_for_gates(self, x: Array, training: Training) -> dict[str, Any]:
        """With recurrent dropout each gate has inputs and states of its own, all timesteps the same."""
        drawn: dict[str, Any] = {}
        if 0 < self.dropout < 1:
            inputs = (len(x), self.gates, x.shape[-1])
            drawn |= {"input_dropout": self._draw(inputs, self.dropout, training), "input_rate": self.dropout}
        if self.recurrent_dropout < 1:
            rate, states = self.recurrent_dropout, (len(x), self.gates, self.units)
            drawn |= {"state_dropout": self._draw(states, rate, training.part(1)), "state_rate": rate}
        return drawn

    def backward(
        self, kept: tuple[core.Kept, bool, Array | None, Any], d_outputs: Any, *, need_d_inputs: bool = True
    ) -> tuple[Any, list[Array]]:
        """As of every layer; d_inputs is d_x, or `[d_x, d_h0, ...]` if `forward` was given initial states."""
        native, had_states, dropped, _ = kept
        d_y, *d_states = d_outputs if self.return_state else [d_outputs]
        d_x, d_weights, d_initial = self.operator.backward(native, d_y, d_states or None, need_d_inputs)
        if dropped is not None and need_d_inputs:
            d_x = core.apply_dropout(d_x, dropped, self.dropout)
        return ([d_x, *d_initial] if had_states else d_x), d_weights

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return dict(zip(self.carried, kept[-1], strict=True)) if self.stateful else {}

    def compute_output_shape(self, input_shape: Shape) -> Any:
        batch, timesteps = input_shape[:2]
        output = (batch, timesteps, self.units) if self.return_sequences else (batch, self.units)
        return [output, *[(batch, self.units)] * len(self.state_names)] if self.return_state else output

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return mask if self.return_sequences else None
