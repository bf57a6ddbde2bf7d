"""plot_model and model_to_dot, with a module in the place of pydot."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from tidegate import Model, Sequential, layers, utils


class Dot:
    """As much of pydot.Dot as is used."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.nodes: dict[str, str] = {}
        self.edges: list[tuple[str, str]] = []

    def set_node_defaults(self, **options: Any) -> None: ...

    def add_node(self, node: tuple[str, str]) -> None:
        self.nodes[node[0]] = node[1]

    def add_edge(self, edge: tuple[str, str]) -> None:
        self.edges.append(edge)

    def write(self, path: str, format: str) -> None:
        if format == "tiff":
            raise FileNotFoundError("dot")
        Path(path).write_text(f"{format}: {sorted(self.nodes.values())}")


@pytest.fixture
def pydot(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.SimpleNamespace(
        Dot=Dot, Node=lambda name, label: (name, label), Edge=lambda one, other: (one, other)
    )
    monkeypatch.setitem(sys.modules, "pydot", module)


def two_ways() -> Model:
    x = layers.Input((3,), name="x")
    one, other = layers.Dense(2, activation="relu", name="a")(x), layers.Dense(2, name="b")(x)
    return Model(x, layers.Add(name="sum")([one, other]))


@pytest.mark.usefixtures("pydot")
def test_boxes_and_lines() -> None:
    dot = utils.model_to_dot(two_ways(), rankdir="LR")
    assert sorted(dot.nodes.values()) == ["{a (Dense)}", "{b (Dense)}", "{sum (Add)}", "{x (InputLayer)}"]
    names = {label: name for name, label in dot.nodes.items()}
    x, a, b, both = (
        names[each] for each in ("{x (InputLayer)}", "{a (Dense)}", "{b (Dense)}", "{sum (Add)}")
    )
    assert sorted(dot.edges) == sorted([(x, a), (x, b), (a, both), (b, both)])
    assert dot.options["rankdir"] == "LR"
    shown = utils.model_to_dot(
        two_ways(), True, True, show_layer_names=False, show_layer_activations=True, show_trainable=True
    )
    expected = (
        "{Dense | Activation: relu | Input: (None, 3), output: (None, 2) | Dtype: float32 | Trainable: True}"
    )
    assert expected in shown.nodes.values()


@pytest.mark.usefixtures("pydot")
def test_a_file(tmp_path: Path) -> None:
    model = Sequential([layers.Input((4, 2)), layers.LSTM(3)])
    utils.plot_model(model, tmp_path / "m.svg")
    assert (tmp_path / "m.svg").read_text() == "svg: ['{InputLayer}', '{LSTM}']"
    with pytest.raises(ValueError, match="a path with an ending; received 'm'"):
        utils.plot_model(model, "m")
    with pytest.raises(ImportError, match="Graphviz, which is not installed"):
        utils.plot_model(model, "m.tiff")
    with pytest.raises(ValueError, match="is not built"):
        utils.plot_model(Sequential([layers.LSTM(3)]))


def test_without_pydot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydot", None)
    for draw in (utils.plot_model, utils.model_to_dot):
        with pytest.raises(ImportError, match=f"{draw.__name__} draws with pydot, which is not installed"):
            draw(two_ways())
