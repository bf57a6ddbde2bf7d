"""Rescaling, Normalization and CategoryEncoding: numbers made ready for a model, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import floating, numeric, short
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.calling import is_array
from tidegate.layers.kinds import Flag, Kind, PositiveInteger
from tidegate.layers.layer import Layer
from tidegate.layers.number_kinds import Word
from tidegate.layers.preprocessing import Preprocessing
from tidegate.variable import Variable, assign_each

if TYPE_CHECKING:
    from tidegate.inputs import Shape
    from tidegate.variable import Array


class _Floating(Preprocessing):
    """The base of those that keep the shape of floating numbers; a gradient goes back through them."""

    __call__ = Layer.__call__

    def prepare(self, inputs: Any) -> Any:
        given = inputs if is_array(inputs) else np.asarray(inputs)
        x = floating(given, np.dtype(self.dtype), "inputs")
        if not self.built:
            self.build((None, *x.shape[1:]))
        self.check_input(x.shape)
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class _Numbers(Kind):
    """A number or an array of them, or None; saved as a list."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        if isinstance(value, dict):
            from tidegate.saving.keras_objects import deserialize_keras_object

            value = deserialize_keras_object(value)
        return None if value is None else numeric(np.asarray(value), name)

    def write(self, value: Any) -> Any:
        return None if value is None else value.tolist()


class Rescaling(_Floating):
    """`inputs * scale + offset`, of any shape, in the layer's dtype.

    Args:
        scale: a number, or an array that goes with the last axes.
        offset: likewise.
    """

    arguments = (Argument("scale", REQUIRED, _Numbers()), Argument("offset", 0.0, _Numbers()))

    scale: Any
    offset: Any

    def outputs_of(self, inputs: Array) -> Array:
        found: Array = inputs * self.scale.astype(self.dtype) + self.offset.astype(self.dtype)
        return found

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return d_outputs * self.scale.astype(self.dtype) if need_d_inputs else None, []


class _Axes(Kind):
    """Integers, one of them, or None; kept as a tuple."""

    def read(self, value: Any, name: str, owner: str) -> tuple[int, ...]:
        axes = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
        if not all(isinstance(axis, int) for axis in axes):
            raise ValueError(f"{owner}: argument `{name}` expected an integer or some; received {value!r}")
        return tuple(axes)


class Normalization(_Floating):
    """`(inputs - mean) / sqrt(variance)`, of any shape, for each place along `axis`.

    Args:
        axis: along which there is a mean for every place; an integer, a tuple, or None for one mean of all.
        mean, variance: a number, or one for each place; None for what `adapt` finds in data.
        invert: whether it gives `inputs * sqrt(variance) + mean`.

    Weights, without `mean`: mean and variance, and a count that Keras's files have.
    """

    arguments = (
        Argument("axis", -1, _Axes()),
        Argument("mean", None, _Numbers()),
        Argument("variance", None, _Numbers()),
        Argument("invert", False, Flag()),
    )

    axis: tuple[int, ...]
    mean: Any
    variance: Any
    invert: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if np.shape(self.mean) != np.shape(self.variance) or (self.mean is None) != (self.variance is None):
            raise ValueError(f"{self.title}: give `mean` and `variance` of one shape, or neither of them")
        if self.mean is not None and self.mean.ndim > len(self.axis):
            raise ValueError(
                f"{self.title}: `mean` expected at most the axes {self.axis}; "
                f"received the shape {self.mean.shape}"
            )

    def check_input(self, shape: Shape) -> None:
        rank = len(shape)
        if not all(-rank <= axis < rank for axis in self.axis):
            raise ValueError(f"{self.title}: the input must have the axes {self.axis}; received {shape}")
        for axis in self._kept(rank):
            before = None if self.build_shape is None else self.build_shape[axis]
            if shape[axis] is None or (self.build_shape is not None and axis and shape[axis] != before):
                raise ValueError(
                    f"{self.title}: axis {axis} of the input must have a known length"
                    + (f", {before}" if before else "")
                    + f"; received the shape {shape}"
                )

    def _kept(self, rank: int) -> list[int]:
        return sorted(axis % rank for axis in self.axis)

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        if self.mean is not None:
            return []
        from tidegate import initializers

        shape = tuple(input_shape[axis] or 0 for axis in self._kept(len(input_shape)))
        made = [
            self.new_variable("mean", shape, initializers.Zeros()),
            self.new_variable("variance", shape, initializers.Ones()),
            Variable(np.zeros((), np.int64), "count"),
        ]
        made[2].path = f"{self.name}/count"
        for variable in made:
            variable.trainable = False
        return made

    def adapt(self, data: Any) -> None:
        """Finds the mean and the variance of data, in the place of those before.

        Args:
            data: an array, or batches of them; of a batch (x, y) the first part counts.
        """
        if self.mean is not None:
            raise ValueError(f"{self.title}: `adapt` has nothing to find where `mean` is given")
        if not isinstance(data, np.ndarray) and not hasattr(data, "__iter__"):
            raise TypeError(f"{self.title}: `adapt` expected an array or batches; received {short(data)}")
        count, mean, squares = 0.0, np.float64(0), np.float64(0)
        for batch in [data] if isinstance(data, np.ndarray) else data:
            x = self.prepare(batch[0] if isinstance(batch, tuple) else batch).astype(np.float64)
            others = tuple(axis for axis in range(x.ndim) if axis not in self._kept(x.ndim))
            own, own_mean = float(np.prod([x.shape[axis] for axis in others])), x.mean(others)
            own_squares = x.var(others) * own
            share = own / (count + own)
            squares = squares + own_squares + (own_mean - mean) ** 2 * count * share
            mean, count = mean + (own_mean - mean) * share, count + own
        if not count:
            raise ValueError(f"{self.title}: `adapt` expected at least one batch; received none")
        first, second, _ = self._variables
        assign_each({first: np.asarray(mean, self.dtype), second: np.asarray(squares / count, self.dtype)})

    def _parts(self, rank: int, weights: list[Array] | None) -> tuple[Array, Array]:
        """The mean and the deviation, with as many axes as the input."""
        mean, variance = self.mean, self.variance
        if mean is None:
            mean, variance, _ = weights if weights is not None else [each.value for each in self._variables]
        shape = [1] * rank
        for axis, length in zip(self._kept(rank)[::-1], mean.shape[::-1], strict=False):
            shape[axis] = length
        deviation = np.maximum(np.sqrt(variance.astype(self.dtype)), np.dtype(self.dtype).type(1e-7))
        return mean.astype(self.dtype).reshape(shape), deviation.reshape(shape)

    def outputs_of(self, inputs: Array, weights: list[Array] | None = None) -> Array:
        mean, deviation = self._parts(inputs.ndim, weights)
        found: Array = inputs * deviation + mean if self.invert else (inputs - mean) / deviation
        return found

    def forward(self, inputs: Array, *, weights: list[Array] | None = None, **how: Any) -> tuple[Array, Any]:
        _, deviation = self._parts(inputs.ndim, weights)
        return self.outputs_of(inputs, weights), deviation

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        d_weights = [np.zeros(variable.shape, variable.dtype) for variable in self._variables]
        if not need_d_inputs:
            return None, d_weights
        return d_outputs * kept if self.invert else d_outputs / kept, d_weights


class CategoryEncoding(Preprocessing):
    """Numbers of categories as vectors: `[batch, numbers]` to `[batch, num_tokens]`.

    Args:
        num_tokens: how many categories there are, numbered from 0.
        output_mode: "multi_hot" for 1 where a number is there, "count" for how often, "one_hot" for a vector
            in the place of each number.

    `sparse` is refused by name.
    """

    arguments = (
        Argument("num_tokens", REQUIRED, PositiveInteger()),
        Argument("output_mode", "multi_hot", Word("multi_hot", "count", "one_hot")),
        later("sparse", False, in_config=False),
    )

    num_tokens: int
    output_mode: str

    def outputs_of(self, inputs: Array) -> Array:
        with np.errstate(invalid="ignore"):
            numbers = inputs.astype(np.int64)
        if (numbers < 0).any() or (numbers >= self.num_tokens).any() or (numbers != inputs).any():
            raise ValueError(
                f"{self.title}: the inputs must be whole numbers from 0 to {self.num_tokens - 1}; "
                f"received numbers from {inputs.min()} to {inputs.max()}"
            )
        one_hot = np.zeros((numbers.size, self.num_tokens), self.dtype)
        one_hot[np.arange(numbers.size), numbers.ravel()] = 1
        shape = self.compute_output_shape(inputs.shape)
        if self.output_mode == "one_hot" or not inputs.ndim:
            return one_hot.reshape(shape)
        each = one_hot.reshape(*inputs.shape, self.num_tokens)
        found: Array = each.sum(axis=-2) if self.output_mode == "count" else each.max(axis=-2, initial=0)
        return found

    def compute_output_shape(self, input_shape: Shape) -> Any:
        alone = len(input_shape) == 1 or input_shape[-1:] != (1,)
        if self.output_mode == "one_hot" and alone:
            return (*input_shape, self.num_tokens)
        return (*input_shape[:-1], self.num_tokens)
