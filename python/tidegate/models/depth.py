"""The order of a model's layers: by their distance from the outputs, as Keras lists and saves them.

Keras counts what makes a mask as operations of their own, one for that of an `Embedding` and two for that of
a `Masking`, and so does this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.graph import Node
from tidegate.layers.masking import Masking
from tidegate.layers.over_time import OverTime
from tidegate.layers.time_distributed import TimeDistributed

if TYPE_CHECKING:
    from tidegate.graph import Graph, Tensor


class _MaskOperation(NamedTuple):
    """What makes a mask, apart from the layer that is asked for it.

    Attributes:
        node: of that layer.
        left: how many such operations come before it.
    """

    node: Node
    left: int


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
    layers = [layer for layer in layers if not isinstance(layer, _MaskOperation)]
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
        found = [_origin(tensor) for tensor in use.inputs]
        maker = use.inputs[0].masked_by if len(use.inputs) == 1 else None
        if maker is not None and getattr(maker.layer, "mask_zero", True) and _gets_mask(use.layer):
            found.append(_MaskOperation(maker, int(isinstance(maker.layer, Masking))))
        return found
    if isinstance(use, _MaskOperation):
        return [use._replace(left=use.left - 1) if use.left else _origin(use.node.inputs[0])]
    return []


def _origin(tensor: Tensor) -> Any:
    return tensor.node or tensor.source


def _gets_mask(layer: Any) -> bool:
    """Whether Keras's layer has an argument for the mask."""
    return layer.graph is not None or layer.uses_mask or isinstance(layer, (OverTime, TimeDistributed))
