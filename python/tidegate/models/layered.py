"""What a model has of its layers: themselves, their weights, the tensors at both ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.graph import Graph, Node, Tensor
from tidegate.inputs import nearest, warn
from tidegate.models.training import Trainer
from tidegate.saving.weights import places
from tidegate.structure import Leaves, pack, plain
from tidegate.variable import Variable, assign_each
from tidegate.weighted import Weighted


class Layered(Weighted, Trainer):
    """Layers, and what follows from them.

    A model in a layer's place is one of them: it has what is asked of a layer.

    Attributes:
        graph: once it is built.
        nodes: its uses as a layer.
    """

    name: str
    trainable: bool
    several_inputs: bool = False
    makes_mask: bool = False
    counted: bool = True
    given_batch_shape: None = None

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[Any] = []
        self.graph: Graph | None = None
        self.input_structure: Any = None  # a leaf
        self.nodes: list[Node] = []

    @property
    def built(self) -> bool:
        return self.graph is not None

    @property
    def title(self) -> str:
        return f"{type(self).__name__} `{self.name}`"

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def dtype(self) -> str:
        """Of all its layers."""
        return self._layers[0].dtype if self._layers else "float32"

    def _built_graph(self) -> Graph:
        if self.graph is None:
            raise ValueError(f"{self.title} is not built yet; give it an input shape, or call it on an array")
        return self.graph

    @property
    def layers(self) -> list[Any]:
        """The layers without the input layer of a Sequential, and without operations."""
        return [layer for layer in self._layers if layer.counted]

    @property
    def operations(self) -> list[Any]:
        """The layers, and among them the operations on tensors."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of that name, or at that place."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(f"{self.title}: `get_layer` needs either a name or an index")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"{self.title}: there is no layer {index} among {len(layers)} layers")
            return layers[index]
        names = [layer.name for layer in layers]
        if name not in names:
            hint = nearest(str(name), names)
            raise ValueError(f"{self.title}: there is no layer `{name}` among {names}.{hint}")
        return layers[names.index(name)]

    # ---- tensors ---------------------------------------------------------------------------------

    @property
    def inputs(self) -> list[Tensor]:
        return self._built_graph().inputs

    @property
    def outputs(self) -> list[Tensor]:
        return self._built_graph().outputs

    @property
    def input(self) -> Any:
        """The tensors that it begins with, in their structure."""
        return pack(self.input_structure, self.inputs)

    @property
    def output(self) -> Any:
        """The tensors that it ends with, in their structure."""
        return pack(self.output_structure, self.outputs)

    @property
    def input_names(self) -> list[str]:
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Of the layers that the outputs come from."""
        return [tensor.name for tensor in self.outputs]

    @property
    def input_leaves(self) -> Leaves:
        """What the model takes."""
        return Leaves(self.input_structure, self.input_names)

    @property
    def output_leaves(self) -> Leaves:
        return Leaves(self.output_structure, self.output_names)

    @property
    def input_shape(self) -> Any:
        """With the batch axis; a list of shapes where there are several inputs."""
        return plain([tensor.shape for tensor in self.inputs])

    @property
    def output_shape(self) -> Any:
        return plain([tensor.shape for tensor in self.outputs])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input's; a list of shapes where there are several."""
        graph = self._built_graph()
        given = [input_shape] if len(graph.inputs) == 1 else list(input_shape)
        shapes = graph.shapes([tuple(each) for each in given])
        return plain([shapes[tensor] for tensor in graph.ends])

    # ---- weights ---------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Variable]:
        return list(dict.fromkeys(variable for layer in self._layers for variable in layer.weights))

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        found = (variable for layer in self._layers for variable in layer.trainable_weights)
        return list(dict.fromkeys(found))

    @property
    def activity_losses(self) -> list[float]:
        """Those of its layers."""
        return [loss for layer in self._layers for loss in layer.activity_losses]

    @property
    def carried(self) -> list[Variable]:
        """The states of its stateful layers."""
        return list(dict.fromkeys(state for layer in self._layers for state in layer.carried))

    @property
    def stateful(self) -> bool:
        return bool(self.carried)

    def reset_states(self) -> None:
        """Sets the states of its stateful layers back to zero; in Keras 3 only layers have this method."""
        warn(f"{self.title}: `reset_states` is a method of layers in Keras 3")
        assign_each({state: np.zeros(state.shape, state.dtype) for state in self.carried})

    def count_params(self) -> int:
        self._built_graph()
        return sum(variable.value.size for variable in self.weights)

    def stored_variables(self) -> dict[str, list[Variable]]:
        """Where a Keras file keeps the weights, as `Layer.stored_variables`."""
        return {"vars": [], **{path: variables for path, _, variables in places(self)}}
