"""A model as a graph: nodes are uses of layers, edges are tensors; Sequential is a chain of it.

The forward pass walks the nodes in order and keeps what each layer hands out; the backward pass walks back
and sums the gradients of a tensor that went to several nodes. Nothing is stored on the graph, so any number
of threads may walk. A model that is used as a layer is one node of those who look at the model; who computes
walks over the nodes in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.inputs import Shape
from tidegate.operators import Operators
from tidegate.regularizers import activity_gradient, activity_penalties
from tidegate.structure import listed, plain
from tidegate.variable import Array, Variable, values_by_variable

if TYPE_CHECKING:
    from tidegate.layers.layer import Layer
    from tidegate.masks import Mask
    from tidegate.random import Training


_MOST_NODES = 100_000  # also of those in models: each use of one counts all of them


class Tensor(Operators):
    """An edge, where an array will be. `Input` makes the first ones, layers called on them the others, and so
    do operators, slices and `tidegate.ops`.

    Attributes:
        shape: with the batch axis; None for a length that is not known.
        dtype: of the array; of a model's input also an integer type or "string".
        name: of the layer that it comes from.
        node: the node that it is an output of; None for a model's input.
        source: the input layer, for a model's input.
        mask: where the mask that goes with the array comes from; None where there is none, or where a model
            has made it.
    """

    __slots__ = ("dtype", "mask", "name", "node", "shape", "source")

    def __init__(
        self, shape: Shape, dtype: str, name: str, node: Node | None = None, source: Layer | None = None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.node = node
        self.source = source
        self.mask: Mask | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no numbers yet, and is neither true nor false")

    def __iter__(self) -> Any:
        raise TypeError(
            f"{self!r} has no numbers yet, and cannot be gone through; use slices, or `ops.unstack`"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(
            f"{self!r} has no numbers yet, and is no array: functions of NumPy do not take it, those of "
            "`tidegate.ops` do"
        )

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """One use of a layer: from these tensors to those.

    Attributes:
        layer: or a model, as long as nobody computes.
        inputs, outputs: tensors, as they come.
        call: the arguments by place and by name that the layer was called with, in which those tensors are.
        options: those of them that its `forward` takes besides arrays, by name.
    """

    __slots__ = ("call", "inputs", "layer", "options", "outputs")

    def __init__(
        self,
        layer: Any,
        inputs: list[Tensor],
        shapes: Any,
        call: Any = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.layer = layer
        self.inputs = inputs
        self.call = call
        self.options = options or {}
        self.outputs = [Tensor(shape, layer.dtype, layer.name, node=self) for shape in listed(shapes)]


class _Penalised(NamedTuple):
    """What a layer with an `activity_regularizer` kept for its backward, and its outputs."""

    kept: Any
    outputs: list[Array]


def connect(layer: Any, inputs: list[Tensor], call: Any = None, **options: Any) -> Any:
    """Uses a layer, or a model, on tensors, building it if need be.

    Args:
        layer: one that says `several_inputs` is built, and asked for its shapes, with lists.
        inputs: all tensors that it is called with.
        call: the arguments by place and by name, as `([x], {"initial_state": [h, c]})`; None where they are
            only the tensors, and the options.
        options: that the layer's `forward` takes.

    Returns:
        Its output tensor, or a list where it has several.
    """
    shapes: Any = [tensor.shape for tensor in inputs]
    given = shapes if layer.several_inputs else shapes[0]
    layer.build(given)
    if call is None:
        call = ([inputs if layer.several_inputs else inputs[0]], options)
    node = Node(layer, inputs, layer.shapes_of(shapes, options), call, options)
    node.outputs[0].mask = layer.symbolic_mask(inputs)
    layer.nodes.append(node)
    return plain(node.outputs)


class Graph:
    """The nodes between `inputs` and `outputs`, in an order in which they can be computed.

    Attributes:
        outer: the nodes as they were made, in which a model may be a layer.
        nodes: those that compute, with the ones in models in their place.
        ends: the tensors among theirs that the outputs are.
        variables: the weights of all layers.
        carried: the states of the stateful ones.

    Raises:
        ValueError: an output hangs on an input that is not among `inputs`.
    """

    def __init__(self, inputs: list[Tensor], outputs: list[Tensor]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.outer = _in_order(inputs, outputs)
        self.nodes, self.ends = _unfolded(self.outer, {tensor: tensor for tensor in inputs}, outputs)
        self.variables: list[Variable] = list(
            dict.fromkeys(variable for node in self.nodes for variable in node.layer.weights)
        )
        self.carried: list[Variable] = list(
            dict.fromkeys(state for node in self.nodes for state in node.layer.carried)
        )

    @property
    def has_activity_losses(self) -> bool:
        """Whether the outputs of a layer have a penalty."""
        return any(
            node.layer.activity_regularizer is not None or node.layer.adds_losses for node in self.nodes
        )

    @property
    def takes_mask(self) -> bool:
        """Whether a mask that is given counts, and is not forgotten by the first layer."""
        return not (self.nodes and self.nodes[0].layer.makes_mask)

    def shapes(self, given: list[Shape]) -> dict[Tensor, Shape]:
        """The shape of every tensor, for inputs of these shapes."""
        found = dict(zip(self.inputs, given, strict=True))
        for node in self.nodes:
            outputs = node.layer.shapes_of([found[tensor] for tensor in node.inputs], node.options)
            found.update(zip(node.outputs, outputs, strict=True))
        return found

    def forward(
        self, inputs: Any, training: Training | None = None, keep: bool = False, mask: Any = None
    ) -> tuple[Any, list[Any], Any]:
        """The outputs, what `backward` needs (one entry per node, None unless `keep`), and the outputs'
        masks, bool [batch, timesteps] or None.

        Where there are several inputs or outputs, arrays and masks come in lists.

        Args:
            inputs: ready for the layers.
            training: the training pass that this is; None for inference.
            keep: whether a backward will follow.
            mask: bool [batch, timesteps] of the inputs; layers pass it on.
        """
        values = dict(zip(self.inputs, listed(inputs), strict=True))
        masks = dict(zip(self.inputs, listed(mask), strict=False))
        present = values_by_variable([*self.variables, *self.carried])
        kept = []
        for place, node in enumerate(self.nodes):
            found = run_node(node, values, masks, present, training and training._replace(node=place), keep)
            if keep and node.layer.activity_regularizer is not None:
                found = _Penalised(found, [values[tensor] for tensor in node.outputs])
            kept.append(found)
        results = [values[tensor] for tensor in self.ends]
        return plain(results), kept, plain([masks.get(tensor) for tensor in self.ends])

    def updates(self, kept: list[Any]) -> dict[Variable, Array]:
        """New values of weights that a training pass changes without a gradient, and of the states that it
        carries.

        Args:
            kept: from `forward` with `keep=True`.
        """
        found: dict[Variable, Array] = {}
        for node, kept_here in zip(self.nodes, kept, strict=True):
            if isinstance(kept_here, _Penalised):
                kept_here = kept_here.kept
            found.update(node.layer.updates(kept_here, found))
        return found

    def activity_losses(self, kept: list[Any]) -> dict[Layer, list[float]]:
        """Of each layer, the penalties on its outputs by its `activity_regularizer`, and what its `call` adds
        to the loss.

        Args:
            kept: from `forward` with `keep=True`.
        """
        found: dict[Layer, list[float]] = {}
        for node, kept_here in zip(self.nodes, kept, strict=True):
            losses = []
            if isinstance(kept_here, _Penalised):
                losses = activity_penalties(node.layer.activity_regularizer, kept_here.outputs)
                kept_here = kept_here.kept
            losses += node.layer.added_losses(kept_here)
            if losses:
                found.setdefault(node.layer, []).extend(losses)
        return found

    def backward(self, kept: list[Any], d_outputs: Any, scale: float = 1.0) -> dict[Variable, Array]:
        """The gradient of every trainable variable that the outputs, penalties on what layers put out, or
        losses that they add, depend on.

        Args:
            kept: from `forward` with `keep=True`.
            d_outputs: shaped as the outputs; None for an output without a gradient.
            scale: of the penalties in the loss.
        """
        d_tensors: dict[Tensor, Array] = {}
        gradients: dict[Variable, Array] = {}
        entrances = set(self.inputs)
        for tensor, d_output in zip(self.ends, listed(d_outputs), strict=True):
            _add(d_tensors, tensor, d_output)
        for node, kept_here in zip(reversed(self.nodes), reversed(kept), strict=True):
            if isinstance(kept_here, _Penalised):
                for tensor, output in zip(node.outputs, kept_here.outputs, strict=True):
                    _add(d_tensors, tensor, activity_gradient(node.layer.activity_regularizer, output, scale))
                kept_here = kept_here.kept
            d_found = [d_tensors.pop(tensor, None) for tensor in node.outputs]
            of_losses = {"d_losses": scale} if node.layer.added_losses(kept_here) else {}
            if all(d is None for d in d_found) and not of_losses:
                continue
            d_inputs, d_weights = node.layer.backward(
                kept_here, plain(d_found), need_d_inputs=not entrances.issuperset(node.inputs), **of_losses
            )
            if d_inputs is not None:
                for tensor, d_input in zip(node.inputs, listed(d_inputs), strict=True):
                    _add(d_tensors, tensor, d_input)
            for variable, d_weight in zip(node.layer.weights, d_weights, strict=True):
                if node.layer.trainable and variable.trainable:
                    _add(gradients, variable, d_weight)
        return gradients


def run_node(
    node: Node,
    values: dict[Tensor, Array],
    masks: dict[Tensor, Array | None],
    present: dict[Variable, Array],
    training: Training | None = None,
    keep: bool = False,
) -> Any:
    """Computes one node: puts its outputs into `values`, its mask into `masks` and the states that it carries
    into `present`, which has the values of its weights too, and returns what its backward needs.
    """
    layer = node.layer
    found, mask, kept = layer.run(
        [values[tensor] for tensor in node.inputs],
        [masks.get(tensor) for tensor in node.inputs],
        weights=[present[variable] for variable in layer.weights],
        training=training,
        keep=keep,
        **({"carried": [present[state] for state in layer.carried]} if layer.stateful else {}),
        **node.options,
    )
    if layer.stateful:
        present.update(layer.updates(kept, {}))
    values.update(zip(node.outputs, found, strict=True))
    masks[node.outputs[0]] = mask
    return kept


def _add(sums: dict[Any, Array], key: Any, term: Array | None) -> None:
    if term is not None:
        sums[key] = sums[key] + term if key in sums else term


def _unfolded(
    nodes: list[Node], now: dict[Tensor, Tensor], outputs: list[Tensor]
) -> tuple[list[Node], list[Tensor]]:
    """The nodes with those of models in the place of the models, and the tensors that the outputs are then.

    Args:
        nodes: in order.
        now: tensor of these nodes -> the one that stands for it.
        outputs: of these nodes.
    """
    found: list[Node] = []
    for node in nodes:
        graph, inputs = getattr(node.layer, "graph", None), [now[tensor] for tensor in node.inputs]
        if graph is None:
            used = node
            if inputs != node.inputs:
                used = _on(node, inputs)
            found.append(used)
            now.update(zip(node.outputs, used.outputs, strict=True))
        else:
            more, ends = _copied(graph, dict(zip(graph.inputs, inputs, strict=True)))
            found += more
            if len(found) > _MOST_NODES:
                raise ValueError(f"a graph can have at most {_MOST_NODES} layers, with those of models in it")
            now.update(zip(node.outputs, ends, strict=True))
    return found, [now[tensor] for tensor in outputs]


def _copied(graph: Graph, now: dict[Tensor, Tensor]) -> tuple[list[Node], list[Tensor]]:
    """The nodes of a graph on other inputs, and its ends then."""
    copies = []
    for node in graph.nodes:
        inputs = [now[tensor] for tensor in node.inputs]
        copy = _on(node, inputs)
        now.update(zip(node.outputs, copy.outputs, strict=True))
        copies.append(copy)
    return copies, [now[tensor] for tensor in graph.ends]


def _on(node: Node, inputs: list[Tensor]) -> Node:
    """The same use of other tensors of the same shapes."""
    return Node(node.layer, inputs, plain([each.shape for each in node.outputs]), options=node.options)


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
