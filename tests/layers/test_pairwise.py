"""Layers made of Keras's configurations and weights, against its outputs: every so manieth configuration of
those that `compare_layers.py` has gone through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_calls import call_layer, mask_out
from support import Array

from tidegate.saving import objects

FILE = Path(__file__).parent.parent / "data" / "keras_pairwise.npz"


def read() -> list[dict[str, Any]]:
    """The cases, with their arrays in place of where these lie."""
    with np.load(FILE) as stored:
        arrays = {name: stored[name] for name in stored.files}
    ends = dict.fromkeys(arrays, 0)

    def take(place: list[Any]) -> Array:
        name, shape = place
        begin, ends[name] = ends[name], ends[name] + int(np.prod(shape))
        found = arrays[name][begin : ends[name]].reshape(shape)
        return found / 64.0 if name == "small" else found

    cases: list[dict[str, Any]] = json.loads(arrays.pop("cases").tobytes())
    for case in cases:
        for name in ("inputs", "states", "weights", "outputs"):
            case[name] = case[name] and [take(place) for place in case[name]]
        case["masks"] = case["masks"] and [None if m is None else np.asarray(m) for m in case["masks"]]
    return cases


CASES = read()


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['entry']['class_name']}-{place}" for place, case in enumerate(CASES)]
)
def test_outputs_and_masks(isa: str, case: dict[str, Any]) -> None:
    layer = objects.deserialize(case["entry"], "layer")
    dtype, states = case["dtype"], case["states"]
    inputs = [x.astype(dtype) for x in case["inputs"]]
    several = len(inputs) > 1 or case["call"].get("several")
    batch = len(inputs[0]) if layer.stateful else None
    shapes = [(batch, *x.shape[1:]) for x in inputs]
    layer.build(shapes if several else shapes[0])
    assert [variable.shape for variable in layer.weights] == [weight.shape for weight in case["weights"]]
    layer.set_weights(case["weights"])
    found = call_layer(
        layer, inputs, case["masks"], states and [state.astype(dtype) for state in states], case["call"]
    )
    assert len(found) == len(case["outputs"])
    rtol, atol = (1e-4, 1e-5) if dtype == "float32" else (1e-6, 1e-7)
    for y, expected in zip(found, case["outputs"], strict=True):
        assert y.dtype == expected.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=rtol, atol=atol)
    passed_on = mask_out(layer, inputs, case["masks"])
    assert (passed_on is None) == (case["mask_out"] is None)
    if passed_on is not None:
        np.testing.assert_array_equal(passed_on, case["mask_out"])
