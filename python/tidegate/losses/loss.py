"""What losses share: bringing targets and predictions together, sample weights, the mean over a batch.

A loss has two halves that are read together: `call`, the value of every sample, and `gradient`, the
derivative of that value by the sample's own predictions. Everything between them and one number is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.derivatives import is_box
from tidegate.inputs import floating, integer, numeric
from tidegate.utils.configured import Configured
from tidegate.utils.naming import auto_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.variable import Array

_REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


class Loss(Configured):
    """Base of the losses; to make one, write `call`, and `gradient` too where autograd shall not find it.

    Args:
        name: what logs call it; the class in snake case when None.
        reduction: how the samples' values become one number. "sum_over_batch_size" and "mean" divide
            their sum by their count (timesteps count as samples, weights do not change the count),
            "mean_with_sample_weight" by the sum of the weights, "sum" by nothing. None and "none" leave the
            values as they are.
        dtype: accepted for Keras's sake; a loss is computed in the dtype of the predictions.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction")
    keras_omits: ClassVar[dict[str, Any]] = {}  # default of each argument that Keras's configurations lack
    broadcasts: ClassVar[bool] = False  # whether a target axis of length 1 stands for all along it
    axis: Any = -1  # of the predictions: the axis, or the axes, that one value is made of; None for all

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f"{type(self).__name__}: argument `reduction` expected one of {_REDUCTIONS}; "
                f"received {reduction!r}"
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction

    def get_config(self) -> dict[str, Any]:
        """Keras's entries, and those that Keras leaves out where they are not the default."""
        config, omitted = super().get_config(), self.keras_omits
        return {key: value for key, value in config.items() if key not in omitted or value != omitted[key]}

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """The value of every sample.

        Args:
            y_true: [B, ..., K] or what the loss takes for it, in the dtype of `y_pred`.
            y_pred: [B, ..., K], float32 or float64.

        Returns:
            [B, ...]: `axis`, mostly the last, is gone.
        """
        raise NotImplementedError

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        """[B, ..., K]: the derivative of each value that `call` returns by the predictions that it was made
        of.
        """
        raise NotImplementedError

    def backward(self, y_true: Array, y_pred: Array, d_values: Array) -> Array:
        """[B, ..., K]: the gradient of the predictions from that of the values, [B, ...].

        Here a prediction is in one value only; a loss where it is in many writes this and no `gradient`.
        """
        if self.axis == -1:
            d_values = d_values[..., np.newaxis]
        elif self.axis is not None:
            d_values = np.expand_dims(d_values, self.axis)
        return np.asarray(self.gradient(y_true, y_pred) * d_values)

    def valid(self, y_true: Array, values: Array) -> Array | None:
        """bool [B, ...], True where a value counts in the mean; None where all do."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Array | None = None) -> Any:
        """The loss of a batch: a float, or the values [B, ...] when the reduction is None.

        Args:
            y_true, y_pred: targets and predictions.
            sample_weight: what each value is multiplied by.
            mask: bool [B, T], True where a timestep counts; the others are not in the mean.

        Raises:
            ValueError: shapes that do not go together, or labels out of range.
        """
        if is_box(y_pred):
            return automatic().followed(self, y_true, y_pred, sample_weight, mask)
        y_true, y_pred = self._aligned(y_true, y_pred)
        with np.errstate(all="ignore"):  # an infinity or a NaN goes where the equations send it, in silence
            values = self._values(y_true, y_pred)
            values = values * self._factor(values, sample_weight, mask, self.valid(y_true, values))
        return values if self.reduction in (None, "none") else float(np.sum(values, dtype=np.float64))

    def value_and_gradient(
        self, y_true: Any, y_pred: Array, sample_weight: Any = None, mask: Array | None = None
    ) -> tuple[float, Array]:
        """The loss of a batch and `d_y_pred`, its derivative by `y_pred`, in the shape and dtype of `y_pred`.

        Raises ValueError as calling the loss does, and for a loss without a reduction, which has no single
        derivative.
        """
        if self.reduction in (None, "none"):
            raise ValueError(f"{self.name}: training needs a `reduction`; received {self.reduction!r}")
        values, factor, backward = self.values_and_backward(y_true, y_pred, sample_weight, mask)
        with np.errstate(all="ignore"):
            value = float(np.sum(values * factor, dtype=np.float64))
            d_y_pred = backward(factor if factor.shape == values.shape else np.sum(factor))
        return value, d_y_pred

    def values_and_backward(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Array | None = None
    ) -> tuple[Array, Array, Callable[[Array], Array]]:
        """The values, the factor of each in the loss, and the function from their gradient to that of
        `y_pred`.
        """
        shape = np.shape(y_pred)
        y_true, y_pred = self._aligned(y_true, y_pred)
        with np.errstate(all="ignore"):
            values = self._values(y_true, y_pred)
            factor = self._factor(values, sample_weight, mask, self.valid(y_true, values))

        def backward(d_values: Array) -> Array:
            if self.automatic:
                d_y_pred = automatic().backward(self.call, y_true, y_pred, d_values, self.name)
            else:
                d_y_pred = self.backward(y_true, y_pred, d_values)
            return np.ascontiguousarray(d_y_pred).reshape(shape)

        return values, factor, backward

    @property
    def automatic(self) -> bool:
        """Whether autograd finds the gradient: a class of the user's need not have one."""
        own = type(self)
        return own.gradient is Loss.gradient and own.backward is Loss.backward

    def _aligned(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        """A user's `call` without a `gradient` gets targets and predictions as they are."""
        given = as_floats(y_true, y_pred)
        as_they_are = self.automatic and type(self).align is Loss.align
        return given if as_they_are else self.align(*given)

    def _values(self, y_true: Array, y_pred: Array) -> Array:
        values: Array = (
            automatic().call(self.call, y_true, y_pred, self.name)
            if self.automatic
            else self.call(y_true, y_pred)
        )
        return values

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Targets and predictions of one shape; raises ValueError when they cannot be."""
        if y_true.shape != y_pred.shape:
            y_true, y_pred = same_rank(y_true, y_pred)
            if (
                self.broadcasts
                and y_true.ndim == y_pred.ndim
                and all(n in (1, m) for n, m in zip(y_true.shape, y_pred.shape, strict=True))
            ):
                y_true = np.broadcast_to(y_true, y_pred.shape)
        if y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: arguments `y_true` and `y_pred` expected the same shape; "
                f"received {y_true.shape} and {y_pred.shape}"
            )
        self.check_axis(y_pred)
        return y_true, y_pred

    def check_axis(self, y_pred: Array) -> None:
        """Raises ValueError where the predictions have no such axis."""
        axes = self.axis if isinstance(self.axis, (tuple, list)) else [] if self.axis is None else [self.axis]
        for axis in axes:
            if not -y_pred.ndim <= axis < y_pred.ndim:
                raise ValueError(
                    f"{self.name}: argument `axis` expected an axis of the predictions {y_pred.shape}; "
                    f"received {self.axis!r}"
                )

    def _factor(self, values: Array, sample_weight: Any, mask: Array | None, valid: Array | None) -> Array:
        """What each value is multiplied by before they are summed, [B, ...]: weight over count.

        A loss of a single number stands for as many values as there are weights.
        """
        if mask is not None and values.ndim and mask.shape != values.shape:
            raise ValueError(
                f"{self.name}: the predictions have a mask {mask.shape}, one for each timestep; "
                f"expected as many losses, received {values.shape}"
            )
        if valid is not None:
            mask = valid if mask is None else mask & valid
        if mask is not None:
            sample_weight = masked_weight(sample_weight, mask)
        summed = self.reduction in (None, "none", "sum")
        if sample_weight is None:
            one = values.dtype.type(1)
            return np.full_like(values, one if summed else one / values.dtype.type(max(values.size, 1)))
        given = numeric(np.asarray(sample_weight), "sample_weight").astype(values.dtype)
        weight = given
        if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if values.ndim and (
            weight.ndim not in (0, values.ndim)
            or any(n not in (1, m) for n, m in zip(weight.shape, values.shape, strict=False))
        ):
            raise ValueError(
                f"{self.name}: argument `sample_weight` expected one weight for each of the losses "
                f"{values.shape}; received shape {given.shape}"
            )
        total = float(np.sum(weight, dtype=np.float64))
        weight = np.broadcast_to(weight, values.shape if values.ndim else weight.shape)
        if summed:
            return weight
        if self.reduction != "mean_with_sample_weight":
            total = float(weight.size if mask is None else np.count_nonzero(mask))
        return np.asarray(weight / total if total else np.zeros_like(weight))


def automatic() -> Any:
    """The module for losses without a gradient of their own."""
    from tidegate.losses import automatic

    return automatic


def masked_weight(sample_weight: Any, mask: Array) -> Array:
    """Sample weights that are zero where `mask`, bool [B, T], is False; weights [B] are those of whole
    rows, where Keras fails.
    """
    if sample_weight is None:
        return mask
    weight = numeric(np.asarray(sample_weight), "sample_weight")
    if weight.ndim == mask.ndim + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    elif weight.ndim == mask.ndim - 1:
        weight = weight[..., np.newaxis]
    if any(length not in (1, steps) for length, steps in zip(weight.shape, mask.shape, strict=False)):
        raise ValueError(
            "argument `sample_weight` expected one weight for each row, or for each of the timesteps "
            f"{mask.shape}; received shape {weight.shape}"
        )
    return weight * mask


def real(value: Any, name: str, owner: str) -> Any:
    """`value`, which must be a finite number; ValueError if it is none."""
    kinds = (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, kinds) or not np.isfinite(value):
        raise ValueError(f"{owner}: argument `{name}` expected a finite number; received {value!r}")
    return value.item() if isinstance(value, np.generic) else value


def one_axis(value: Any, owner: str) -> int:
    """`value` as the number of an axis; ValueError if it is none."""
    axis = integer(value)
    if axis is None:
        raise ValueError(f"{owner}: argument `axis` expected an integer; received {value!r}")
    return axis


def same_rank(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Give both the same number of axes where one has a last axis of length 1 that the other lacks.

    Next to a vector the other gets the axis, otherwise the axis is dropped: [B] and [B, 1] meet as [B,
        1], but [B, T]
    and [B, T, 1] as [B, T], where the loss of a row is over its T steps. So does Keras.
    """
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        return (y_true[:, np.newaxis], y_pred) if y_true.ndim == 1 else (y_true, y_pred[..., 0])
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        return (y_true, y_pred[:, np.newaxis]) if y_pred.ndim == 1 else (y_true[..., 0], y_pred)
    return y_true, y_pred


def as_floats(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Both as arrays of one dtype: that of the predictions, where all but float64 is taken as float32."""
    y_pred = np.asarray(y_pred)
    dtype = np.dtype(np.float64 if y_pred.dtype == np.float64 else np.float32)
    y_pred = floating(y_pred, dtype, "y_pred")
    y_true = floating(np.asarray(y_true), dtype, "y_true")
    if not y_pred.ndim:
        raise ValueError("Argument `y_pred` expected at least one axis; received a single number")
    return y_true, y_pred
