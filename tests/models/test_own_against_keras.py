"""Layers and models as users write them: the same source gives Keras's numbers.

`data/own_layers.py` is run here with Tidegate as `keras`; `data/make_keras_own_layers.py` ran it with Keras.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidegate
from tidegate.models import load_model
from tidegate.structure import flatten

DATA = Path(__file__).parents[1] / "data"
sys.path.insert(0, str(DATA))
import own_layers  # noqa: E402

NAMES = [
    "sum_attention", "dense_attention", "block", "lambda", "operations", "tagger", "translator", "two_heads",
]  # fmt: skip


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    with np.load(DATA / "own_layers.npz") as stored:
        return dict(stored)


def listed(figures: dict[str, Any], name: str, kind: str) -> list[Any]:
    found = []
    while f"{name}/{kind}_{len(found)}" in figures:
        found.append(figures[f"{name}/{kind}_{len(found)}"])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_same_source_gives_keras_figures(name: str, figures: dict[str, Any]) -> None:
    model, x, y = own_layers.models(tidegate)[name]
    model.predict(x, verbose=0)
    model.set_weights(listed(figures, name, "weight"))
    outputs = listed(figures, name, "output")
    for found, expected in zip(flatten(model.predict(x, verbose=0)), outputs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], figures[f"{name}/loss"], rtol=2e-5)
    evaluated = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(evaluated, figures[f"{name}/evaluated"], rtol=2e-5)
    trained = listed(figures, name, "trained")
    for variable, expected in zip(model.weights, trained, strict=True):
        np.testing.assert_allclose(variable.value, expected, rtol=1e-3, atol=2e-4, err_msg=variable.path)


@pytest.mark.parametrize(("file", "name"), [("own_layers", "dense_attention"), ("operations", "operations")])
def test_files_of_keras(file: str, name: str, figures: dict[str, Any]) -> None:
    own = own_layers.defined(tidegate)
    model = load_model(DATA / f"{file}.keras", custom_objects={"DenseAttention": own.DenseAttention})
    _, x, _ = own_layers.models(tidegate)[name]
    expected = figures[f"{name}/saved"]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=0, atol=2e-6)
