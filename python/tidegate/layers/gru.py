"""Gated recurrent unit: three gates z, r, h, and one state h.

Cho et al., 2014. `reset_after` chooses between its two forms: the reset gate applied after the recurrent
product (the form of cuDNN, with a bias of its own) or before it (the paper's).
"""

from __future__ import annotations

from typing import Any

from tidegate.layers.arguments import Argument
from tidegate.layers.kinds import Flag
from tidegate.layers.recurrent import Recurrent, recurrent_arguments


class GRU(Recurrent):
    """GRU: `h' = z * h + (1 - z) * hh`, the gates `z, r = recurrent_activation(...)` of x and h.

    The candidate is `hh = activation(x_h + r * (h . U_h + b_h))` with `reset_after`, where b_h is the last
    block of the recurrent bias, and `hh = activation(x_h + (r * h) . U_h)` without.

    Args:
        units: U, the length of the state.
        activation: of the candidate, a name or a function of `tidegate.activations`.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values, of `tidegate.initializers`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, of `tidegate.regularizers`.
        activity_regularizer: a penalty on each output, for a row of the batch.
        kernel_constraint, recurrent_constraint, bias_constraint: what a step must leave, of
            `tidegate.constraints`.
        dropout: the probability that an element of the inputs is zero in training; all timesteps of a row
            lose the same ones.
        recurrent_dropout: the same of the states; each gate then loses inputs and states of its own.
        seed: an integer, of what is dropped; the global seed (`tidegate.utils.set_random_seed`) when None.
        return_sequences: all outputs instead of the last one.
        return_state: the final h after the output, as a list.
        go_backwards: from the last step to the first; outputs are in the order of processing.
        reset_after: which of the two forms, see above.
        zero_output_for_mask: masked steps put out zeros instead of repeating the last output.
        stateful: whether a call begins with the states that the last one ended with, see `OverTime`.
        unroll, use_cudnn, implementation: accepted; they change no number.
        input_shape: (timesteps, features) on the first layer of a Sequential.

    Weights: kernel [F, 3U], recurrent_kernel [U, 3U], bias [3U]; with `reset_after` the bias is [2, 3U], that
    of the input's product and that of the recurrent one.

    Example:
        >>> GRU(4)(np.zeros((2, 10, 3))).shape
        (2, 4)
    """

    cell = "gru"
    gates = 3
    state_names = ("h",)
    arguments = recurrent_arguments(after_sequence=(Argument("reset_after", True, Flag()),))

    reset_after: bool

    def bias_shape(self) -> tuple[int, ...]:
        width = self.gates * self.units
        return (2, width) if self.reset_after else (width,)

    def operator_arguments(self) -> dict[str, Any]:
        return super().operator_arguments() | {"reset_after": self.reset_after}
