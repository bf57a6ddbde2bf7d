"""The table that `model.summary()` prints, as Keras draws it."""

from __future__ import annotations

import re
from itertools import pairwise
from math import prod
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from tidegate.structure import plain

if TYPE_CHECKING:
    import numpy as np

    from tidegate.graph import Node
    from tidegate.models.layered import Layered

_POSITIONS, _WIDTH = [0.45, 0.80, 1.0], 88
_CONNECTED_POSITIONS, _CONNECTED_WIDTH = [0.3, 0.56, 0.74, 1.0], 108
_NONE, _NUMBER, _CLASS = "color(45)", "color(34)", "color(33)"


def print_summary(
    model: Layered,
    line_length: int | None,
    positions: list[float] | None,
    print_fn: Any,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Any,
) -> None:
    """Draws the table on the terminal, or hands the whole text to `print_fn`. Arguments as of
    `Model.summary`.
    """
    from rich.console import Console
    from rich.table import Column, Table

    headers = [("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right")]
    width, ends = _WIDTH, list(positions or _POSITIONS)
    uses = _uses(model)
    if uses is not None:
        headers.append(("Connected to", "left"))
        width, ends = _CONNECTED_WIDTH, list(positions or _CONNECTED_POSITIONS)
    if show_trainable:
        headers.append(("Trainable", "center"))
        width, ends = width + 12, [*(0.9 * end for end in ends), 1.0]
    width = line_length or min(width, get_terminal_size().columns - 4)
    edges = [0, *(int(end * width) for end in ends)]
    widths = [right - left for left, right in pairwise(edges)]
    if min(widths) < 4:
        raise ValueError(f"summary: `line_length` must leave every column 4 characters; received {width}")
    columns = [
        Column(header, justify=justify, width=column_width)  # type: ignore[arg-type]
        for (header, justify), column_width in zip(headers, widths, strict=True)
    ]
    table = Table(*columns, width=width, show_lines=True)
    for layer in _selected(model.operations, layer_range):
        for each, depth in _unfolded(layer) if expand_nested else [(layer, 0)]:
            table.add_row(*_row(each, depth, uses, show_trainable))

    console = Console(highlight=False)
    if print_fn is not None:
        console = Console(highlight=False, force_terminal=False, color_system=None)
        console.begin_capture()
    console.print(f'[bold]Model: "{_escaped(model.name)}"[/]')
    console.print(table)
    for line in _totals(model):
        console.print(line)
    if print_fn is not None:
        print_fn(console.end_capture())


def _uses(model: Any) -> set[Node] | None:
    """The nodes whose inputs the table shows; None where each layer is behind the one before it."""
    from tidegate.models.depth import in_depth
    from tidegate.models.functional import Functional

    chained = not isinstance(model, Functional) or in_depth(model.graph).is_chain()  # type: ignore[arg-type]
    return None if chained else set(model.graph.outer)


def _unfolded(layer: Any, depth: int = 0) -> list[tuple[Any, int]]:
    """A layer and, if it is a model, the layers in it, and how deep each is."""
    return [
        (layer, depth),
        *(each for own in getattr(layer, "operations", []) for each in _unfolded(own, depth + 1)),
    ]


def _row(layer: Any, depth: int, uses: set[Node] | None, show_trainable: bool) -> list[str]:
    prefix = f"{'   ' * depth}└ " if depth else ""
    name = f"{prefix}{_escaped(layer.name)} ([{_CLASS}]{layer.kind}[/])"
    shape, count = "?", f"[{_NUMBER}]0[/] (unbuilt)"
    if layer.nodes:
        shape = _shape(plain([tensor.shape for tensor in layer.nodes[-1].outputs]))
    elif layer.built:
        built_for = layer.input_shape if layer.graph is not None else layer.build_shape
        shape = "?" if built_for is None else _shape(layer.compute_output_shape(built_for))
    if layer.built:
        count = f"[{_NUMBER}]{layer.count_params():,}[/]"
    row = [name, shape, count]
    if uses is not None:
        row.append(_connections(layer, uses))
    if show_trainable:
        has_weights = bool(layer.weights)
        yes, no = f"[bold][{_NUMBER}]Y[/][/]", "[bold][color(9)]N[/][/]"
        row.append((yes if layer.trainable else no) if has_weights else "[bold]-[/]")
    return row


def _connections(layer: Any, uses: set[Node]) -> str:
    """The tensors that a layer takes: layer[use][output]."""
    found = []
    for tensor in [tensor for node in layer.nodes if node in uses for tensor in node.inputs]:
        node = tensor.node
        use, output = (0, 0) if node is None else (node.layer.nodes.index(node), node.outputs.index(tensor))
        found.append(f"{_escaped(tensor.name)}[[{_NUMBER}]{use}[/]][[{_NUMBER}]{output}[/]]")
    return ", ".join(found) or "-"


def _shape(shape: Any) -> str:
    if isinstance(shape, list):
        return f"[{', '.join(_shape(one) for one in shape)}]"
    return f"({', '.join(f'[{_NONE if axis is None else _NUMBER}]{axis}[/]' for axis in shape)})"


def _totals(model: Layered) -> list[str]:
    """The lines below the table: numbers of weights, and what they weigh."""
    groups = [("Trainable", model.trainable_weights), ("Non-trainable", model.non_trainable_weights)]
    lines = [(title, _size_of([(each.shape, each.dtype) for each in group])) for title, group in groups]
    if model.optimizer is not None and model.optimizer.built:
        lines.append(("Optimizer", _size_of(model.optimizer.variable_shapes())))
    total = (sum(count for _, (count, _) in lines), sum(weight for _, (_, weight) in lines))
    return [
        f"[bold] {title} params: [/][{_NUMBER}]{count:,}[/] ({_readable(weight)})"
        for title, (count, weight) in [("Total", total), *lines]
    ]


def _size_of(shapes: list[tuple[tuple[int, ...], np.dtype[Any]]]) -> tuple[int, int]:
    """Numbers and bytes of arrays with these shapes and dtypes."""
    return sum(prod(shape) for shape, _ in shapes), sum(
        prod(shape) * dtype.itemsize for shape, dtype in shapes
    )


def _readable(weight: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if weight < 1024:
            return f"{weight:.2f} {unit}"
        weight /= 1024
    return f"{weight:.2f} PB"


def _selected(layers: list[Any], layer_range: Any) -> list[Any]:
    """The layers from the first that matches one name to the last that matches the other."""
    if layer_range is None:
        return layers
    if not isinstance(layer_range, (list, tuple)) or len(layer_range) != 2:
        raise ValueError(f"summary: `layer_range` must be two layer names; received {layer_range!r}")
    places = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range]
    if not all(places):
        raise ValueError(f"summary: `layer_range` must name layers of the model; received {layer_range!r}")
    first, last = min(places[0]), max(places[1])
    if min(places[0]) > max(places[1]):
        first, last = min(places[1]), max(places[0])
    return layers[first : last + 1]


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
