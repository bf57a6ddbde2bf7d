"""What `python -m tidegate --report` says at the end: how the layers of the script's models were computed."""

from __future__ import annotations

import sys
from typing import Any

from tidegate.models.model import Model
from tidegate.program import Programs
from tidegate.structure import listed, plain

MOST = 20  # models that are kept for the report


class Report:
    """Keeps the models that are built inside its block, and prints what each of their layers runs on."""

    def __init__(self) -> None:
        self._models: dict[int, Model] = {}
        self._more = 0

    def __enter__(self) -> Report:
        self._set_graph = set_graph = Model.set_graph

        def noted(model: Model, graph: Any) -> None:
            set_graph(model, graph)
            if graph is not None and id(model) not in self._models:
                if len(self._models) < MOST:
                    self._models[id(model)] = model
                else:
                    self._more += 1

        Model.set_graph = noted  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        Model.set_graph = self._set_graph  # type: ignore[method-assign]
        print(self.text(), file=sys.stderr)

    def text(self) -> str:
        """A line for each layer of each model."""
        lines = ["", "Tidegate: how the models of this script are computed"]
        for model in self._models.values():
            lines += [f"  {model.title}", *(f"    {layer}: {runs}" for layer, runs in _rows(model))]
        if self._more:
            lines.append(f"  and {self._more} more models")
        return "\n".join(lines if self._models else [*lines, "  none was built"])


def _rows(model: Model) -> list[tuple[str, str]]:
    """Every layer, and what it runs on, as `explain` has it."""
    graph = model.graph
    if graph is None:
        return [("not built any more", "-")]
    shapes = listed(model.input_shape)
    lengths: Any = plain([tuple(1 if axis is None else axis for axis in shape) for shape in shapes])
    steps = Programs(graph).current().explain(lengths)
    return [(step["layer"], step["runs"]) for step in steps]
