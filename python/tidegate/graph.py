"""A model as a graph: nodes are uses of layers, edges are tensors; Sequential is a chain of it.

The forward pass walks the nodes in order and keeps what each layer hands out; the backward pass walks back
and sums the gradients of a tensor that went to several nodes. Nothing is stored on the graph, so any number
of threads may walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.inputs import Shape
from tidegate.variable import Array, Variable, values_of

if TYPE_CHECKING:
    from tidegate.layers.layer import Layer
    from tidegate.random import Training


class Tensor:
    """An edge, where an array will be. `Input` makes the first ones, layers called on them the others.

    Attributes:
        shape: with the batch axis; None for a length that is not known.
        dtype: of the array; of a model's input also an integer type.
        name: of the layer that it comes from.
        node: the node that it is an output of; None for a model's input.
        source: the input layer, for a model's input.
    """

    __slots__ = ("dtype", "name", "node", "shape", "source")

    def __init__(
        self, shape: Shape, dtype: str, name: str, node: Node | None = None, source: Layer | None = None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.node = node
        self.source = source

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """One use of a layer: from these tensors to those."""

    __slots__ = ("inputs", "layer", "outputs")

    def __init__(self, layer: Layer, inputs: list[Tensor]) -> None:
        shape: Any = [tensor.shape for tensor in inputs] if layer.several_inputs else inputs[0].shape
        layer.build(shape)
        shapes = layer.compute_output_shape(shape)
        self.layer = layer
        self.inputs = inputs
        self.outputs = [
            Tensor(shape, layer.dtype, layer.name, node=self)
            for shape in (shapes if isinstance(shapes, list) else [shapes])
        ]


def connect(layer: Layer, inputs: list[Tensor]) -> Any:
    """Uses `layer` on tensors, building it if need be: its output tensor, or a list where it has several."""
    outputs = Node(layer, inputs).outputs
    return outputs if len(outputs) > 1 else outputs[0]


class Graph:
    """The nodes between `inputs` and `outputs`, in an order in which they can be computed.

    Raises:
        ValueError: an output hangs on an input that is not among `inputs`.
    """

    def __init__(self, inputs: list[Tensor], outputs: list[Tensor]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = _in_order(inputs, outputs)
        self.variables: list[Variable] = list(
            dict.fromkeys(variable for node in self.nodes for variable in node.layer.weights)
        )

    @property
    def takes_mask(self) -> bool:
        """Whether a mask that is given counts, and is not forgotten by the first layer."""
        return not (self.nodes and self.nodes[0].layer.makes_mask)

    def forward(
        self, inputs: Any, training: Training | None = None, keep: bool = False, mask: Array | None = None
    ) -> tuple[Any, list[Any], Array | None]:
        """The outputs, what `backward` needs (one entry per node, None unless `keep`), and the first
        output's mask, bool [batch, timesteps] or None.

        Args:
            inputs: an array, or a list of them where the graph has several inputs; ready for the layers.
            training: the training pass that this is; None for inference.
            keep: whether a backward will follow.
            mask: bool [batch, timesteps] of the first input; layers pass it on.
        """
        arrays = inputs if isinstance(inputs, list) else [inputs]
        values = dict(zip(self.inputs, arrays, strict=True))
        masks: dict[Tensor, Array | None] = {self.inputs[0]: mask}
        present = dict(zip(self.variables, values_of(self.variables), strict=True))
        kept: list[Any] = []
        for place, node in enumerate(self.nodes):
            given: Any = [values[tensor] for tensor in node.inputs]
            given_mask: Any = [masks.get(tensor) for tensor in node.inputs]
            if not node.layer.several_inputs:
                given, given_mask = given[0], given_mask[0]
            found, kept_here = node.layer.forward(
                given,
                weights=[present[variable] for variable in node.layer.weights],
                training=training and training._replace(node=place),
                keep=keep,
                mask=given_mask,
            )
            values.update(zip(node.outputs, found if len(node.outputs) > 1 else [found], strict=True))
            masks[node.outputs[0]] = node.layer.compute_mask(given, given_mask)
            kept.append(kept_here)
        results = [values[tensor] for tensor in self.outputs]
        return (results if len(results) > 1 else results[0]), kept, masks.get(self.outputs[0])

    def updates(self, kept: list[Any]) -> dict[Variable, Array]:
        """New values of weights that a training pass changes without a gradient.

        Args:
            kept: from `forward` with `keep=True`.
        """
        found: dict[Variable, Array] = {}
        for node, kept_here in zip(self.nodes, kept, strict=True):
            found.update(node.layer.updates(kept_here, found))
        return found

    def backward(self, kept: list[Any], d_outputs: Any) -> dict[Variable, Array]:
        """The gradient of every trainable variable that the outputs depend on.

        Args:
            kept: from `forward` with `keep=True`.
            d_outputs: shaped as the outputs; None for an output without a gradient.
        """
        d_tensors: dict[Tensor, Array] = {}
        gradients: dict[Variable, Array] = {}
        several = d_outputs if len(self.outputs) > 1 else [d_outputs]
        for tensor, d_output in zip(self.outputs, several, strict=True):
            _add(d_tensors, tensor, d_output)
        for node, kept_here in zip(reversed(self.nodes), reversed(kept), strict=True):
            d_found = [d_tensors.pop(tensor, None) for tensor in node.outputs]
            if all(d is None for d in d_found):
                continue
            d_inputs, d_weights = node.layer.backward(
                kept_here,
                d_found if len(d_found) > 1 else d_found[0],
                need_d_inputs=any(tensor.node is not None for tensor in node.inputs),
            )
            if d_inputs is not None:
                several = d_inputs if node.layer.several_inputs else [d_inputs]
                for tensor, d_input in zip(node.inputs, several, strict=True):
                    _add(d_tensors, tensor, d_input)
            for variable, d_weight in zip(node.layer.weights, d_weights, strict=True):
                if node.layer.trainable and variable.trainable:
                    _add(gradients, variable, d_weight)
        return gradients


def _add(sums: dict[Any, Array], key: Any, term: Array | None) -> None:
    if term is not None:
        sums[key] = sums[key] + term if key in sums else term


def _in_order(inputs: list[Tensor], outputs: list[Tensor]) -> list[Node]:
    """Every node above `outputs`, each after those it takes from; no recursion, as chains may be long."""
    order: dict[Node, None] = {}
    known = set(inputs)
    waiting = list(reversed(outputs))
    while waiting:
        tensor = waiting[-1]
        node = tensor.node
        if tensor in known or node in order:
            waiting.pop()
        elif node is None:
            raise ValueError(
                f"the graph has an output that depends on {tensor!r}, which is not among its inputs"
            )
        else:
            missing = [t for t in node.inputs if t not in known and t.node not in order]
            if missing:
                waiting.extend(reversed(missing))
            else:
                order[node] = None
    return list(order)
