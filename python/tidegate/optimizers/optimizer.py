"""What optimizers share: the learning rate, the slots of every variable, clipping, weight decay, averages.

A step of a training run is accumulate -> clip -> weight decay -> update -> average -> constraint. The update
of one weight is one pass of native code, which returns a new array for the weight and writes into its slots.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import nearest, warn
from tidegate.optimizers import schedules
from tidegate.optimizers.clipping import clip
from tidegate.optimizers.rate import Rate
from tidegate.optimizers.state import State
from tidegate.utils.naming import auto_name
from tidegate.variable import changing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.variable import Array, Variable


class Optimizer(State):
    """Base of the optimizers.

    Args:
        learning_rate: a number, kept as float32, as in Keras; a schedule of `optimizers.schedules`; or a
            function without arguments, of which files have the name only.
        weight_decay: before each update a weight loses this share of itself times the learning rate; None
            for none.
        clipnorm: the greatest norm that the gradient of one weight may have.
        clipvalue: the greatest absolute value that an element of a gradient may have.
        global_clipnorm: the greatest norm that all gradients together may have. Only one of the three may
            be given.
        use_ema: whether a running mean of each weight is kept, which takes its place when `fit` ends.
        ema_momentum: from 0 to 1, how much of that mean a step keeps.
        ema_overwrite_frequency: every so many steps the means take the place of the weights too.
        loss_scale_factor: what gradients are greater by on their way back through the model.
        gradient_accumulation_steps: of so many calls, at least 2, one changes the weights, by the mean of
            their gradients.
        name: the class in snake case when None.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
        "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **others: Any,
    ) -> None:
        owner = type(self).__name__
        if "lr" in others:
            warn(f"{owner}: `lr` is the old name of `learning_rate`")
            learning_rate = others.pop("lr")
        if others.pop("decay", None) is not None:
            warn(f"{owner}: argument `decay` is ignored, as in Keras 3")
        for unknown in others:
            raise ValueError(
                f"{owner}: unrecognized argument `{unknown}`.{nearest(unknown, self.config_keys)}"
            )
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            raise ValueError(
                f"{owner}: only one of `clipnorm`, `clipvalue` and `global_clipnorm` "
                f"can be set; received {clips}"
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(
                f"{owner}: argument `ema_momentum` expected a number from 0 to 1; received {ema_momentum!r}"
            )
        if ema_overwrite_frequency is not None:
            _check_count(ema_overwrite_frequency, 1, "ema_overwrite_frequency", owner)
        if gradient_accumulation_steps:
            _check_count(gradient_accumulation_steps, 2, "gradient_accumulation_steps", owner)
        super().__init__()
        self.name = name or auto_name(owner)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._rate: Any = 0.0  # a number, a schedule or a function
        self._set_rate(learning_rate)
        self._without_decay: tuple[set[Variable], re.Pattern[str] | None] = (set(), None)

    @property
    def iterations(self) -> int:
        """Steps that changed the weights."""
        return self.batches // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> float:
        """Of the next call of `apply`, rounded to float32; a `Rate`, which takes `assign` too."""
        return Rate.of(self, self._present_rate())

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._set_rate(value)

    def _present_rate(self) -> float:
        if isinstance(self._rate, float):
            return self._rate
        scheduled = isinstance(self._rate, schedules.LearningRateSchedule)
        with np.errstate(all="ignore"):
            return float(np.float32(self._rate(self.batches) if scheduled else self._rate()))

    @property
    def lr(self) -> float:
        """The learning rate by its older name."""
        warn("`optimizer.lr` is called `optimizer.learning_rate` now")
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        warn("`optimizer.lr` is called `optimizer.learning_rate` now")
        self.learning_rate = value

    def _set_rate(self, value: Any) -> None:
        owner = type(self).__name__
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        if callable(value):
            self._rate = value
            return
        number = np.asarray(value)
        if number.ndim or number.dtype.kind not in "fiu":
            raise ValueError(
                f"{owner}: argument `learning_rate` expected a number or a schedule; received {value!r}"
            )
        if isinstance(self._rate, schedules.LearningRateSchedule):
            raise TypeError(
                f"{owner}: the learning rate follows {type(self._rate).__name__}; it can be set only "
                "where it was a number"
            )
        self._rate = float(np.float32(number))

    def learning_rates(self) -> dict[str, float]:
        """The learning rate by its name in logs; of several optimizers in one, several."""
        return {"learning_rate": float(self.learning_rate)}

    def get_config(self) -> dict[str, Any]:
        """The arguments in the order of Keras's files."""
        from tidegate.saving import objects

        return super().get_config() | {"learning_rate": objects.serialize(self._rate)}

    def update(self, w: Array, g: Array, place: int) -> Array:
        """The new value of the weight `w` with the gradient `g`, updating the slots at `place`."""
        raise NotImplementedError

    def decay_of(self, variable: Variable) -> float | None:
        """The weight decay of a variable that is not excluded from it."""
        return self.weight_decay

    def begin_step(self) -> None:
        """What a step does once, before it updates the weights."""

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave variables out of weight decay.

        Args:
            var_list: these.
            var_names: those in whose name one of these regular expressions is found, such as "bias".
        """
        pattern = "|".join(var_names or ())
        self._without_decay = (set(var_list or ()), re.compile(pattern) if pattern else None)

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
        # Of arrays without axes NumPy's arithmetic makes plain numbers.
        pairs = [
            (np.asarray(g), variable)
            for g, variable in zip(gradients, variables, strict=True)
            if g is not None
        ]
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
        self.show_averages(False)  # an evaluation that showed them may have been broken off
        with np.errstate(all="ignore"):  # beyond the range is an infinity, in silence as everywhere
            self._step([g for g, _ in pairs], [variable for _, variable in pairs])
        self.batches += 1

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Put the running means in the place of the variables, where `use_ema` keeps them."""
        if not self.use_ema:
            return
        for variable in var_list:
            average = self.slots["average"][self._places[variable]]
            if self._averages_shown:
                average[...] = variable.value
            else:
                variable.assign(average)
        self._averages_shown = False

    @property
    def averages(self) -> bool:
        """Whether running means of the weights are kept."""
        return self.use_ema

    def show_averages(self, shown: bool) -> None:
        """Exchange the variables and their running means, unless that is how they are; `apply` puts the
        variables back.
        """
        if self.built and shown != self._averages_shown:
            with changing:
                for variable, average in zip(self._places, self.slots["average"], strict=True):
                    value = variable.value
                    variable.assign(average)
                    average[...] = value
            self._averages_shown = shown

    def scale_loss(self, loss: Any) -> Any:
        """A loss, or its gradient, times `loss_scale_factor`; `apply` divides by it again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def _step(self, gradients: list[Array], variables: list[Variable]) -> None:
        if self.loss_scale_factor is not None:
            gradients = [np.asarray(g / g.dtype.type(self.loss_scale_factor)) for g in gradients]
        if self.gradient_accumulation_steps:
            gradients = self._accumulate(gradients, variables, self.gradient_accumulation_steps)
        if gradients:
            self.begin_step()
            for g, variable in zip(
                clip(gradients, self.clipnorm, self.global_clipnorm, self.clipvalue), variables, strict=True
            ):
                w, decay = variable.value, self.decay_of(variable)
                if decay is not None and self._decays(variable):
                    w = w - w * (decay * self.learning_rate)
                variable.take(self.update(np.asarray(w), np.asarray(g), self._places[variable]))
        if self.use_ema:
            self._average()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _accumulate(self, gradients: list[Array], variables: list[Variable], steps: int) -> list[Array]:
        """The means of the gradients since the last update if this call is to make one; else none."""
        sums = [self.slots["gradient_accumulator"][self._places[variable]] for variable in variables]
        for total, g in zip(sums, gradients, strict=True):
            total += g
        if (self.batches + 1) % steps:
            return []
        means = [total / total.dtype.type(steps) for total in sums]
        for total in self.slots["gradient_accumulator"]:
            total[...] = 0
        return means

    def _average(self) -> None:
        keep = self.ema_momentum if self.iterations else 0.0
        for variable, average in zip(self._places, self.slots["average"], strict=True):
            average[...] = keep * average + (1 - keep) * variable.value
        every = self.ema_overwrite_frequency
        if every is not None and (self.iterations + 1) % every == 0:
            self.finalize_variable_values(self._places)

    def _decays(self, variable: Variable) -> bool:
        excluded, pattern = self._without_decay
        return variable not in excluded and not (pattern and pattern.search(variable.name))


def _check_count(value: Any, least: int, name: str, owner: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"{owner}: argument `{name}` expected an integer of at least {least}; received {value!r}"
        )
