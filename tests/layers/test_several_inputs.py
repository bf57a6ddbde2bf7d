"""Layers of several inputs against the figures of Keras: configurations, outputs, masks and gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate.saving import objects

CASES = json.loads((Path(__file__).parent.parent / "data" / "keras_several.json").read_text())
EVERY = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['layer']['class_name']}-{case['layer']['config']['name']}"
)


def layer_of(case: dict[str, Any], dtype: str = "float64") -> Any:
    entry = case["layer"]
    layer = objects.deserialize({**entry, "config": {**entry["config"], "dtype": dtype}}, "layer")
    layer.build([(None, *np.shape(x)[1:]) for x in case["inputs"]])
    layer.set_weights([np.asarray(weight) for weight in case["weights"]])
    return layer


def masks_of(case: dict[str, Any]) -> Any:
    return None if case["mask"] is None else [None if m is None else np.asarray(m) for m in case["mask"]]


def several(value: Any) -> list[Array]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_and_masks(isa: str, case: dict[str, Any], dtype: str) -> None:
    layer, inputs = layer_of(case, dtype), [np.asarray(x) for x in case["inputs"]]
    found = several(layer(inputs, mask=masks_of(case), **case["options"]))
    for y, expected in zip(found, case["outputs"], strict=True):
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12 if dtype == "float64" else 2e-5)
    assert found[0].shape == layer.compute_output_shape([x.shape for x in inputs])
    passed_on = layer.compute_mask(inputs, masks_of(case))
    if case["output_mask"] is None:
        assert passed_on is None
    else:
        np.testing.assert_array_equal(passed_on, case["output_mask"])


@EVERY
def test_gradients(isa: str, case: dict[str, Any]) -> None:
    layer, inputs = layer_of(case), [np.asarray(x) for x in case["inputs"]]
    outputs, kept = layer.forward(inputs, keep=True, mask=masks_of(case), **case["options"])
    d_outputs = [np.asarray(d) for d in case["d_outputs"]]
    given = d_outputs if isinstance(outputs, list) else d_outputs[0]
    d_inputs, d_weights = layer.backward(kept, given)
    for found, expected in ((d_inputs, case["d_inputs"]), (d_weights, case["d_weights"])):
        assert len(found) == len(expected)
        for d, figures in zip(found, expected, strict=True):
            assert isinstance(d, np.ndarray)
            np.testing.assert_allclose(d, figures, rtol=0, atol=1e-12)
    nothing, again = layer.backward(kept, given, need_d_inputs=False)
    assert nothing is None
    for d, expected in zip(again, d_weights, strict=True):
        assert_same_bits(d, expected)


@EVERY
def test_gradients_are_derivatives(case: dict[str, Any]) -> None:
    layer, inputs = layer_of(case), [np.asarray(x) for x in case["inputs"]]
    call = {"mask": masks_of(case), **case["options"]}
    everything, count = [*inputs, *layer.get_weights()], len(inputs)
    d_outputs = [np.asarray(d) for d in case["d_outputs"]]

    def value(place: int, step: Array) -> float:
        moved = [array + step if k == place else array for k, array in enumerate(everything)]
        outputs, _ = layer.forward(moved[:count], weights=moved[count:], **call)
        return float(sum(np.sum(d * y) for d, y in zip(d_outputs, several(outputs), strict=True)))

    outputs, kept = layer.forward(inputs, keep=True, **call)
    d_inputs, d_weights = layer.backward(kept, d_outputs if isinstance(outputs, list) else d_outputs[0])
    for place, gradient in enumerate([*d_inputs, *d_weights]):
        for k in np.ndindex(gradient.shape):
            step = np.zeros_like(gradient)
            step[k] = 1e-6
            numeric = (value(place, step) - value(place, -step)) / 2e-6
            assert gradient[k] == pytest.approx(numeric, rel=2e-6, abs=1e-7), (place, k)


@EVERY
def test_configurations_have_the_entries_of_keras(case: dict[str, Any]) -> None:
    layer = layer_of(case)
    written = json.loads(objects.to_json(objects.serialize(layer)))
    assert written["class_name"] == case["layer"]["class_name"]
    assert sorted(written["config"]) == sorted(case["layer"]["config"])
    again = type(layer).from_config(written["config"])
    assert again.get_config() == layer.get_config()
    shapes = written["build_config"]["input_shape"]
    again.build(shapes)
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]
    assert [shape[1:] for shape in shapes] == [
        shape[1:] for shape in case["layer"]["build_config"]["input_shape"]
    ]


@EVERY
def test_a_row_has_the_same_bits_in_any_batch(isa: str, case: dict[str, Any]) -> None:
    layer, inputs, masks = layer_of(case), [np.asarray(x) for x in case["inputs"]], masks_of(case)
    whole = several(layer(inputs, mask=masks, **case["options"]))
    for row in range(len(inputs[0])):
        one = [x[row : row + 1] for x in inputs]
        of_one = masks and [m if m is None else m[row : row + 1] for m in masks]
        found = several(layer(one, mask=of_one, **case["options"]))
        for y, expected in zip(found, whole, strict=True):
            assert_same_bits(y, expected[row : row + 1])


@EVERY
def test_in_a_graph(case: dict[str, Any]) -> None:
    """Symbolic inputs make a node, and walking the graph gives what the layer alone gives."""
    from tidegate.graph import Graph, Tensor
    from tidegate.layers import Input
    from tidegate.program import compile_program
    from tidegate.structure import plain

    layer, arrays = layer_of(case), [np.asarray(x) for x in case["inputs"]]
    inputs = [Input(x.shape[1:], dtype="float64") for x in arrays]
    outputs, options = several(layer(inputs, **case["options"])), case["options"]
    assert all(isinstance(output, Tensor) for output in outputs)
    assert [each.shape[1:] for each in outputs] == [np.shape(each)[1:] for each in case["outputs"]]
    graph = Graph(inputs, outputs)
    found, kept, masks = graph.forward(arrays, keep=True)
    for y, expected in zip(several(found), several(layer(arrays, **options)), strict=True):
        assert_same_bits(y, expected)
    assert several(masks) == [None] * len(outputs)
    d_outputs = plain([np.ones_like(y) for y in several(found)])
    alone = layer.backward(layer.forward(arrays, keep=True, **options)[1], d_outputs)[1]
    gradients = graph.backward(kept, d_outputs)
    for variable, expected in zip(layer.weights, alone, strict=True):
        assert_same_bits(gradients[variable], expected)
    with pytest.raises(ValueError, match=f"chain.*{layer.name}"):
        compile_program(graph)
