"""A graph that is no chain, for inference: chains of it as Programs, and single layers between them.

A layer that takes or gives several arrays (a merge, a recurrent layer with states) runs its own native
forward; nothing is computed in NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.graph import run_node
from tidegate.program import is_link, present_weights, program_of
from tidegate.structure import listed, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.graph import Graph, Node, Tensor
    from tidegate.variable import Array, Variable


class _Chain:
    """Nodes that follow each other, as one Program."""

    def __init__(self, nodes: list[Node], weights: Mapping[Variable, Array]) -> None:
        self._nodes = nodes
        self.program = program_of(nodes, weights)

    def run(self, values: dict[Tensor, Array], masks: dict[Tensor, Array | None]) -> None:
        first, last = self._nodes[0], self._nodes[-1].outputs[0]
        x = values[first.inputs[0]]
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

    def run(self, values: dict[Tensor, Array], masks: dict[Tensor, Array | None]) -> None:
        run_node(self._node, values, masks, self._weights)

    def explain(self, shapes: dict[Tensor, Any]) -> list[dict[str, Any]]:
        return [
            {
                "layer": self._node.layer.title, "runs": "native, packed in each call",
                "instruction_set": None, "narrow": None, "tile": None, "packed_bytes": 0, "flops": 0,
                "threads": 0, "passes": [], "apart": False,
            }
        ]  # fmt: skip


class Pieces:
    """What stands for a Program where a graph is no chain; immutable too.

    Arrays and masks come in lists where there are several inputs or outputs.
    """

    def __init__(self, graph: Graph) -> None:
        weights = present_weights(graph)
        self._graph = graph
        self._pieces = [
            _Chain(nodes, weights) if is_link(nodes[0]) else _Layer(nodes[0], weights)
            for nodes in _chains(graph)
        ]

    @property
    def packed_bytes(self) -> int:
        return sum(piece.program.packed_bytes for piece in self._pieces if isinstance(piece, _Chain))

    def run(self, x: Any, out: None = None, mask: Any = None) -> Any:
        """The outputs."""
        return self.run_masked(x, out, mask)[0]

    def run_masked(self, x: Any, out: None = None, mask: Any = None) -> tuple[Any, Any]:
        """The outputs and their masks, bool [B, T] or None."""
        values = dict(zip(self._graph.inputs, listed(x), strict=True))
        masks = dict(zip(self._graph.inputs, listed(mask), strict=False))
        for piece in self._pieces:
            piece.run(values, masks)
        ends = self._graph.ends
        return plain([values[end] for end in ends]), plain([masks.get(end) for end in ends])

    def explain(self, shape: Any) -> list[dict[str, Any]]:
        """As of `core.Program`, layer by layer, for inputs of these shapes."""
        shapes = self._graph.shapes(listed(shape))
        return [step for piece in self._pieces for step in piece.explain(shapes)]


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
        if not is_link(node):
            chains.append([node])
            continue
        if chain is None or uses[node.inputs[0]] > 1 or node.layer.makes_mask:
            chain = []
            chains.append(chain)
        chain.append(node)
        ends[node.outputs[0]] = chain
    return chains
