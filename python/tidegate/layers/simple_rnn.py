"""Simple recurrent network: one state h, no gates (Elman, Cognitive Science 14, 1990)."""

from __future__ import annotations

from typing import Any

from tidegate.layers.arguments import Argument, Table
from tidegate.layers.number_kinds import Seed
from tidegate.layers.recurrent import Recurrent, recurrent_arguments


def _arguments() -> Table:
    """A gated cell's without what it has no use for; `seed` comes last and is not saved, as in Keras."""
    gated = ("recurrent_activation", "seed", "use_cudnn", "implementation")
    rest = (row for row in recurrent_arguments() if row.name not in gated)
    return (*rest, Argument("seed", None, Seed(), in_config=False))


class SimpleRNN(Recurrent):
    """SimpleRNN: `h' = activation(x . kernel + h . recurrent_kernel + bias)`.

    Args:
        units: U, the length of the state.
        activation: a name or a function of `tidegate.activations`.
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
        zero_output_for_mask: masked steps put out zeros instead of repeating the last output.
        stateful: whether a call begins with the states that the last one ended with, see `OverTime`.
        unroll: accepted; it changes no number.
        input_shape: (timesteps, features) on the first layer of a Sequential.

    Weights: kernel [F, U], recurrent_kernel [U, U], bias [U].

    Example:
        >>> SimpleRNN(4)(np.zeros((2, 10, 3))).shape
        (2, 4)
    """

    cell = "simple_rnn"
    gates = 1
    state_names = ("h",)
    arguments = _arguments()

    def operator_arguments(self) -> dict[str, Any]:
        return {}
