"""A layer made of other layers: its weights are theirs."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate.inputs import Shape
from tidegate.layers.kinds import Kind
from tidegate.layers.layer import Layer
from tidegate.variable import Variable


class InnerLayer(Kind):
    """A layer, or the dictionary that a file has of one; saved as such a dictionary."""

    def read(self, value: Any, name: str, owner: str) -> Layer:
        if isinstance(value, dict):
            from tidegate.saving import objects

            value = objects.deserialize(value, "layer")
        if not isinstance(value, Layer):
            raise ValueError(f"{owner}: argument `{name}` must be a layer; received {value!r:.200}")
        return value

    def write(self, value: Any) -> Any:
        from tidegate.saving import objects

        return objects.serialize(value)


class Wrapper(Layer):
    """The base of layers around others, which are attributes whose names a subclass lists in `inner`.

    Without a dtype of its own it has that of the layers in it; another one is refused.
    """

    inner: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.make_inner()
        given = self.dtype if kwargs.get("dtype") is not None else None
        for layer in self.inner_layers():
            given = given or layer.dtype
            if layer.dtype != given:
                raise ValueError(
                    f"{self.title}: layers of different dtypes are not supported yet; "
                    f"expected {given}, received {layer.dtype} for {layer.title}"
                )
        self.dtype = given or self.dtype

    def make_inner(self) -> None:
        """Puts the layers that are used in the place of those that were given, where they differ."""

    def inner_layers(self) -> list[Layer]:
        return [getattr(self, name) for name in self.inner]

    def inner_shape(self, input_shape: Shape) -> Shape:
        """The shape of what the inner layers get."""
        return input_shape

    @property
    def native(self) -> bool:
        return all(layer.native for layer in self.inner_layers())

    # ---- weights ---------------------------------------------------------------------------------

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        variables = []
        for layer in self.inner_layers():
            if not layer.built:
                layer.build(self.inner_shape(input_shape))
                for variable in layer.weights:
                    variable.path = f"{self.name}/{variable.path}"
            variables += layer.weights
        return variables

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        return [variable for layer in self.inner_layers() for variable in layer.trainable_weights]

    def stored_variables(self) -> dict[str, list[Variable]]:
        places: dict[str, list[Variable]] = {"vars": []}
        for name, layer in zip(self.inner, self.inner_layers(), strict=True):
            for below, variables in layer.stored_variables().items():
                places[f"{name}/{below}"] = variables
        return places
