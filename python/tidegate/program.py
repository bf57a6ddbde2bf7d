"""From a graph to native Programs: what predict, predict_on_batch and `model(x)` run.

A Program is one chain of native operators with packed weights, run by one native call. It is compiled from
one version of the weights and never changes; when the weights have changed, another takes its place. A graph
that is no chain is cut into Programs, with the layers that take or give several arrays between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate._native import core
from tidegate.variable import changing, values_by_variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.graph import Graph, Node
    from tidegate.pieces import Pieces
    from tidegate.variable import Array, Variable


def compile_program(
    graph: Graph, weights: Mapping[Variable, Array] | None = None, **options: Any
) -> core.Program:
    """Packs the weights of a chain of native layers.

    Args:
        graph: from one input to one output.
        weights: their values; the present ones if None.
        options: `threads`, `precision`, `packed` and `fold`, as of `core.Program`.

    Raises:
        ValueError: the graph is not such a chain.
    """
    end = graph.inputs
    for node in graph.nodes:
        if node.inputs != end or not is_link(node):
            raise ValueError(f"a Program is a chain of layers; {node.layer.title} is not a link of one")
        end = node.outputs
    if end != graph.ends:
        raise ValueError("a Program is a chain of layers; the graph's output is not the end of one")
    return program_of(graph.nodes, present_weights(graph) if weights is None else weights, **options)


def program_of(chain: Sequence[Node], weights: Mapping[Variable, Array], **options: Any) -> core.Program:
    """The Program of nodes that follow each other."""
    layers = [node.layer for node in chain]
    return core.Program(
        [(layer.operator, [weights[variable] for variable in layer.weights]) for layer in layers],
        dtype=layers[0].dtype,
        names=[layer.title for layer in layers],
        **options,
    )


def present_weights(graph: Graph) -> dict[Variable, Array]:
    """The weights of a graph as they are now."""
    return values_by_variable(graph.variables)


def is_link(node: Node) -> bool:
    """Whether a node can be a part of a chain: native, one array in, one out."""
    layer = node.layer
    return len(node.inputs) == len(node.outputs) == 1 and layer.native and not layer.several_inputs


def is_chain(graph: Graph) -> bool:
    """Whether one Program computes all of the graph."""
    ends = [*graph.inputs, *(node.outputs[0] for node in graph.nodes)]
    linked = all(
        is_link(node) and node.inputs[0] is end for node, end in zip(graph.nodes, ends, strict=False)
    )
    return bool(graph.nodes) and len(graph.inputs) == 1 and linked and graph.ends == ends[-1:]


class Programs:
    """The current Program of a graph, shared by any number of threads.

    The program and the version it belongs to are one tuple, so that a reader never sees the one without the
    other. Versions only grow, and so their sum is a version of all weights together.

    Attributes:
        alone: whether one Program computes all of it; states that go on from call to call are not in it.
    """

    __slots__ = ("_compiled", "_graph", "_variables", "alone")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._variables = graph.variables
        self.alone = is_chain(graph) and not graph.carried
        self._compiled: tuple[int, Any] | None = None

    def current(self) -> core.Program | Pieces:
        """The Program of the present weights, or the pieces of the graph where it is no chain; compiled now
        if they have changed since the last one.
        """
        compiled = self._compiled
        if compiled is None or compiled[0] != self._version():
            with changing:  # what is half changed is waited for
                compiled = self._compiled
                version = self._version()
                if compiled is None or compiled[0] != version:
                    compiled = self._compiled = (version, self._compile())
        found: core.Program | Pieces = compiled[1]
        return found

    def _compile(self) -> core.Program | Pieces:
        from tidegate.pieces import Pieces

        return compile_program(self._graph) if self.alone else Pieces(self._graph)

    def _version(self) -> int:
        version = 0
        for variable in self._variables:
            version += variable.version
        return version
