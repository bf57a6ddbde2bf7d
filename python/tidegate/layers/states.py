"""States that a caller gives to a layer that walks over time, or to the cell of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tidegate.graph import Tensor
from tidegate.inputs import floating, short
from tidegate.structure import flatten
from tidegate.variable import Array


class States(NamedTuple):
    """What is expected of them.

    Attributes:
        owner: how messages call the layer.
        argument: its argument that takes them.
        names: of each state, for messages.
        shapes: of each state, without the batch.
    """

    owner: str
    argument: str
    names: Sequence[str]
    shapes: Sequence[tuple[int, ...]]

    @classmethod
    def of(cls, layer: Any) -> States:
        """Those of the cells of a layer in turn."""
        names = [name for cell in layer.single_cells for name in cell.state_names]
        shapes = [cell.state_shape for cell in layer.single_cells for _ in cell.state_names]
        return cls(layer.title, layer.states_argument, names, shapes)

    def listed(self, given: Any) -> list[Any]:
        """All that were given, in order, however they are nested; ValueError unless there is one for each."""
        states = flatten(given)
        if len(states) != len(self.names):
            raise ValueError(
                f"{self.owner}: `{self.argument}` must be a list of {len(self.names)} "
                f"({', '.join(self.names)}); received {len(states)}"
            )
        return states

    def tensors(self, given: Any) -> list[Tensor]:
        """All that were given where the layer is called on a tensor; ValueError for anything else."""
        states = self.listed(given)
        for state, shape in zip(states, self.shapes, strict=True):
            if not isinstance(state, Tensor) or state.shape[1:] != shape:
                raise ValueError(
                    f"{self.owner}: on an `Input`, `{self.argument}` must be tensors of the shape "
                    f"{(None, *shape)}; received {short(state)}"
                )
        return states

    def arrays(self, given: Any, batch: int, dtype: str) -> list[Array]:
        """All that were given, as arrays that a native call takes."""
        arrays = []
        for name, shape, value in zip(self.names, self.shapes, self.listed(given), strict=True):
            state = floating(value, np.dtype(dtype), f"{self.argument} ({name})")
            if state.shape != (batch, *shape):
                raise ValueError(
                    f"{self.owner}: `{self.argument}` must hold arrays of the shape {(batch, *shape)}; "
                    f"received {state.shape} for {name}"
                )
            arrays.append(state)
        return arrays
