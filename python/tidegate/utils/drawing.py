"""A model as a drawing, by pydot and Graphviz where they are installed."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from tidegate.structure import plain

if TYPE_CHECKING:
    from tidegate.models import Model


def model_to_dot(
    model: Model,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> Any:
    """The layers of a model and the tensors between them, as a `pydot.Dot`.

    Args:
        model: built.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what stands beside
            the class of a layer.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested, subgraph: accepted; a model in a model is one box.
        dpi: dots per inch.
        splines: how lines run.

    Raises:
        ImportError: pydot is not installed.
        ValueError: a model that is not built.
    """
    pydot = _pydot("model_to_dot")
    if model.graph is None:
        raise ValueError(f"{model.title} is not built; call it on an array first, or `build` it")
    dot = pydot.Dot(rankdir=rankdir, dpi=dpi, splines=splines, concentrate=True)
    dot.set_node_defaults(shape="record")
    drawn: dict[int, str] = {}

    def box(layer: Any, inputs: Any, outputs: Any) -> str:
        lines = [f"{layer.name} ({type(layer).__name__})" if show_layer_names else type(layer).__name__]
        if show_layer_activations and hasattr(layer, "activation"):
            lines.append(f"Activation: {layer.activation.__name__}")
        if show_shapes:
            lines.append(f"Input: {inputs}, output: {outputs}")
        if show_dtype:
            lines.append(f"Dtype: {layer.dtype}")
        if show_trainable:
            lines.append(f"Trainable: {layer.trainable}")
        name = drawn.setdefault(id(layer), str(len(drawn)))
        dot.add_node(pydot.Node(name, label="{" + " | ".join(lines) + "}"))
        return name

    edges: set[tuple[str, str]] = set()
    for tensor in model.graph.inputs:
        box(tensor.source, tensor.shape, tensor.shape)
    for node in model.graph.outer:
        shapes = [plain([each.shape for each in tensors]) for tensors in (node.inputs, node.outputs)]
        name = box(node.layer, *shapes)
        for tensor in node.inputs:
            origin = tensor.source if tensor.node is None else tensor.node.layer
            edges.add((drawn[id(origin)], name))
    for edge in sorted(edges):
        dot.add_edge(pydot.Edge(*edge))
    return dot


def plot_model(model: Model, to_file: Any = "model.png", **options: Any) -> None:
    """Draws a model into a file, whose ending says the format; `options` as of `model_to_dot`.

    Raises:
        ImportError: pydot or Graphviz is not installed.
        ValueError: a model that is not built, or a file without an ending.
    """
    _pydot("plot_model")
    path = os.fspath(to_file)
    ending = os.path.splitext(path)[1].lstrip(".")
    if not ending:
        raise ValueError(f"plot_model: argument `to_file` expected a path with an ending; received {path!r}")
    dot = model_to_dot(model, **{"show_layer_names": False, **options})
    try:
        dot.write(path, format=ending)
    except OSError as error:
        raise ImportError(
            "plot_model draws with Graphviz, which is not installed (https://graphviz.org)"
        ) from error


def _pydot(function: str) -> Any:
    try:
        return importlib.import_module("pydot")
    except ImportError as error:
        raise ImportError(
            f"{function} draws with pydot, which is not installed: `pip install pydot`"
        ) from error
