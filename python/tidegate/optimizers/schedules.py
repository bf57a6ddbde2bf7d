"""Learning rates that follow the number of the step, by Keras's names and formulas.

A schedule is called with the steps taken so far, which with gradient accumulation are the calls of `apply`,
and gives the rate of the next one in double; the optimizer rounds it to float32. Where a formula has no
finite value, neither has the rate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.utils.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule(Configured):
    """Base of the schedules, and of those that a user writes, which files cannot hold."""

    def __call__(self, step: int) -> float:
        """The learning rate after so many steps."""
        raise NotImplementedError(f"{type(self).__name__} must have a method `__call__(self, step)`")

    def _check_numbers(self, *names: str, positive: bool = False) -> None:
        for name in names:
            self._check_number(name, getattr(self, name), positive)

    def _check_number(self, name: str, value: Any, positive: bool = False) -> None:
        number, expected = np.asarray(value), "a positive number" if positive else "a number"
        if number.ndim or number.dtype.kind not in "fiu" or (positive and not value > 0):
            raise ValueError(
                f"{type(self).__name__}: argument `{name}` expected {expected}; received {value!r}"
            )


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: at step 0.
        decay_steps: steps of one factor `decay_rate`.
        decay_rate: the factor.
        staircase: whether the exponent is rounded down to a whole number.
        name: kept for files.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "initial_learning_rate",
        "decay_steps",
        "decay_rate",
        "staircase",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._check_numbers("initial_learning_rate", "decay_rate")
        self._check_numbers("decay_steps", positive=True)

    def _periods(self, step: int) -> float:
        return step // self.decay_steps if self.staircase else step / self.decay_steps

    def __call__(self, step: int) -> float:
        return float(self.initial_learning_rate * np.float64(self.decay_rate) ** self._periods(step))


class InverseTimeDecay(ExponentialDecay):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Args as of ExponentialDecay.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: int) -> float:
        return float(self.initial_learning_rate / np.float64(1 + self.decay_rate * self._periods(step)))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[k] from the step after boundaries[k - 1] up to the step boundaries[k].

    Args:
        boundaries: increasing steps.
        values: one more than there are boundaries.
        name: kept for files.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("boundaries", "values", "name")

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                "PiecewiseConstantDecay: argument `values` expected one number more than `boundaries`; "
                f"received {len(self.values)} and {len(self.boundaries)}"
            )
        for each in self.boundaries:
            self._check_number("boundaries", each)
        for each in self.values:
            self._check_number("values", each)

    def __call__(self, step: int) -> float:
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


class PolynomialDecay(LearningRateSchedule):
    """(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps)^power + end_learning_rate.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: how many steps it takes.
        end_learning_rate: from there on.
        power: of the polynomial.
        cycle: whether beyond `decay_steps` the least multiple of them that is not passed takes their place.
        name: kept for files.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "initial_learning_rate",
        "decay_steps",
        "end_learning_rate",
        "power",
        "cycle",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        self._check_numbers("initial_learning_rate", "end_learning_rate", "power")
        self._check_numbers("decay_steps", positive=True)

    def __call__(self, step: int) -> float:
        cycles = max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1
        done = min(1.0, step / (cycles * self.decay_steps))
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * np.float64(1 - done) ** self.power + self.end_learning_rate)


class CosineDecay(LearningRateSchedule):
    """Half a cosine from `initial_learning_rate` down to `alpha` of it, after a straight rise if one is asked
    for (Loshchilov, Hutter, ICLR 2017).

    Args:
        initial_learning_rate: at step 0.
        decay_steps: steps of the half wave.
        alpha: the share that is left at its end.
        name: kept for files.
        warmup_target: where the rise ends and the wave begins; None for no rise.
        warmup_steps: steps of the rise.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "initial_learning_rate",
        "decay_steps",
        "alpha",
        "name",
        "warmup_target",
        "warmup_steps",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        self._check_numbers("initial_learning_rate", "alpha", "warmup_steps")
        self._check_numbers("decay_steps", positive=True)
        if warmup_target is not None:
            self._check_numbers("warmup_target")

    def __call__(self, step: int) -> float:
        top, passed = self.initial_learning_rate, float(step)
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return float(top + (self.warmup_target - top) * (step / self.warmup_steps))
            top, passed = self.warmup_target, step - self.warmup_steps
        return float(top * _half_wave(min(1.0, passed / self.decay_steps), self.alpha))


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine again and again, each `t_mul` times as long and `m_mul` times as high (Loshchilov,
    Hutter, ICLR 2017).

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: steps of the first wave.
        t_mul: a wave's length over that of the one before.
        m_mul: its height likewise.
        alpha: the share of `initial_learning_rate` that is left at the end of a wave.
        name: kept for files.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "initial_learning_rate",
        "first_decay_steps",
        "t_mul",
        "m_mul",
        "alpha",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        self._check_numbers("initial_learning_rate", "m_mul", "alpha")
        self._check_numbers("first_decay_steps", "t_mul", positive=True)

    def __call__(self, step: int) -> float:
        passed = step / self.first_decay_steps  # in lengths of the first wave
        if self.t_mul == 1:
            restarts = math.floor(passed)
            done = passed - restarts
        else:
            growth = 1 - passed * (1 - self.t_mul)
            if growth <= 0:
                return math.nan  # waves that get shorter have an end, as in Keras
            # A restart is where this is whole; the rounding of a logarithm must not put it off.
            restarts = math.floor(math.log(growth) / math.log(self.t_mul) + 1e-9)
            length = self.t_mul**restarts
            done = (passed - (1 - length) / (1 - self.t_mul)) / length
        height = float(np.float64(self.m_mul) ** restarts)
        return float(self.initial_learning_rate * _half_wave(done, self.alpha, height))


def _half_wave(done: float, alpha: float, height: float = 1.0) -> float:
    return (1 - alpha) * 0.5 * height * (1 + math.cos(math.pi * done)) + alpha


CLASSES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}


def serialize(schedule: LearningRateSchedule) -> Any:
    """The dictionary that a file stores."""
    from tidegate.saving import objects

    return objects.serialize(schedule)


def deserialize(config: Any) -> LearningRateSchedule:
    """The schedule of a dictionary that `serialize` gave."""
    from tidegate.saving import objects

    return objects.deserialize(config, "schedule")  # type: ignore[no-any-return]
