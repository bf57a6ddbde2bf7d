"""The place where arrays enter a model: a shape and a dtype, no computation."""

from __future__ import annotations

from typing import Any

from tidegate.graph import Tensor
from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument, later
from tidegate.layers.kinds import Flag, InputDType, InputShape, Optional, PositiveInteger
from tidegate.layers.layer import Layer


class InputLayer(Layer):
    """The first layer of a model, as files hold it; scripts write `Input(shape)`.

    Args:
        shape: of one sample, such as (10, 1); None for an axis of any length.
        batch_size: the number of rows, where it is fixed.
        dtype: "float32", "float64" or an integer type. Whatever real numbers come are converted to the dtype
            of the layers. "string" for texts, which a layer takes that makes numbers of them.
        batch_shape: shape with the batch axis, instead of the first two arguments.
    """

    arguments = (
        Argument("shape", None, InputShape(), in_config=False),
        Argument("batch_size", None, Optional(PositiveInteger()), in_config=False),
        Argument("dtype", None, InputDType()),
        later("sparse", False),
        later("ragged", False),
        Argument("batch_shape", None, InputShape()),
        later("input_tensor", in_config=False),
        Argument("optional", False, Flag()),
    )
    common = tuple(row for row in Layer.common if row.name not in ("dtype", "activity_regularizer"))

    shape: Shape | None
    batch_size: int | None
    batch_shape: Shape

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.batch_shape and (self.shape is not None or self.batch_size is not None):
            raise ValueError(
                "InputLayer: give either `batch_shape`, or `shape` and `batch_size`; received both"
            )
        if not self.batch_shape:
            if self.shape is None:
                raise ValueError("InputLayer: argument `shape` is required, such as (timesteps, features)")
            self.batch_shape = (self.batch_size, *self.shape)
        self.build_shape = self.batch_shape
        self.built = True
        self.tensor = Tensor(self.batch_shape, self.dtype, self.name, source=self)

    @property
    def output(self) -> Tensor:
        return self.tensor

    @classmethod
    def config_names(cls) -> list[str]:
        return ["batch_shape", "dtype", "sparse", "ragged", "name", "optional"]

    def get_build_config(self) -> None:
        return None

    def create_operator(self) -> None:
        return None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Tensor:
    """Says what a model's input looks like: `Sequential([Input((10, 1)), LSTM(32)])`.

    Arguments as of `InputLayer`.
    """
    return InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name=name
    ).output
