"""Weights of layers as datasets of legacy files: one by one, but for cells whose layout has changed since.

In Keras 1 every gate had a kernel, a recurrent kernel and a bias of its own. `CuDNNLSTM` and `CuDNNGRU` kept
the matrices of every gate transposed, and two biases in one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.saving import hdf5

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable

_GATES = {"lstm_cell": 4, "gru_cell": 3}
_ORDER_OF_KERAS_1 = {"lstm_cell": (0, 2, 1, 3), "gru_cell": (0, 1, 2)}  # it had i c f o, and z r h


class Part:
    """Datasets that make some variables.

    Args:
        names: of the datasets.
        variables: that they make.
    """

    def __init__(self, names: list[str], variables: list[Variable]) -> None:
        self.names = names
        self.variables = variables

    def read(self, group: Any) -> dict[Variable, Array]:
        """The values; ValueError for datasets that are not as expected."""
        arrays = self.made(
            [
                hdf5.read_dataset(group, name, shape, self.variables[0].dtype)
                for name, shape in zip(self.names, self.shapes(), strict=True)
            ]
        )
        return dict(zip(self.variables, arrays, strict=True))

    def shapes(self) -> list[tuple[int, ...]]:
        """Of the datasets."""
        return [variable.shape for variable in self.variables]

    def made(self, arrays: list[Array]) -> list[Array]:
        """The values of the variables."""
        return arrays


class _CuDNN(Part):
    """Of `kernel [F, G U], recurrent_kernel [U, G U], bias [2 G U]`."""

    def shapes(self) -> list[tuple[int, ...]]:
        kernel, recurrent_kernel, _ = super().shapes()
        return [kernel, recurrent_kernel, (2 * kernel[1],)]

    def made(self, arrays: list[Array]) -> list[Array]:
        kernel, recurrent_kernel, bias = arrays
        gates = _GATES[_cell(self.variables[0])]
        matrices = [gate.reshape(gate.shape[::-1]).T for gate in np.split(kernel, gates, axis=1)]
        recurrent = [gate.T for gate in np.split(recurrent_kernel, gates, axis=1)]
        both = bias.reshape(2, -1)
        return [np.hstack(matrices), np.hstack(recurrent), both if gates == 3 else both[0] + both[1]]


class _GateByGate(Part):
    """Of `kernel [F, U], recurrent_kernel [U, U], bias [U]` of every gate."""

    def shapes(self) -> list[tuple[int, ...]]:
        gates = len(self.names) // 3
        return [(*shape[:-1], shape[-1] // gates) for shape in super().shapes()] * gates

    def made(self, arrays: list[Array]) -> list[Array]:
        order = _ORDER_OF_KERAS_1[_cell(self.variables[0])]
        return [np.concatenate([arrays[3 * gate + i] for gate in order], axis=-1) for i in range(3)]


def parts(group: Any, names: list[str], variables: list[Variable], old: bool) -> list[Part] | None:
    """What makes the variables of a layer; None where the number of datasets is not right.

    Args:
        group: of the layer.
        names: of its datasets, in order.
        variables: in order.
        old: whether Keras 1 wrote the file.
    """
    by_gates = old and len(names) > len(variables)
    found: list[Part] = []
    names, variables = list(names), list(variables)
    while variables:
        three = variables[:3]
        gates = _GATES.get(_cell(three[0])) if len(three) == 3 else None
        if gates and [each.name for each in three] == ["kernel", "recurrent_kernel", "bias"]:
            kind: type[Part] = _GateByGate if by_gates else Part
            count = 3 * gates if by_gates else 3
            if kind is Part and len(names) >= 3 and _is_cudnn(group, names[2], three):
                kind = _CuDNN
            found.append(kind(names[:count], three))
        else:
            three, count = variables[:1], 1
            found.append(Part(names[:1], three))
        if len(names) < count:
            return None
        names, variables = names[count:], variables[len(three) :]
    return None if names else found


def _is_cudnn(group: Any, name: str, cell: list[Variable]) -> bool:
    shape: tuple[int, ...] = hdf5.open_dataset(group, name).shape
    return shape == (2 * cell[0].shape[1],)


def _cell(variable: Variable) -> str:
    return f"/{variable.path}".split("/")[-2]
