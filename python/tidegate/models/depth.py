"""The order of a model's layers: by their distance from the outputs, as Keras lists and saves them.

Keras counts what makes a mask as operations of their own, and so does this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.graph import Node, Tensor
from tidegate.layers.over_time import OverTime
from tidegate.layers.time_distributed import TimeDistributed
from tidegate.masks import Mask
from tidegate.structure import flatten, pack

if TYPE_CHECKING:
    from tidegate.graph import Graph


class Depths(NamedTuple):
    """What is known of a graph's layers.

    Attributes:
        layers: in order, input layers among them.
        of_uses: how far each node and each input layer is from the outputs.
    """

    layers: list[Any]
    of_uses: dict[Any, int]

    def is_chain(self) -> bool:
        """Whether no layer takes several tensors or is used twice, and no two are equally far."""
        nodes = [use for use in self.of_uses if isinstance(use, Node)]
        return (
            len(set(self.of_uses.values())) == len(self.of_uses)
            and all(len(node.inputs) == 1 for node in nodes)
            and len({node.layer for node in nodes}) == len(nodes)
        )


def in_depth(graph: Graph) -> Depths:
    """The layers of a graph; of those that are equally far from the outputs, who is met first on the way up
    from the outputs comes first.
    """
    uses, met = _walked(graph)
    of_uses: dict[Any, int] = {}
    of_layers: dict[Any, int] = {}
    for use in reversed(uses):
        layer = _layer(use)
        depth = max(of_uses.get(use, 0), of_layers.get(layer, 0))
        of_uses[use] = of_layers[layer] = depth
        for above in _above(use):
            of_uses[above] = max(depth + 1, of_uses.get(above, 0))
    for tensor in graph.inputs:  # those that no output depends on
        of_layers.setdefault(tensor.source, 0)
        of_uses.setdefault(tensor.source, 0)
    layers = sorted(of_layers, key=lambda layer: (-of_layers[layer], met.get(layer, -1)))
    layers = [layer for layer in layers if not isinstance(layer, Mask)]
    return Depths(layers, of_uses)


def _walked(graph: Graph) -> tuple[list[Any], dict[Any, int]]:
    """Nodes and input layers, each after those it takes from, and when each layer was met first."""
    uses: dict[Any, None] = {}
    met: dict[Any, int] = {}
    waiting: list[tuple[Any, bool]] = [(_origin(tensor), False) for tensor in reversed(graph.outputs)]
    while waiting:
        use, finished = waiting.pop()
        if finished:
            uses[use] = None
        elif use not in uses:
            met.setdefault(_layer(use), len(met))
            waiting.append((use, True))
            waiting += [(above, False) for above in reversed(_above(use))]
    return list(uses), met


def _layer(use: Any) -> Any:
    return use.layer if isinstance(use, Node) else use


def _above(use: Any) -> list[Any]:
    """What a use takes from."""
    if isinstance(use, Node):
        masks = [mask for mask in flatten(given_mask(use)) if mask is not None]
        return [*map(_origin, use.inputs), *masks]
    if isinstance(use, Mask):
        return [_origin(each) for each in use.args if isinstance(each, (Mask, Tensor))]
    return []


def _origin(value: Tensor | Mask) -> Any:
    return value if isinstance(value, Mask) else value.node or value.source


def given_mask(node: Node) -> Any:
    """The mask that Keras calls a layer with, in the structure of its inputs; None where it has none."""
    layer = node.layer
    if layer.graph is None:
        takes_it = layer.uses_mask or isinstance(layer, (OverTime, TimeDistributed))
        if layer.several_inputs or len(node.inputs) > 1 or not takes_it:
            return None
    masks = [tensor.mask for tensor in flatten(node.call[0])]
    return pack(node.call[0], masks)[0] if any(mask is not None for mask in masks) else None
