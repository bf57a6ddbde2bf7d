"""A model of any graph: tensors in, tensors out, layers called on tensors between them."""

from __future__ import annotations

from typing import Any

from tidegate.graph import Graph, Tensor
from tidegate.inputs import short, warn
from tidegate.layers.input_layer import InputLayer
from tidegate.layers.kinds import Name
from tidegate.legacy import renamed
from tidegate.models.depth import in_depth
from tidegate.models.model import Model
from tidegate.structure import flatten, nested, pack
from tidegate.utils.naming import auto_name


class Functional(Model):
    """Layers between tensors; `Model(inputs, outputs)` makes it.

    Args:
        inputs: `Input`s, or tensors that came of layers: one, or a list, a tuple or a dictionary of them.
        outputs: tensors that follow from them, likewise; what the model gives has this structure.
        name: counted up from "functional" when not given.
        trainable: whether training changes the weights.

    Raises:
        ValueError: no tensors, an output that hangs on something else than `inputs`, two layers of one name,
            or layers of different dtypes.

    Example:
        >>> sequence, start = Input((10, 3)), Input((8,))
        >>> states = [Dense(16)(start), Dense(16)(start)]
        >>> y = LSTM(16)(sequence, initial_state=states)
        >>> model = Model([sequence, start], Dense(1)(y))
        >>> model.predict([x, x_start]).shape  # x [N, 10, 3], x_start [N, 8]
        (N, 1)
    """

    @renamed(input="inputs", output="outputs")
    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool = True) -> None:
        super().__init__()
        self.name = Name().read(name, "name", type(self).__name__) or auto_name(type(self).__name__)
        self.trainable = bool(trainable)
        for argument, structure in (("inputs", inputs), ("outputs", outputs)):
            for tensor in flatten(structure) or [None]:
                if not isinstance(tensor, Tensor):
                    raise ValueError(
                        f"{self.title}: argument `{argument}` expected tensors, as `Input` and layers called "
                        f"on them give; received {short(tensor)}"
                    )
        if isinstance(inputs, dict):
            for key, tensor in inputs.items():
                if isinstance(tensor, Tensor) and key != tensor.name:
                    warn(f"{self.title}: the input `{tensor.name}` should be called {key!r}, as its key")
        self._take(inputs, outputs)

    def _take(self, inputs: Any, outputs: Any, order: list[str] | None = None) -> None:
        """Makes the graph between these structures of tensors; `order` has the names of the layers."""
        given, ends = flatten(inputs), flatten(outputs)
        if any(tensor.node is not None for tensor in given):
            given, ends = _from_inputs(given, ends)
        graph = Graph(given, ends)
        self._layers = in_depth(graph).layers
        if order is not None:
            places = {name: place for place, name in enumerate(order)}
            self._layers.sort(key=lambda layer: places[layer.name])
        names: set[str] = set()
        dtypes = {layer.dtype: layer for layer in self._layers if not isinstance(layer, InputLayer)}
        for layer in self._layers:
            if layer.name in names:
                raise ValueError(
                    f"{self.title}: layers must have different names; received a second `{layer.name}`"
                )
            names.add(layer.name)
        if len(dtypes) > 1:
            titles = ", ".join(f"{dtype} for {layer.title}" for dtype, layer in dtypes.items())
            raise ValueError(
                f"{self.title}: layers of different dtypes are not supported yet; received {titles}"
            )
        self.input_structure, self.output_structure = structure_of(inputs), structure_of(outputs)
        self.set_graph(graph)

    @property
    def dtype(self) -> str:
        dtypes = [layer.dtype for layer in self._layers if not isinstance(layer, InputLayer)]
        return dtypes[0] if dtypes else "float32"

    def build(self, input_shape: Any = None) -> None:
        """Does nothing: its layers are built when they are called on tensors."""

    def get_build_config(self) -> dict[str, Any]:
        return {"input_shape": None}

    def get_config(self) -> dict[str, Any]:
        """The architecture in Keras's form."""
        from tidegate.saving import wiring

        graph = self._built_graph()
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": wiring.entries(graph, self._layers),
            "input_layers": pack(self.input_structure, wiring.places(graph, graph.inputs)),
            "output_layers": pack(self.output_structure, wiring.places(graph, graph.outputs)),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Functional:
        """A new model, with new weights, of what `get_config` gave."""
        from tidegate.saving import wiring

        layers = wiring.made(config["layers"])
        inputs = wiring.tensors(config["input_layers"], layers)
        outputs = wiring.tensors(config["output_layers"], layers)
        trainable = config.get("trainable")
        model = cls(inputs, outputs, config.get("name"), True if trainable is None else trainable)
        model._take(inputs, outputs, list(layers))  # which is that of the weights in the file
        return model

    def __getstate__(self) -> dict[str, Any]:
        from tidegate.saving import wiring

        graph = self._built_graph()
        used = set(graph.outer)
        calls = [wiring.calls(used, layer) for layer in self._layers]
        ends = wiring.places(graph, graph.inputs), wiring.places(graph, graph.outputs)
        return {**super().__getstate__(), "calls": calls, "ends": ends}

    def __setstate__(self, state: dict[str, Any]) -> None:
        from tidegate.saving import wiring

        calls, ends = state.pop("calls"), state.pop("ends")
        self.__dict__.update(state, graph=None)
        layers = {layer.name: layer for layer in self._layers}
        wiring.connect(layers, dict(zip(layers, calls, strict=True)))
        inputs, outputs = (wiring.tensors(each, layers) for each in ends)
        self._take(pack(self.input_structure, inputs), pack(self.output_structure, outputs), list(layers))


def structure_of(tensors: Any) -> Any:
    """A structure of names; None for one tensor, in a list or not."""
    if not nested(tensors) or (
        isinstance(tensors, (list, tuple)) and len(tensors) == 1 and not nested(tensors[0])
    ):
        return None
    return pack(tensors, [tensor.name for tensor in flatten(tensors)])


def _from_inputs(given: list[Tensor], outputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The same graph from new `Input`s where it begins at tensors that layers have made."""
    starts = [
        tensor
        if tensor.node is None
        else InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}CLONE").output
        for tensor in given
    ]
    now = dict(zip(given, starts, strict=True))
    for node in Graph(given, outputs).outer:
        found = node.layer(*_replaced(node.call[0], now), **_replaced(node.call[1], now))
        now.update(zip(node.outputs, flatten(found), strict=True))
    return starts, [now[tensor] for tensor in outputs]


def _replaced(structure: Any, now: dict[Tensor, Tensor]) -> Any:
    """The same arguments with other tensors."""
    leaves = flatten(structure)
    return pack(structure, [now[each] if isinstance(each, Tensor) else each for each in leaves])
