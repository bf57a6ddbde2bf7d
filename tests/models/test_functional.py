"""Models with several inputs and outputs, shared layers and models in models, against Keras in float64; and
what becomes of them in files, pickles and explanations."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Model, models
from tidegate.structure import flatten

HERE = Path(__file__).parent.parent / "data"
FIGURES = json.loads((HERE / "keras_functional.json").read_text())
DATA = {name: np.array(values) for name, values in FIGURES["data"].items()}
RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((6, 4, 2)).astype("f4"), RNG.standard_normal((6, 3)).astype("f4")


def arrays(given: Any) -> Any:
    """The same structure with arrays for their names."""
    if isinstance(given, dict):
        return {key: arrays(each) for key, each in given.items()}
    if isinstance(given, list):
        return [arrays(each) for each in given]
    return DATA[given] if isinstance(given, str) else given


def assert_close(found: Any, expected: Any, structure: Any) -> None:
    """Arrays in this structure, or one array."""
    assert isinstance(found, np.ndarray if structure is None else type(structure))
    keys = structure if isinstance(structure, dict) else range(len(structure or ()))
    for one, other in [(found[key], expected[key]) for key in keys] or [(found, expected)]:
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)


def of_figure(figure: dict[str, Any]) -> Any:
    net = models.model_from_json(figure["model"])
    net.set_weights([np.array(w) for w in figure["start"]])
    return net


# Keras shows masks as operations of their own.
WITHOUT_MASKS = [figure for figure in FIGURES["cases"] if figure["title"] not in ("masks", "branches")]


@pytest.mark.parametrize("figure", WITHOUT_MASKS, ids=lambda figure: figure["title"])
def test_summary_of_keras(figure: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text: list[str] = []
    of_figure(figure).summary(line_length=110, print_fn=text.append, expand_nested=True)
    assert text[0].partition(" Total params")[0] == figure["summary"]


@pytest.mark.parametrize("figure", FIGURES["cases"], ids=lambda figure: figure["title"])
class TestFiguresOfKeras:
    def test_predict_evaluate_and_fit(self, figure: dict[str, Any]) -> None:
        net = of_figure(figure)
        x, y, options = arrays(figure["x"]), arrays(figure["y"]), arrays(figure["fit"])
        for found in (net.predict(x, verbose=0), net.predict(x, 3, 0), net.predict_on_batch(x), net(x)):
            assert_close(found, figure["predict"], net.output_structure)
        weight = options.get("sample_weight")
        found = net.evaluate(x, y, batch_size=4, sample_weight=weight, verbose=0)
        np.testing.assert_allclose(found, figure["evaluate"], rtol=0, atol=1e-8)
        fit = net.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, **options)
        assert list(fit.history) == list(figure["history"])
        for name, values in figure["history"].items():
            if name == "tags_accuracy":  # Keras on JAX forgets the mask there, in `fit` and not in `evaluate`
                continue
            np.testing.assert_allclose(fit.history[name], values, rtol=0, atol=1e-8, err_msg=name)
        for one, other in zip(net.get_weights(), figure["end"], strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)

    def test_configuration(self, figure: dict[str, Any]) -> None:
        """What is written again is what Keras wrote, as far as both write it."""
        entry = json.loads(figure["model"])
        net = models.model_from_json(figure["model"])
        assert_same_wiring(json.loads(net.to_json())["config"], entry["config"])
        copied = models.Functional.from_config(net.get_config())
        copied.set_weights(net.get_weights())
        for one, other in zip(
            flatten(net(arrays(figure["x"]))), flatten(copied(arrays(figure["x"]))), strict=True
        ):
            assert_same_bits(one, other)

    def test_layers_are_in_the_order_of_keras(self, figure: dict[str, Any]) -> None:
        """By which files tell weights and the optimizer's slots apart: in a new graph too."""
        entry = json.loads(figure["model"])["config"]
        names = [each["name"] for each in entry["layers"] if each["class_name"] not in ("NotEqual", "Any")]
        net = of_figure(figure)
        made = Model(net.input, net.output)
        assert [layer.name for layer in made.layers] == names
        assert made.get_config()["output_layers"] == entry["output_layers"]
        entry["layers"].reverse()  # a file says it, whatever follows from the graph
        assert [layer.name for layer in Model.from_config(entry).layers] == names[::-1]

    def test_pickles_and_copies(self, figure: dict[str, Any]) -> None:
        net, x = of_figure(figure), arrays(figure["x"])
        net.fit(x, arrays(figure["y"]), verbose=0)
        for other in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
            for one, two in zip(flatten(net(x)), flatten(other(x)), strict=True):
                assert_same_bits(one, two)
            assert other.to_json() == net.to_json()
            other.fit(x, arrays(figure["y"]), verbose=0)


def assert_same_wiring(found: Any, expected: Any) -> None:
    """Of two configurations, but for names and places of operations, which are those of masks."""
    operations = [
        {each["name"]: each for each in config["layers"] if "keras.src.ops" in each["module"]}
        for config in (found, expected)
    ]
    assert sorted(each["class_name"] for each in operations[0].values()) == sorted(
        each["class_name"] for each in operations[1].values()
    )
    made, given = (
        [each for each in config["layers"] if each["name"] not in of_masks]
        for config, of_masks in zip((found, expected), operations, strict=True)
    )
    for key in ("name", "input_layers", "output_layers"):
        assert found[key] == expected[key]
    assert [each["name"] for each in made] == [each["name"] for each in given]
    for one, other in zip(made, given, strict=True):
        for key in ("module", "class_name", "registered_name"):
            assert one[key] == other[key]
        assert spelled(one["inbound_nodes"], operations[0]) == spelled(other["inbound_nodes"], operations[1])
        if other["class_name"] == "Functional":
            assert_same_wiring(one["config"], other["config"])


def spelled(value: Any, operations: dict[str, Any]) -> Any:
    """Uses without arguments that say nothing, and with what operations do in the place of their names."""
    if isinstance(value, list):
        return [spelled(each, operations) for each in value]
    if not isinstance(value, dict):
        return value
    made_by = operations.get(value.get("config", {}).get("keras_history", [""])[0])
    if made_by is not None:
        config = {**made_by["config"], "name": None}
        return [value["config"]["shape"], config, spelled(made_by["inbound_nodes"], operations)]
    silent = {"training": False, "mask": None}
    return {
        name: spelled(each, operations)
        for name, each in value.items()
        if name not in silent or each not in (None, silent[name])
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask["inbound_nodes"][0]["args"].__setitem__(1, 3),
        lambda mask: mask["inbound_nodes"][0]["args"].pop(),
        lambda mask: mask["inbound_nodes"][0].update(args=7),
        lambda mask: mask.update(inbound_nodes=[]),
        lambda mask: mask.update(class_name="Any"),
        lambda mask: mask["inbound_nodes"][0]["args"].__setitem__(0, 1),
        lambda mask: mask["inbound_nodes"][0]["args"][0]["config"].update(keras_history=[mask["name"], 0, 0]),
        lambda mask: mask["inbound_nodes"][0]["args"][0]["config"].update(keras_history=["both", 0, 0]),
    ],
)
def test_masks_that_do_not_go_with_their_tensors_are_refused(change: Any) -> None:
    """In a file they are operations, which Tidegate does not run; it checks that they are its own masks."""
    figure = next(each for each in FIGURES["cases"] if each["title"] == "masks")
    entry = json.loads(figure["model"])
    change(next(each for each in entry["config"]["layers"] if each["class_name"] == "NotEqual"))
    with pytest.raises(ValueError, match=r"mask|no layer gives"):
        models.model_from_json(json.dumps(entry))
