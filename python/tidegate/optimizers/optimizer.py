"""What optimizers share: the learning rate, the slots of every variable, clipping, weight decay.

A step of a training run is clip -> weight decay -> update -> constraint. The update of one weight is one pass
of native code, which returns a new array for the weight and writes into its slots.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import nearest
from tidegate.utils.configured import Configured
from tidegate.utils.naming import auto_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.variable import Array, Variable

# Arguments of Keras that come later, with the only value they have today.
_LATER = {
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class Optimizer(Configured):
    """Base of the optimizers.

    Args:
        learning_rate: a number; kept as float32, as in Keras.
        weight_decay: before each update a weight loses this share of itself times the learning rate; None
            for none.
        clipnorm: the greatest norm that the gradient of one weight may have.
        clipvalue: the greatest absolute value that an element of a gradient may have.
        global_clipnorm: the greatest norm that all gradients together may have. Only one of the three may
            be given.
        name: the class in snake case when None.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
        "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: float,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **others: Any,
    ) -> None:
        if "lr" in others:
            warnings.warn(f"{type(self).__name__}: `lr` is the old name of `learning_rate`", stacklevel=3)
            learning_rate = others.pop("lr")
        self._refuse(others)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            raise ValueError(
                f"{type(self).__name__}: only one of `clipnorm`, `clipvalue` and `global_clipnorm` "
                f"can be set; received {clips}"
            )
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.learning_rate = learning_rate
        self.iterations = 0
        self.built = False
        self._places: dict[Variable, int] = {}  # of each variable in the lists of slots
        self.slots: dict[str, list[Array]] = {}

    @property
    def learning_rate(self) -> float:
        """The rounding to float32 of what was assigned."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        number = np.asarray(value)
        if number.ndim or number.dtype.kind not in "fiu":
            raise ValueError(
                f"{type(self).__name__}: argument `learning_rate` expected a number; received {value!r}"
            )
        self._learning_rate = float(np.float32(number))

    def get_config(self) -> dict[str, Any]:
        """The arguments in the order of Keras's files, with those that come later at their defaults."""
        return {key: _LATER[key] if key in _LATER else getattr(self, key) for key in self.config_keys}

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """The slots of a variable, grouped as files store them: within a group variable by variable, group by
        group.
        """
        return ()

    def update(self, w: Array, g: Array, place: int) -> Array:
        """The new value of the weight `w` with the gradient `g`, updating the slots at `place`."""
        raise NotImplementedError

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots, all zeros, for the trainable variables of a model."""
        self._places = {variable: place for place, variable in enumerate(variables)}
        names = (name for group in self.slot_names() for name in group)
        self.slots = {name: [np.zeros(each.shape, each.dtype) for each in variables] for name in names}
        self.built = True

    def apply(self, gradients: Sequence[Array | None], variables: Sequence[Variable]) -> None:
        """One step: replace every variable's value.

        Args:
            gradients: one for each variable, in its shape and dtype; None leaves the variable as it is.
            variables: those that the optimizer was built for, or some of them; the first call builds it.

        Raises:
            ValueError: a variable that it was not built for, or no gradient at all.
        """
        if not self.built:
            self.build(variables)
        pairs = [(g, variable) for g, variable in zip(gradients, variables, strict=True) if g is not None]
        if not pairs:
            raise ValueError(
                f"{self.name}: argument `gradients` expected at least one gradient; received none"
            )
        for _, variable in pairs:
            if variable not in self._places:
                raise ValueError(
                    f"Unknown variable `{variable.path}`: {self.name} can only be applied to the variables "
                    "it was built for; make a new optimizer for a new model."
                )
        clipped = self._clip([g for g, _ in pairs])
        for g, (_, variable) in zip(clipped, pairs, strict=True):
            w = variable.value
            if self.weight_decay is not None:
                w = w - w * (self.weight_decay * self._learning_rate)
            w = self.update(w, g, self._places[variable])
            if variable.constraint is not None:
                with np.errstate(all="ignore"):
                    w = variable.constraint(w)
            variable.assign(w)
        self.iterations += 1

    @property
    def variables(self) -> list[Array]:
        """The state as arrays in the order of a `.keras` file: iteration, learning rate, slots (copies)."""
        slots = [slot.copy() for slot in self._slots_in_file_order()]
        return [np.array(self.iterations, np.int64), np.array(self._learning_rate, np.float32), *slots]

    def variable_shapes(self) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and dtype of each of `variables`."""
        slots = [(slot.shape, slot.dtype) for slot in self._slots_in_file_order()]
        return [((), np.dtype(np.int64)), ((), np.dtype(np.float32)), *slots]

    def set_variables(self, values: Sequence[Array]) -> None:
        """Take a state that `variables` gave; only the first two of an optimizer that had taken no step are
        enough.

        Raises:
            ValueError: another number of arrays, or one of another shape; nothing is changed then.
        """
        expected = self.variable_shapes()
        if len(values) not in (2, len(expected)):
            raise ValueError(f"{self.name} has {len(expected)} variables; received {len(values)}")
        for place, (value, (shape, _)) in enumerate(zip(values, expected, strict=False)):
            if np.shape(value) != shape:
                raise ValueError(
                    f"{self.name}: variable {place} expected shape {shape}; received {np.shape(value)}"
                )
        self.iterations = int(values[0])
        self.learning_rate = values[1]
        for slot, value in zip(self._slots_in_file_order(), values[2:], strict=False):
            slot[...] = value

    def _slots_in_file_order(self) -> list[Array]:
        return [
            self.slots[name][place]
            for group in self.slot_names()
            for place in range(len(self._places))
            for name in group
        ]

    def _clip(self, gradients: list[Array]) -> list[Array]:
        with np.errstate(all="ignore"):
            if self.clipnorm:
                return [g * g.dtype.type(_scale(_norm([g]), self.clipnorm)) for g in gradients]
            if self.global_clipnorm:
                norm = _norm(gradients)
                # An infinite norm has no direction left: everything becomes NaN, as in Keras.
                scale = _scale(norm, self.global_clipnorm) + (norm - norm)
                return [g * g.dtype.type(scale) for g in gradients]
            if self.clipvalue:
                return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def _refuse(self, others: dict[str, Any]) -> None:
        owner = type(self).__name__
        for name, value in others.items():
            if name not in _LATER:
                raise ValueError(f"{owner}: unrecognized argument `{name}`.{nearest(name, self.config_keys)}")
            if value != _LATER[name]:
                raise ValueError(
                    f"{owner}: argument `{name}` is not supported yet; expected {_LATER[name]!r}, "
                    f"received {value!r}"
                )


def _norm(gradients: list[Array]) -> Any:
    """The Euclidean norm of all of them together; NaN or an infinity where one of them has it."""
    return np.sqrt(np.sum([np.sum(np.square(g), dtype=np.float64) for g in gradients]))


def _scale(norm: Any, limit: float) -> Any:
    """What brings a norm down to the limit; 1 for a norm that is below it."""
    return limit / np.maximum(norm, limit)
