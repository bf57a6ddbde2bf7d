"""What walks over time: from initial states that a caller gives, or that a stateful layer carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.inputs import boolean_mask, short
from tidegate.layers.layer import Layer
from tidegate.variable import Array, Variable, assign_each


class OverTime(Layer):
    """The base of what walks over time, from states that its caller may give.

    With `stateful` a call begins with the states that the last one ended with, row by row: in `fit`,
    `evaluate`, `predict` and calls alike, whichever of these came before. The number of rows must be known
    when the layer is built, and is then that of every call. States begin as zeros, `reset_states` makes them
    so again; copies and pickles keep them, files and backups do not. Each call takes all states of a model at
    once and leaves them at once: calls from several threads see those of one call, never a mixture.

    No gradient goes back into an earlier call. So training on the chunks of long sequences, one after the
    other, is truncated back-propagation through time.

    Attributes:
        states: the Variables that a stateful layer carries; None before it is built, and of other layers.

    Example:
        >>> model = Sequential([Input(batch_shape=(2, 50, 1)), LSTM(32, stateful=True), Dense(1)])
        >>> model.compile("adam", "mse")
        >>> for epoch in range(10):  # x [2, 5000, 1] in 100 chunks of 50 steps, y [2, 100]
        ...     for k in range(100):
        ...         model.train_on_batch(x[:, 50 * k : 50 * k + 50], y[:, k])
        ...     model.layers[0].reset_states()
    """

    axes = "[batch, timesteps, features]"
    minimum_rank = 3

    def __call__(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        """The layer on an array, computed now; on an `Input`, a node of a graph.

        Args:
            sequences: [B, T, F], T at least 1; converted to the layer's dtype.
            initial_state: one array [B, U] per state (LSTM h and c, others h), in a list, those of a forward
                layer before those of a backward layer; None for zeros, or what a stateful layer carries.
            mask: bool [B, T], True where a step counts; a masked step carries the states on and, unless it
                puts out zeros, repeats the output. On an `Input` a tensor, or what `compute_mask` of an
                Embedding or a Masking gives on one.
            training: whether this is a training pass.

        Returns:
            The last output [B, U], or all of them [B, T, U] with `return_sequences`; with `return_state` a
            list of that and the final states.

        Raises:
            ValueError: a shape that does not fit.
            TypeError: numbers that are not real.
        """
        if isinstance(sequences, Tensor):
            if initial_state is None:
                return connect(self, [self.with_mask(sequences, mask)])
            if mask is not None:
                raise ValueError(
                    f"{self.title}: argument `mask` is not supported beside `initial_state` on an `Input` yet"
                )
            states = self.list_of_states(initial_state)
            for state, units in zip(states, self.units_of_states(), strict=True):
                shape = state.shape if isinstance(state, Tensor) else None
                if shape is None or len(shape) != 2 or shape[1] != units:
                    raise ValueError(
                        f"{self.title}: on an `Input`, `initial_state` must be tensors of the shape "
                        f"[batch, units] = {(None, units)}; received {short(state)}"
                    )
            return connect(self, [sequences, *states], ([sequences], {"initial_state": initial_state}))
        x: Array = self.prepare(sequences)
        if mask is not None:
            mask = boolean_mask(mask, x.shape[:2], self.title)
        inputs = x if initial_state is None else [x, *self.prepare_states(initial_state, len(x))]
        return self.compute(inputs, training, mask)

    @property
    def states(self) -> Sequence[Variable] | None:
        raise NotImplementedError

    @property
    def carried(self) -> list[Variable]:
        return list(self.states or ())

    def reset_state(self) -> None:
        """Sets the states that a stateful layer carries back to zero."""
        assign_each({state: np.zeros(state.shape, state.dtype) for state in self.carried})

    def reset_states(self) -> None:
        """`reset_state` by its older name."""
        self.reset_state()

    def list_of_states(self, given: Any) -> list[Any]:
        """The initial states that were given; ValueError where there is not one for each state."""
        raise NotImplementedError

    def units_of_states(self) -> list[int]:
        """The length of each state."""
        raise NotImplementedError

    def prepare_states(self, given: Any, batch: int) -> list[Array]:
        """Initial states as arrays that `forward` takes."""
        raise NotImplementedError
