"""Models saved by Keras 3.15.1 (on TensorFlow; those with names, on JAX): their predictions, and their
weights after one epoch of training.

tests/data has the files; all weights are random, biases too, so that a swapped gate shows. A model whose
optimizer is not there yet is loaded uncompiled.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, optimizers
from tidegate.models import load_model

DATA = Path(__file__).parent.parent / "data"
CASES = json.loads((DATA / "cases.json").read_text())["cases"]
EVERY = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['id']}-{case['layers'][0].split()[0]}"
)


def compiles(case: dict[str, Any]) -> bool:
    try:
        optimizers.get(case.get("optimizer", "sgd"))
    except ValueError:
        return False
    return True


EVERY_TRAINED = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["train_batch"] and compiles(case)],
    ids=lambda case: f"{case['id']}-{case['layers'][0].split()[0]}",
)


def load(case: dict[str, Any]) -> Sequential:
    return load_model(DATA / f"{case['id']}.keras", compile=compiles(case))


@EVERY
def test_predictions(case: dict[str, Any]) -> None:
    model, arrays = load(case), np.load(DATA / f"{case['id']}.npz")
    np.testing.assert_allclose(model.predict(arrays["x0"], verbose=0), arrays["p0_0"], rtol=1e-4, atol=1e-5)


@EVERY
def test_configurations_have_the_entries_of_keras(case: dict[str, Any]) -> None:
    with zipfile.ZipFile(DATA / f"{case['id']}.keras") as archive:
        stored = json.loads(archive.read("config.json"))
    ours = load(case).get_config()
    for layer, expected in zip(ours["layers"], stored["config"]["layers"], strict=True):
        assert sorted(layer["config"]) == sorted(expected["config"])


@EVERY_TRAINED
def test_one_epoch_of_training(case: dict[str, Any]) -> None:
    model, arrays = load(case), np.load(DATA / f"{case['id']}.npz")
    history = model.fit(
        arrays["tx0"],
        arrays["ty0"],
        batch_size=case["train_batch"],
        shuffle=False,
        verbose=0,
        sample_weight=arrays.get("tsw", None),
    )
    np.testing.assert_allclose(history.history["loss"][0], arrays["tloss"], rtol=1e-3, atol=1e-4)
    for k, weight in enumerate(model.get_weights()):
        np.testing.assert_allclose(
            weight, arrays[f"tw{k}"], rtol=1e-3, atol=1e-4, err_msg=model.weights[k].path
        )
    if "evaluate" in arrays:
        found = model.evaluate(arrays["tx0"], arrays["ty0"], batch_size=case["train_batch"], verbose=0)
        np.testing.assert_allclose(found, arrays["evaluate"], rtol=1e-4)


@EVERY
def test_saved_again_they_are_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    model = load(case)
    model.save(tmp_path / "again.keras")
    again = load_model(tmp_path / "again.keras")
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)
