"""What optimizers that hand the work to others have in common: their state and their averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.variable import Array


class Wrapper(Optimizer):
    """Base of them; `inner` are the optimizers that they hand the work to, in the order of a file.

    A file has the wrapper's calls, a learning rate that means nothing, its shared arrays, and then the states
    of the inner optimizers.
    """

    inner: list[Optimizer]

    def __init__(self, inner: list[Optimizer], name: str | None, loss_scale_factor: float | None) -> None:
        super().__init__(0.0, name=name, loss_scale_factor=loss_scale_factor)
        self.inner = inner

    @property
    def averages(self) -> bool:
        return any(each.averages for each in self.inner)

    def show_averages(self, shown: bool) -> None:
        for each in self.inner:
            if each.averages:
                each.show_averages(shown)

    @property
    def variables(self) -> list[Array]:
        own = [*self._scalars(), *(each.copy() for each in self.shared)]
        return [*own, *(array for each in self.inner for array in each.variables)]

    def variable_shapes(self) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        return [(array.shape, array.dtype) for array in self.variables]

    def expects(self, count: int) -> list[tuple[tuple[int, ...], np.dtype[Any]]] | None:
        before = [*self._scalars(), *(array for each in self.inner for array in each._scalars())]
        if count == len(before):
            return [(array.shape, array.dtype) for array in before]
        shapes = self.variable_shapes()
        return shapes if count == len(shapes) else None

    def set_variables(self, values: Sequence[Array]) -> None:
        self.check_state(values)
        begun = len(values) == len(self.variable_shapes())
        shared = self.shared if begun else []
        self.batches = int(values[0])
        for array, value in zip(shared, values[2:], strict=False):
            array[...] = value
        rest = values[2 + len(shared) :]
        for each in self.inner:
            count = len(each.variable_shapes() if begun else each._scalars())
            each.set_variables(rest[:count])
            rest = rest[count:]


def check_inner(optimizer: Any, name: str, owner: str) -> None:
    """ValueError for what cannot be inside of a wrapper."""
    if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Wrapper):
        raise ValueError(
            f"{owner}: argument `{name}` expected an optimizer, none around others; received {optimizer!r}"
        )


def each_once(optimizers: Iterable[Optimizer]) -> list[Optimizer]:
    return list(dict.fromkeys(optimizers))
