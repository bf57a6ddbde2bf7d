"""A chain of layers: the model that most scripts build."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.graph import Graph, Tensor
from tidegate.inputs import floating, texts
from tidegate.layers.input_layer import InputLayer
from tidegate.layers.kinds import DType, Name
from tidegate.layers.layer import Layer, building
from tidegate.models.model import Model
from tidegate.utils.naming import auto_name


class Sequential(Model):
    """Layers one after the other.

    Args:
        layers: to add, first to last; models may be among them. An `Input` in front, or `input_shape=` on
            the first layer, says what comes in; without either, the first array it sees builds the model.
        trainable: whether training changes the weights.
        name: counted up from "sequential" when not given.

    Example:
        >>> model = Sequential([LSTM(32, input_shape=(10, 1)), Dense(1)])
        >>> model.compile("adam", "mse")
        >>> history = model.fit(x, y, epochs=5)  # x [N, 10, 1], y [N, 1]
        >>> model.predict(x).shape
        (N, 1)
    """

    strict = False

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__()
        self.name = Name().read(name, "name", "Sequential") or auto_name("Sequential")
        self.trainable = bool(trainable)
        self._input: InputLayer | None = None
        self._names: set[str] = set()  # of the layers
        for layer in layers or []:
            self.add(layer, rebuild=False)
        if self._input is not None and self._layers:
            self.build()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Puts a layer at the end.

        Raises:
            TypeError: not a layer.
            ValueError: a name that is taken, an `Input` behind other layers, a dtype that differs from the
                others', or an input that the layer cannot take.
        """
        if isinstance(layer, Tensor) and layer.source is not None:
            layer = layer.source
        if not isinstance(layer, (Layer, Model)):
            raise TypeError(
                f"{self.title}: only layers can be added; received {layer!r} (of type {type(layer)})"
            )
        if isinstance(layer, InputLayer):
            if self._input is not None or self._layers:
                raise ValueError(f"{self.title}: an Input must come first and only once; received {layer!r}")
            self._input = layer
            return
        self._check_fits(layer)
        if not self._layers and self._input is None and layer.given_batch_shape is not None:
            self._input = InputLayer(batch_shape=layer.given_batch_shape, dtype=layer.dtype)
        elif not self._layers and self._input is None and isinstance(layer, Model) and layer.built:
            self._input = InputLayer(batch_shape=layer.input_shape, dtype=layer.dtype)
        self._layers.append(layer)
        self._names.add(layer.name)
        if self._input is None or not rebuild:
            self.set_graph(None)
            return
        try:
            self.build()
        except Exception:
            self._names.remove(self._layers.pop().name)
            raise

    def pop(self, rebuild: bool = True) -> Any:
        """Takes the last layer off and returns it."""
        if not self._layers:
            raise ValueError(f"{self.title}: there is no layer to take off")
        layer = self._layers.pop()
        self._names.remove(layer.name)
        self.set_graph(None)
        if self._input is not None and self._layers and rebuild:
            self.build()
        return layer

    def build(self, input_shape: Any = None) -> None:
        if not self._layers:
            raise ValueError(f"{self.title} cannot be built because it has no layers; call `add` first")
        entrance = self._input
        if entrance is None:
            if input_shape is None:
                raise ValueError(
                    f"{self.title}: `build` needs an `input_shape`, such as (None, timesteps, features)"
                )
            entrance = InputLayer(batch_shape=input_shape, dtype=self._dtype_of_input())
        with building:
            tensor = entrance.output
            for layer in self._layers:
                tensor = self._link(layer, tensor)
            self._input = entrance
            self.set_graph(Graph([entrance.output], [tensor]))

    def _link(self, layer: Any, tensor: Tensor) -> Tensor:
        """The output of `layer` behind `tensor`; its variables, if they are new, get the model's name."""
        for node in layer.nodes:
            if node.inputs == [tensor] and len(node.outputs) == 1:  # it was here before another was added
                kept: Tensor = node.outputs[0]
                return kept
        fresh = not layer.built
        linked = layer(tensor)
        if not isinstance(linked, Tensor):
            raise ValueError(
                f"{self.title}: every layer must have one output; "
                f"{layer.title} has {len(linked)}, as with `return_state`"
            )
        for variable in layer.weights if fresh else ():
            variable.path = f"{self.name}/{variable.path}"
        return linked

    def prepare(self, inputs: Any, name: str) -> Any:
        if not self._layers:
            raise ValueError(f"{self.title} cannot be built because it has no layers; call `add` first")
        if self.graph is None:
            is_text = self._dtype_of_input() == "string"
            x = texts(inputs, name) if is_text else floating(inputs, np.dtype(self.dtype), name)
            if isinstance(self._layers[0], Layer):
                self._layers[0].check_input(x.shape)
            self.build((None, *x.shape[1:]))
        return super().prepare(inputs, name)

    def _dtype_of_input(self) -> str:
        return "string" if getattr(self._layers[0], "takes_text", False) else self.dtype

    def get_config(self) -> dict[str, Any]:
        """The architecture in Keras's form."""
        from tidegate.saving import objects

        entries = [*([self._input] if self._input is not None else []), *self._layers]
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": DType().write(self.dtype),
            "layers": [objects.serialize(layer) for layer in entries],
        }
        if self._input is not None and self.built:
            config["build_input_shape"] = self._input.batch_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sequential:
        """A new model, with new weights, of what `get_config` gave."""
        from tidegate.saving import objects

        layers = [objects.deserialize_layer(entry) for entry in config["layers"]]
        model = cls(layers, trainable=config.get("trainable", True), name=config.get("name"))
        if layers and not model.built and config.get("build_input_shape"):
            model.build(config["build_input_shape"])
        return model

    def _check_fits(self, layer: Any) -> None:
        if layer.several_inputs:
            raise ValueError(f"{self.title}: every layer must have one input; {layer.title} takes several")
        if layer.name in self._names:
            raise ValueError(
                f"{self.title}: layers must have different names; received a second `{layer.name}`"
            )
        if self._layers and layer.dtype != self.dtype:
            raise ValueError(
                f"{self.title}: layers of different dtypes are not supported yet; "
                f"expected {self.dtype}, as before, received {layer.dtype} for {layer.title}"
            )
