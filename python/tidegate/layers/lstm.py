"""Long short-term memory: four gates i, f, c, o, and two states h, c.

Hochreiter and Schmidhuber, Neural Computation 9, 1997, with the forget gate of Gers et al., 2000.
"""

from __future__ import annotations

import numpy as np

from tidegate.layers.arguments import Argument
from tidegate.layers.kinds import Flag
from tidegate.layers.recurrent import Recurrent, recurrent_arguments
from tidegate.variable import Array


class LSTM(Recurrent):
    """LSTM: `c' = f * c + i * activation(z_c)`, `h' = o * activation(c')`, gates `recurrent_activation(z)`.

    Here `z = x . kernel + h . recurrent_kernel + bias`, and its blocks of `units` columns are i, f, c, o.

    Args:
        units: U, the length of the state.
        activation: of the candidate and of the output, a name or a function of `tidegate.activations`.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values, of `tidegate.initializers`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, of `tidegate.regularizers`.
        activity_regularizer: a penalty on each output, for a row of the batch.
        kernel_constraint, recurrent_constraint, bias_constraint: what a step must leave, of
            `tidegate.constraints`.
        unit_forget_bias: whether the forget gate's bias begins as ones.
        dropout: the probability that an element of the inputs is zero in training; all timesteps of a row
            lose the same ones.
        recurrent_dropout: the same of the states; each gate then loses inputs and states of its own.
        seed: an integer, of what is dropped; the global seed (`tidegate.utils.set_random_seed`) when None.
        return_sequences: all outputs instead of the last one.
        return_state: the final h and c after the output, as a list.
        go_backwards: from the last step to the first; outputs are in the order of processing.
        zero_output_for_mask: masked steps put out zeros instead of repeating the last output.
        stateful: whether a call begins with the states that the last one ended with, see `OverTime`.
        unroll, use_cudnn, implementation: accepted; they change no number.
        input_shape: (timesteps, features) on the first layer of a Sequential.

    Weights: kernel [F, 4U], recurrent_kernel [U, 4U], bias [4U].

    Example:
        >>> LSTM(4)(np.zeros((2, 10, 3))).shape
        (2, 4)
    """

    cell = "lstm"
    gates = 4
    state_names = ("h", "c")
    arguments = recurrent_arguments(after_initializers=(Argument("unit_forget_bias", True, Flag()),))

    unit_forget_bias: bool

    def initial_bias(self, shape: tuple[int, ...], dtype: str) -> Array:
        if not self.unit_forget_bias:
            return super().initial_bias(shape, dtype)
        of_i = self.bias_initializer((self.units,), dtype)
        of_c_and_o = self.bias_initializer((2 * self.units,), dtype)
        return np.concatenate([of_i, np.ones(self.units, dtype), of_c_and_o])
