"""DepthwiseConv1D and SeparableConv1D: Keras's figures, the reference, Programs, files, bad input."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Sequential, reference
from tidegate.layers import DepthwiseConv1D, Input, SeparableConv1D, TimeDistributed
from tidegate.models import load_model
from tidegate.saving import objects

CASES = json.loads((Path(__file__).parent.parent / "data" / "keras_separable.json").read_text())
EVERY = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['layer']['class_name']}-{CASES.index(case)}"
)


def built(case: dict[str, Any], dtype: str = "float64") -> tuple[Any, Array]:
    layer, x = objects.deserialize(case["layer"], "layer"), np.array(case["inputs"], dtype)
    if dtype != "float64":
        layer = type(layer).from_config({**layer.get_config(), "dtype": dtype})
    layer.build((None, *x.shape[1:]))
    layer.set_weights([np.array(weight, dtype) for weight in case["weights"]])
    return layer, x


@EVERY
def test_figures_of_keras(isa: str, case: dict[str, Any]) -> None:
    layer, x = built(case)
    outputs, kept = layer.forward(x, keep=True)
    np.testing.assert_allclose(outputs, case["outputs"], rtol=1e-11, atol=1e-12)
    assert list(layer.compute_output_shape((None, *x.shape[1:]))) == case["output_shape"]
    assert_same_bits(outputs, layer(x))
    d_outputs = np.array(case["d_outputs"])
    d_inputs, d_weights = layer.backward(kept, d_outputs)
    for found, expected in zip([d_inputs, *d_weights], [case["d_inputs"], *case["d_weights"]], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-11)
    assert layer.backward(kept, d_outputs, need_d_inputs=False)[0] is None
    single, x_single = built(case, "float32")
    np.testing.assert_allclose(single(x_single), case["outputs"], rtol=1e-5, atol=1e-5)


@EVERY
def test_the_equations(case: dict[str, Any]) -> None:
    """A feature is a group of one; what follows is a window of one step."""
    layer, x = built(case)
    kernel, *others = layer.get_weights()
    taps, features, filters = kernel.shape
    names = ("strides", "padding", "dilation_rate")
    arguments = {name: getattr(layer, name) for name in names}
    alone = layer.get_config()["activation"]
    last = {"activation": alone, "use_bias": layer.use_bias}
    first = last if isinstance(layer, DepthwiseConv1D) else {"use_bias": False}
    depthwise = reference.Conv1D(features * filters, taps, groups=features, **arguments, **first)
    flat = kernel.reshape(taps, 1, features * filters)
    if isinstance(layer, DepthwiseConv1D):
        expected = depthwise.forward(x, [flat, *others])[0]
    else:
        pointwise = reference.Conv1D(layer.filters, 1, **last)
        expected = pointwise.forward(depthwise.forward(x, [flat])[0], others)[0]
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=1e-13)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_programs_and_files(isa: str, case: dict[str, Any], dtype: str, tmp_path: Path) -> None:
    layer, x = built(case, dtype)
    model = Sequential([Input((None, x.shape[2]), dtype=dtype), layer])
    outputs = model.predict(x, verbose=0)
    assert_same_bits(outputs, layer(x))
    assert_same_bits(model.predict(x[1:], verbose=0), outputs[1:])
    model.save(tmp_path / "model.keras")
    for again in (load_model(tmp_path / "model.keras"), pickle.loads(pickle.dumps(model))):
        assert again.layers[0].get_config() == layer.get_config()
        assert_same_bits(again.predict(x, verbose=0), outputs)
    steps = np.stack([x, x], axis=1)
    assert_same_bits(TimeDistributed(layer)(steps)[:, 1], outputs)


@EVERY
def test_configurations_of_keras(case: dict[str, Any]) -> None:
    layer, _ = built(case)
    assert json.loads(json.dumps(layer.get_config())) == case["layer"]["config"]
    kernel = layer.weights[0]
    assert kernel.regularizer is layer.depthwise_regularizer
    assert kernel.constraint is layer.depthwise_constraint


@pytest.mark.parametrize("make", [lambda: DepthwiseConv1D(2), lambda: SeparableConv1D(3, 2)])
def test_training(make: Any) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((8, 6, 3)).astype("float32"), np.zeros((8, 5, 3), "float32")
    model = Sequential([Input((6, 3)), make()])
    model.compile("sgd", "mse")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


def test_names_of_weights() -> None:
    layer = SeparableConv1D(5, 3, depth_multiplier=2, name="s")
    layer.build((None, None, 4))
    assert [(weight.path, weight.shape) for weight in layer.weights] == [
        ("s/depthwise_kernel", (3, 4, 2)),
        ("s/pointwise_kernel", (1, 8, 5)),
        ("s/bias", (5,)),
    ]
    layer = DepthwiseConv1D(3, depth_multiplier=2, name="d")
    layer.build((None, None, 4))
    assert [(w.path, w.shape) for w in layer.weights] == [("d/kernel", (3, 4, 2)), ("d/bias", (8,))]


X = np.zeros((2, 5, 4))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: DepthwiseConv1D(0), r"`kernel_size`.*0"),
        (lambda: DepthwiseConv1D(2, depth_multiplier=0), r"`depth_multiplier`.*0"),
        (lambda: DepthwiseConv1D(2, padding="causal"), r"`padding`.*causal"),
        (lambda: DepthwiseConv1D(2, 2, dilation_rate=2), r"`dilation_rate`.*strides of 2"),
        (lambda: DepthwiseConv1D(6)(X), r"at least 6 timesteps.*\(2, 5, 4\)"),
        (lambda: SeparableConv1D(0, 2), r"`filters`.*0"),
        (lambda: SeparableConv1D(3, 2, data_format="channels_first"), r"`data_format`.*channels_first"),
        (lambda: SeparableConv1D(3, 2)(X[0]), r"\[batch, timesteps, features\].*\(5, 4\)"),
        (lambda: SeparableConv1D(3, 2, kernel_initializer="zeros"), r"`kernel_initializer`"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
