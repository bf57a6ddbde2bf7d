"""What an optimizer keeps from step to step, and what a file has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.utils.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.variable import Array, Variable


class State(Configured):
    """The count of calls, and arrays ("slots") for every variable.

    Attributes:
        batches: calls of `apply`.
        slots: by name, an array for each variable; None where a variable has not that slot.
        shared: state that belongs to no variable; last in a file.
    """

    name: str
    use_ema: bool
    gradient_accumulation_steps: int | None
    _rate: Any

    def __init__(self) -> None:
        self.batches = 0
        self.built = False
        self._places: dict[Variable, int] = {}  # of each variable in the lists of slots
        self.slots: dict[str, list[Any]] = {}
        self.shared: list[Array] = []
        self._averages_shown = False  # in the variables' place, whose values are in the slots

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """The slots of a variable, grouped as files store them: within a group variable by variable, group by
        group.
        """
        return ()

    def new_slot(self, name: str, variable: Variable) -> Array:
        """What a slot of a variable holds before the first step."""
        return np.zeros(variable.shape, variable.dtype)

    def has_slot(self, name: str, variable: Variable) -> bool:
        """Whether this variable has the slot; where it has not, there is None."""
        return True

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots for the trainable variables of a model."""
        self._places = {variable: place for place, variable in enumerate(variables)}
        names = (name for group in self._groups() for name in group)
        self.slots = {
            name: [self.new_slot(name, each) if self.has_slot(name, each) else None for each in variables]
            for name in names
        }
        self.built = True
        self._averages_shown = False

    @property
    def variables(self) -> list[Array]:
        """The state as arrays in the order of a `.keras` file (copies): the calls so far, the learning rate
        if it is a number, slots.
        """
        return [*self._scalars(), *(slot.copy() for slot in self._slots_in_file_order())]

    def variable_shapes(self) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and dtype of each of `variables`."""
        return [(each.shape, each.dtype) for each in (*self._scalars(), *self._slots_in_file_order())]

    def expects(self, count: int) -> list[tuple[tuple[int, ...], np.dtype[Any]]] | None:
        """Shape and dtype of each array of a state of so many: of all, or of those that there are before the
        first step. None where there is no such state.
        """
        shapes = self.variable_shapes()
        return shapes[:count] if count in (len(self._scalars()), len(shapes)) else None

    def check_state(self, values: Sequence[Array]) -> None:
        """ValueError for arrays that are no state."""
        expected = self.expects(len(values))
        if expected is None:
            raise ValueError(
                f"{self.name} has {len(self.variable_shapes())} variables; received {len(values)}"
            )
        for place, (value, (shape, _)) in enumerate(zip(values, expected, strict=True)):
            if np.shape(value) != shape:
                raise ValueError(
                    f"{self.name}: variable {place} expected shape {shape}; received {np.shape(value)}"
                )

    def set_variables(self, values: Sequence[Array]) -> None:
        """Take a state that `variables` gave; of an optimizer that had taken no step, what comes before the
        slots is enough, and the slots begin anew.

        Raises:
            ValueError: another number of arrays, or one of another shape; nothing is changed then.
        """
        self.check_state(values)
        scalars = len(self._scalars())
        self.batches = int(values[0])
        if scalars == 2:
            self._set_rate(values[1])
        if self.built and len(values) == scalars:
            self.build(list(self._places))
        for slot, value in zip(self._slots_in_file_order(), values[scalars:], strict=False):
            slot[...] = value

    def _set_rate(self, value: Any) -> None:
        raise NotImplementedError

    def _scalars(self) -> list[Array]:
        calls = np.array(self.batches, np.int64)
        return [calls, np.array(self._rate, np.float32)] if isinstance(self._rate, float) else [calls]

    def _groups(self) -> tuple[tuple[str, ...], ...]:
        """All slots, those that optimizers share first."""
        shared = {"average": self.use_ema, "gradient_accumulator": self.gradient_accumulation_steps}
        return (*((name,) for name, used in shared.items() if used), *self.slot_names())

    def _slots_in_file_order(self) -> list[Array]:
        slots = [
            self.slots[name][place]
            for group in self._groups()
            for place in range(len(self._places))
            for name in group
        ]
        return [slot for slot in slots if slot is not None] + self.shared
