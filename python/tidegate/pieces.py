"""A graph that is no chain, for inference: chains of it as Programs, and single layers between them.

A layer that takes or gives several arrays (a merge, a recurrent layer with states) runs its own native
forward; nothing is computed in NumPy. A stateful layer stands by itself too: what it carries is read when a
call begins, and assigned when all of it is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.graph import run_node
from tidegate.program import is_link, present_weights, program_of
from tidegate.structure import listed, plain
from tidegate.variable import assign_each, values_by_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.graph import Graph, Node, Tensor
    from tidegate.variable import Array, Variable

    Values = dict[Tensor, Array]
    Masks = dict[Tensor, Array | None]


_SHORT = 256  # steps of rows; packing takes as long as a few of them


class _Chain:
    """Nodes that follow each other, as one Program."""

    def __init__(self, nodes: list[Node], weights: Mapping[Variable, Array]) -> None:
        self._nodes = nodes
        self.program = program_of(nodes, weights)

    def run(self, values: Values, masks: Masks, carried: dict[Variable, Array]) -> None:
        first, last = self._nodes[0], self._nodes[-1].outputs[0]
        x = np.require(values[first.inputs[0]], first.layer.dtype)  # whole numbers may come of Python
        mask = masks.get(first.inputs[0])
        values[last] = self.program.run(x, None, mask)
        mask = first.layer.compute_mask(x, mask)
        for node in self._nodes[1:]:  # none of which makes a mask of its input
            mask = node.layer.compute_mask(None, mask)
        masks[last] = mask

    def explain(self, shapes: dict[Tensor, Any]) -> list[dict[str, Any]]:
        return self.program.explain(shapes[self._nodes[0].inputs[0]])


class _Layer:
    """A node by itself, with the weights of one version."""

    def __init__(self, node: Node, weights: Mapping[Variable, Array]) -> None:
        self._node, self._weights = node, {each: weights[each] for each in node.layer.weights}

    def run(self, values: Values, masks: Masks, carried: dict[Variable, Array]) -> None:
        present = self._weights | carried
        run_node(self._node, values, masks, present)
        carried.update((state, present[state]) for state in self._node.layer.carried)

    def explain(self, shapes: dict[Tensor, Any]) -> list[dict[str, Any]]:
        runs = "native, packed in each call" if self._node.layer.native else "in Python"
        return [
            {
                "layer": self._node.layer.title, "runs": runs,
                "instruction_set": None, "narrow": None, "tile": None, "packed_bytes": 0, "flops": 0,
                "threads": 0, "passes": [], "apart": False,
            }
        ]  # fmt: skip


class _Stateful(_Layer):
    """A stateful layer as a Program of its own, whose streams begin with the states that are carried.

    Streams know no masks, and no signal ends their work. Where a mask comes, or steps by which packing is a
    small part of the work, the layer runs as others by themselves.
    """

    def __init__(self, node: Node, weights: Mapping[Variable, Array]) -> None:
        super().__init__(node, weights)
        self.program = program_of([node], weights)
        self.program.streams(1)  # ValueError for one that goes backwards

    def run(self, values: Values, masks: Masks, carried: dict[Variable, Array]) -> None:
        layer, x = self._node.layer, values[self._node.inputs[0]]
        if masks.get(self._node.inputs[0]) is not None or not _is_short(x.shape):
            return super().run(values, masks, carried)
        begun = layer.going_on(len(x), [carried[state] for state in layer.carried])
        streams = self.program.streams(len(x))
        ids = np.array([streams.open() for _ in range(len(x))])
        streams.set_states(ids, begun)
        values[self._node.outputs[0]] = streams.run(x, ids)
        carried.update(zip(layer.carried, streams.states(ids), strict=True))

    def explain(self, shapes: dict[Tensor, Any]) -> list[dict[str, Any]]:
        shape = shapes[self._node.inputs[0]]
        if not _is_short(shape):
            return super().explain(shapes)
        (step,) = self.program.explain(shape)
        return [{**step, "runs": f"{step['runs']}, states carried"}]


def _is_short(shape: Any) -> bool:
    """Whether [batch, timesteps, features] has few steps of rows."""
    return bool(shape[0] * shape[1] <= _SHORT)


class Pieces:
    """What stands for a Program where a graph is no chain, or carries states; immutable too.

    Arrays and masks come in lists where there are several inputs or outputs.
    """

    def __init__(self, graph: Graph) -> None:
        weights = present_weights(graph)
        self._graph = graph
        self._pieces = [
            _alone(nodes[0], weights) if _is_alone(nodes[0]) else _Chain(nodes, weights)
            for nodes in _chains(graph)
        ]

    @property
    def packed_bytes(self) -> int:
        return sum(piece.program.packed_bytes for piece in self._pieces if hasattr(piece, "program"))

    def run(self, x: Any, out: None = None, mask: Any = None) -> Any:
        """The outputs."""
        return self.run_masked(x, out, mask)[0]

    def run_masked(self, x: Any, out: None = None, mask: Any = None) -> tuple[Any, Any]:
        """The outputs and their masks, bool [B, T] or None."""
        values = dict(zip(self._graph.inputs, listed(x), strict=True))
        masks = dict(zip(self._graph.inputs, listed(mask), strict=False))
        carried = values_by_variable(self._graph.carried)
        for piece in self._pieces:
            piece.run(values, masks, carried)
        assign_each(carried)
        ends = self._graph.ends
        return plain([values[end] for end in ends]), plain([masks.get(end) for end in ends])

    def explain(self, shape: Any) -> list[dict[str, Any]]:
        """As of `core.Program`, layer by layer, for inputs of these shapes."""
        shapes = self._graph.shapes(listed(shape))
        return [step for piece in self._pieces for step in piece.explain(shapes)]


def _alone(node: Node, weights: Mapping[Variable, Array]) -> _Layer:
    """The piece of a node that is one by itself."""
    if node.layer.stateful and is_link(node):
        try:
            return _Stateful(node, weights)
        except ValueError:  # it needs the whole sequence, and has no streams
            pass
    return _Layer(node, weights)


def _is_alone(node: Node) -> bool:
    return not is_link(node) or node.layer.stateful


def _chains(graph: Graph) -> list[list[Node]]:
    """The nodes, those together that one Program can run, in an order in which they can be computed.

    A chain ends where its output is wanted more than once, and before a layer that makes a mask of its input.
    """
    uses: dict[Tensor, int] = {}
    for tensor in [*graph.ends, *(tensor for node in graph.nodes for tensor in node.inputs)]:
        uses[tensor] = uses.get(tensor, 0) + 1
    chains: list[list[Node]] = []
    ends: dict[Tensor, list[Node]] = {}
    for node in graph.nodes:
        chain = ends.pop(node.inputs[0], None)
        if _is_alone(node):
            chains.append([node])
            continue
        if chain is None or uses[node.inputs[0]] > 1 or node.layer.makes_mask:
            chain = []
            chains.append(chain)
        chain.append(node)
        ends[node.outputs[0]] = chain
    return chains
