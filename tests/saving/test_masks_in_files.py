"""Masks of merged sequences, which Keras's files hold as operations: read, checked, and written for Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Model, layers
from tidegate.models import load_model, model_from_json

DATA = Path(__file__).parent.parent / "data"
FIGURES = np.load(DATA / "merged_masks.npz")


def stored() -> Any:
    with zipfile.ZipFile(DATA / "merged_masks.keras") as archive:
        return json.loads(archive.read("config.json"))


def operations(config: Any) -> dict[str, Any]:
    return {each["name"]: each for each in config["layers"] if "keras.src.ops" in each["module"]}


def test_a_model_of_keras(tmp_path: Path) -> None:
    """Its predictions, an epoch of training, and what `evaluate` says; and of the file written again."""
    load_model(DATA / "merged_masks.keras").save(tmp_path / "again.keras")
    for path in (DATA / "merged_masks.keras", tmp_path / "again.keras"):
        net = load_model(path)
        np.testing.assert_allclose(net.predict(FIGURES["x0"], verbose=0), FIGURES["p0_0"], atol=1e-5)
        history = net.fit(FIGURES["tx0"], FIGURES["ty0"], batch_size=4, shuffle=False, verbose=0).history
        np.testing.assert_allclose(history["loss"][0], FIGURES["tloss"], atol=1e-4)
        for k, weight in enumerate(net.get_weights()):
            np.testing.assert_allclose(weight, FIGURES[f"tw{k}"], rtol=1e-3, atol=1e-4)
        found = net.evaluate(FIGURES["tx0"], FIGURES["ty0"], batch_size=4, verbose=0)
        np.testing.assert_allclose(found, FIGURES["evaluate"], rtol=1e-4)


def test_operations_are_written_as_keras_writes_them() -> None:
    """Each behind those that it takes; of the same kinds, on tensors of the same shapes."""
    expected = stored()["config"]
    config = model_from_json(json.dumps(stored())).get_config()
    found, theirs = operations(config), operations(expected)
    assert sorted(each["class_name"] for each in found.values()) == sorted(
        each["class_name"] for each in theirs.values()
    )
    names = [each["name"] for each in config["layers"]]
    for place, each in enumerate(config["layers"]):
        text = json.dumps(each["inbound_nodes"])
        assert all(names.index(name) < place for name in found if f'["{name}", 0, 0]' in text)
    layers_of = [
        [each["name"] for each in one["layers"] if each["name"] not in of_masks]
        for one, of_masks in ((config, found), (expected, theirs))
    ]
    assert layers_of[0] == layers_of[1]
    assert model_from_json(json.dumps({**stored(), "config": config})).get_config() == config


def test_no_operation_has_the_name_of_a_layer() -> None:
    ids = layers.Input((4,))
    table = layers.Embedding(5, 3, mask_zero=True, name="not_equal")
    both = layers.Concatenate(name="concatenate")([table(ids), table(ids)])
    net = Model(ids, layers.LSTM(2)(both))
    names = [each["name"] for each in net.get_config()["layers"]]
    assert {"not_equal_1", "not_equal_2", "concatenate_1"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("LogicalOr", lambda one: one["inbound_nodes"][0]["args"].reverse()),
        ("LogicalOr", lambda one: one.update(class_name="NotEqual")),
        ("ZerosLike", lambda one: one.update(class_name="OnesLike")),
        ("ExpandDims", lambda one: one["config"].update(axis=0)),
        ("Any", lambda one: one.update(config=None)),
        ("Concatenate", lambda one: one["inbound_nodes"][0]["args"][0].pop()),
        ("Concatenate", lambda one: one["inbound_nodes"][0].update(args=[])),
        ("OnesLike", lambda one: one["inbound_nodes"].append(3)),
        ("ConvertToTensor", lambda one: one.update(name=3)),
        ("NotEqual", lambda one: one["inbound_nodes"][0]["args"].__setitem__(1, {})),
    ],
)
def test_another_mask_than_that_of_the_tensor_is_refused(operation: str, change: Any) -> None:
    entry = stored()
    every = [each for each in operations(entry["config"]).values() if each["class_name"] == operation]
    change(every[-1])
    with pytest.raises(ValueError, match=r"expected the mask that goes|a name of its own") as caught:
        model_from_json(json.dumps(entry))
    assert "\n" not in str(caught.value)
