"""What metrics share: a running mean over everything they were shown since the last reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.initializers import get as initializer_of
from tidegate.inputs import numeric
from tidegate.losses.loss import as_floats
from tidegate.saving.registration import meant
from tidegate.utils.configured import Configured
from tidegate.utils.naming import auto_name
from tidegate.variable import Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from tidegate.variable import Array


class Metric(Configured):
    """Base of the metrics; to make one, write `update_state` and `result` over Variables of `add_weight`.

    Args:
        name: what logs call it; the class in snake case when None.
        dtype: accepted for Keras's sake; sums are kept in float64.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype")
    direction: ClassVar[str] = "min"  # which way is better, for callbacks with mode="auto"

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.dtype = "float32" if dtype is None else dtype
        self._variables: list[Variable] = []

    @property
    def variables(self) -> list[Variable]:
        """What `add_weight` has made."""
        return [*self._variables]

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A Variable that `reset_state` sets to zeros.

        Args:
            initializer: of its first value, zeros when None.
            dtype: the metric's when None.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        value = initializer_of(initializer or "zeros")(shape, dtype or self.dtype)  # type: ignore[misc]
        variable = Variable(value, name or auto_name("Variable"), trainable=False)
        self._variables.append(variable)
        return variable

    add_variable = add_weight

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch."""
        raise NotImplementedError

    def result(self) -> Any:
        """The metric over all batches since the last reset: a float, or an array where it is several."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches: zeros in all Variables."""
        for variable in self._variables:
            variable.assign(np.zeros(variable.shape))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch, as `update_state` does, and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()


class _RunningMean(Metric):
    """A metric that is a weighted mean of one number per sample; 0 before the first."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.reset_state()

    def reset_state(self) -> None:
        self._total = 0.0
        self._count = 0.0

    def result(self) -> float:
        return self._total / self._count if self._count else 0.0

    def accumulate(self, values: Array, sample_weight: Any = None) -> None:
        """Add samples [B, ...], whose axes after the first are averaged, with weights [B, ...] of as many
        axes or fewer.

        Raises:
            ValueError: weights whose shape does not go with the values.
        """
        if sample_weight is None:
            self._total += float(values.mean(dtype=np.float64)) * len(values) if values.size else 0.0
            self._count += len(values)
            return
        weight = numeric(np.asarray(sample_weight), "sample_weight")
        if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if weight.ndim > values.ndim or any(
            n not in (1, m) for n, m in zip(weight.shape, values.shape, strict=False)
        ):
            raise ValueError(
                f"{self.name}: argument `sample_weight` expected a shape that goes with the samples "
                f"{values.shape}; received {weight.shape}"
            )
        if not values.size:
            return
        if values.ndim > weight.ndim:
            values = values.mean(axis=tuple(range(weight.ndim, values.ndim)), dtype=np.float64)
        weight = np.broadcast_to(weight, values.shape).astype(np.float64)
        self._total += (
            float((values * weight).mean()) * len(values) if values.ndim else float(values * weight)
        )
        self._count += float(weight.mean()) * len(values) if values.ndim else float(weight)


class Mean(_RunningMean):
    """The weighted mean of the numbers that it is shown, whatever they are."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in numbers of any shape; only those of one sample, along the first axis, share a weight."""
        self.accumulate(np.atleast_1d(numeric(np.asarray(values), "values")), sample_weight)


class Sum(Metric):
    """The weighted sum of the numbers that it is shown."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.reset_state()

    def reset_state(self) -> None:
        self._total = 0.0

    def result(self) -> float:
        return self._total

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in numbers of any shape, with weights of as many axes or fewer."""
        values = np.atleast_1d(numeric(np.asarray(values), "values"))
        weight = weights_of(sample_weight, values.shape, self.name)
        self._total += float(np.sum(values * weight, dtype=np.float64))


def weights_of(sample_weight: Any, shape: tuple[int, ...], owner: str) -> Array:
    """Weights as float64 that broadcast to samples of this shape: axes that they lack are the last ones.

    Raises ValueError for a shape that does not.
    """
    if sample_weight is None:
        return np.ones((1,) * len(shape))
    weight = numeric(np.asarray(sample_weight), "sample_weight").astype(np.float64)
    found = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    if found.ndim == len(shape) + 1 and found.shape[-1] == 1:
        found = found[..., 0]
    if found.ndim != len(shape) or any(n not in (1, m) for n, m in zip(found.shape, shape, strict=False)):
        raise ValueError(
            f"{owner}: argument `sample_weight` expected a shape that goes with the samples {shape}; "
            f"received {weight.shape}"
        )
    return np.asarray(found)


class PairMetric(_RunningMean):
    """A mean over samples of a function of target and prediction: `measure`."""

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        """[B, ...] from targets and predictions, both float32 or both float64."""
        raise NotImplementedError

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch; raises ValueError for shapes that do not go together."""
        y_true, y_pred = as_floats(y_true, y_pred)
        with np.errstate(all="ignore"):
            self.accumulate(self.measure(y_true, y_pred), sample_weight)

    def refuse(self, y_true: Array, y_pred: Array) -> ValueError:
        """The error for shapes that do not go together."""
        return ValueError(
            f"{self.name}: arguments `y_true` and `y_pred` expected shapes that go together; "
            f"received {y_true.shape} and {y_pred.shape}"
        )


class MeanMetricWrapper(PairMetric):
    """The mean of what a function of targets and predictions gives.

    Args:
        fn: a function of two arrays that gives an array [B, ...], a number for each sample, or one number.
        kwargs: its further arguments.
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self._fn = fn
        self._kwargs = kwargs

    def get_config(self) -> dict[str, Any]:
        """With the function by its name: that of `tidegate.metrics`, or what the program calls it."""
        from tidegate.saving import objects

        return {**super().get_config(), "fn": objects.serialize(self._fn), **self._kwargs}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        from tidegate.metrics.functions import FUNCTIONS

        fn = config.get("fn")
        name = fn.get("config") if isinstance(fn, dict) else fn
        named = meant(name)
        function = FUNCTIONS.get(named) if isinstance(named, str) else named
        if not callable(function):
            raise ValueError(
                f"{cls.__name__}: argument `fn` expected a function of metrics, or one that is registered; "
                f"received {fn!r}"
            )
        return cls(**{**config, "fn": function})

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        values = np.atleast_1d(np.asarray(self._fn(y_true, y_pred, **self._kwargs)))
        if values.dtype.kind not in "fiub":
            raise TypeError(f"{self.name}: the function must give numbers; received {values!r:.200}")
        return values
