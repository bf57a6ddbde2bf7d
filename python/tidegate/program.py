"""From a graph to native Programs: what predict, predict_on_batch and `model(x)` run.

A Program is one chain of native operators with packed weights, run by one native call. It is compiled from
one version of the weights and never changes; when the weights have changed, another takes its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate._native import core
from tidegate.variable import changing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.graph import Graph
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
        if node.inputs != end or len(node.outputs) != 1 or node.layer.several_inputs:
            raise ValueError(f"a Program is a chain of layers; {node.layer.title} is not a link of one")
        end = node.outputs
    if end != graph.outputs:
        raise ValueError("a Program is a chain of layers; the graph's output is not the end of one")
    layers = [node.layer for node in graph.nodes]
    return core.Program(
        [
            (layer.operator, [weights[v] if weights is not None else v.value for v in layer.weights])
            for layer in layers
        ],
        dtype=layers[0].dtype,
        names=[layer.title for layer in layers],
        **options,
    )


class Programs:
    """The current Program of a graph, shared by any number of threads.

    The program and the version it belongs to are one tuple, so that a reader never sees the one without the
    other. Versions only grow, and so their sum is a version of all weights together.
    """

    __slots__ = ("_compiled", "_graph", "_variables")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._variables = graph.variables
        self._compiled: tuple[int, core.Program] | None = None

    def current(self) -> core.Program:
        """The Program of the present weights, compiled now if they have changed since the last one."""
        compiled = self._compiled
        if compiled is None or compiled[0] != self._version():
            with changing:  # what is half changed is waited for
                compiled = self._compiled
                version = self._version()
                if compiled is None or compiled[0] != version:
                    compiled = self._compiled = (version, compile_program(self._graph))
        return compiled[1]

    def _version(self) -> int:
        version = 0
        for variable in self._variables:
            version += variable.version
        return version
