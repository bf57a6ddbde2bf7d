"""An activation function as a layer of its own."""

from __future__ import annotations

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Activation as ActivationKind
from tidegate.layers.plain import Plain


class Activation(Plain):
    """`activation(x)`, float32 or float64 `[batch, ...]` to the same shape; a mask goes on.

    Args:
        activation: a name or a function of `tidegate.activations`. Softmax is taken over the last axis.

    Example:
        >>> Activation("relu")(np.array([[-1.0, 2.0]]))
        array([[0., 2.]], dtype=float32)
    """

    arguments = (Argument("activation", REQUIRED, ActivationKind()),)

    activation: activations.Activation

    def create_operator(self) -> core.Activation:
        return core.Activation(activations.serialize(self.activation))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
