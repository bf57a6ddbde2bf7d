"""Rectifiers, padding and cropping, softmax over axes, and group, unit and root mean square normalization:
Keras's figures, Programs, files, masks, bad input."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers
from tidegate.layers import Input
from tidegate.models import load_model
from tidegate.saving import objects

CASES = json.loads((Path(__file__).parent.parent / "data" / "keras_more_layers.json").read_text())
EVERY = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['layer']['class_name']}-{CASES.index(case)}"
)


def built(case: dict[str, Any]) -> tuple[Any, Any]:
    """The layer with Keras's weights, and its inputs."""
    layer, x = objects.deserialize(case["layer"], "layer"), np.array(case["inputs"])
    layer.build((None, *x.shape[1:]))
    layer.set_weights([np.array(weight) for weight in case["weights"]])
    return layer, x


@EVERY
def test_figures_of_keras(case: dict[str, Any]) -> None:
    layer, x = built(case)
    options = {name: np.array(value) for name, value in case["options"].items()}
    in_single = isinstance(layer, (layers.GroupNormalization, layers.RMSNormalization))  # as Keras computes
    close: Any = {"rtol": 1e-5, "atol": 1e-5} if in_single else {"rtol": 1e-10, "atol": 1e-11}
    np.testing.assert_allclose(layer(x, **options), case["outputs"], **close)
    assert list(layer.compute_output_shape((None, *x.shape[1:]))) == case["output_shape"]
    if options:
        return
    outputs, kept = layer.forward(x, keep=True)
    assert_same_bits(outputs, layer(x))
    d_outputs = np.array(case["d_outputs"])
    d_inputs, d_weights = layer.backward(kept, d_outputs)
    np.testing.assert_allclose(d_inputs, case["d_inputs"], **close)
    for found, expected in zip(d_weights, case["d_weights"], strict=True):
        np.testing.assert_allclose(found, expected, **close)
    assert layer.backward(kept, d_outputs, need_d_inputs=False)[0] is None


@EVERY
def test_configurations_of_keras(case: dict[str, Any], tmp_path: Path) -> None:
    layer, x = built(case)
    assert json.loads(json.dumps(layer.get_config())) == case["layer"]["config"]
    model = Sequential([Input(x.shape[1:], dtype="float64"), layer])
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.layers[0].get_config() == layer.get_config()
    for one, other in zip(again.get_weights(), layer.get_weights(), strict=True):
        assert_same_bits(one, other)
    assert_same_bits(pickle.loads(pickle.dumps(layer))(x), layer(x))


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_programs(isa: str, case: dict[str, Any], dtype: str) -> None:
    """A Program gives the bits of the layer, of every row by itself too."""
    config = {**case["layer"]["config"], "dtype": dtype}
    layer, x = type(built(case)[0]).from_config(config), np.array(case["inputs"], dtype)
    model = Sequential([Input(x.shape[1:], dtype=dtype), layer])
    layer.set_weights([np.array(weight, dtype) for weight in case["weights"]])
    outputs = model.predict(x, verbose=0)
    assert_same_bits(outputs, layer(x))
    assert_same_bits(model.predict(x[1:], verbose=0), outputs[1:])
    assert model.predict(x[:0], verbose=0).shape == (0, *outputs.shape[1:])


MASKS = [
    (lambda: layers.ReLU(), True),
    (lambda: layers.LeakyReLU(), True),
    (lambda: layers.PReLU(shared_axes=[1]), True),
    (lambda: layers.ELU(), True),
    (lambda: layers.Softmax(), True),
    (lambda: layers.Softmax(axis=1), True),
    (lambda: layers.Identity(), True),
    (lambda: layers.ActivityRegularization(), True),
    (lambda: layers.GroupNormalization(2), True),
    (lambda: layers.UnitNormalization(), True),
    (lambda: layers.UnitNormalization(axis=1), True),
    (lambda: layers.RMSNormalization(), False),
    (lambda: layers.ZeroPadding1D(), False),
    (lambda: layers.Cropping1D(1), False),
    (lambda: layers.UpSampling1D(), False),
]


@pytest.mark.parametrize(("make", "passes"), MASKS)
def test_masks_go_on_as_in_keras(make: Any, passes: bool) -> None:
    model = Sequential([Input((5,)), layers.Embedding(9, 4, mask_zero=True), make()])
    ids = np.array([[1, 2, 0, 3, 0], [0, 4, 5, 6, 7]])
    _, _, mask = model.graph.forward(model.prepare(ids, "x"))
    _, of_program = model.run_masked(model.prepare(ids, "x"))
    for found in (mask, of_program):
        assert found is None if not passes else np.array_equal(found, ids != 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.ReLU(6.0, 0.1),
        lambda: layers.PReLU(shared_axes=[1]),
        lambda: layers.Softmax(),
        lambda: layers.RMSNormalization(),
        lambda: layers.UnitNormalization(),
        lambda: layers.Identity(),
    ],
)
def test_streams(make: Any) -> None:
    model = Sequential([Input((None, 3)), layers.LSTM(4, return_sequences=True), make(), layers.GRU(2)])
    x = np.random.default_rng(3).standard_normal((1, 6, 3)).astype("float32")
    stream = model.freeze().stream()
    for step in x[0]:
        y = stream.step(step[np.newaxis])
    assert_same_bits(y, model.predict(x, verbose=0))


def test_what_needs_the_whole_sequence_does_not_stream() -> None:
    for layer in (layers.Softmax(axis=1), layers.GroupNormalization(2), layers.PReLU()):
        model = Sequential([Input((5, 4)), layer])
        with pytest.raises(ValueError, match=type(layer).__name__):
            model.freeze().stream()


def test_over_time_distributed_and_as_names() -> None:
    x = np.random.default_rng(3).standard_normal((2, 5, 4)).astype("float32")
    assert_same_bits(layers.TimeDistributed(layers.Softmax())(x), layers.Softmax()(x))
    assert layers.MaxPool1D is layers.MaxPooling1D
    assert layers.GlobalAvgPool1D is layers.GlobalAveragePooling1D
    names = {"re_lu": layers.ReLU, "leaky_re_lu": layers.LeakyReLU, "p_re_lu": layers.PReLU}
    for name, make in {**names, "zero_padding1d": layers.ZeroPadding1D}.items():
        assert make().name.rstrip("_0123456789") == name.rstrip("_0123456789")


def test_alpha_of_a_leaky_relu_warns() -> None:
    with pytest.warns(UserWarning, match="`negative_slope`"):
        layer = layers.LeakyReLU(alpha=0.2)
    assert layer.negative_slope == 0.2
    assert "alpha" not in layer.get_config()


X = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: layers.ReLU(-1.0), r"ReLU.*`max_value`.*-1"),
        (lambda: layers.ReLU(negative_slope=None), r"`negative_slope`.*None"),
        (lambda: layers.ReLU(threshold="a"), r"`threshold`.*'a'"),
        (lambda: layers.LeakyReLU(-0.1), r"`negative_slope`.*-0\.1"),
        (lambda: layers.ELU("a"), r"`alpha`.*'a'"),
        (lambda: layers.PReLU(shared_axes=[0]), r"`shared_axes`.*from 1 on.*\[0\]"),
        (lambda: layers.PReLU(shared_axes=[3])(X), r"`shared_axes`.*\(2, 3, 4\)"),
        (lambda: Sequential([Input((None, 4)), layers.PReLU()]), r"known length.*\(None, None, 4\)"),
        (lambda: built(CASES[5])[0](np.zeros((2, 3, 5))), r"\(None, 3, 4\).*\(2, 3, 5\)"),
        (lambda: layers.Softmax(axis="a"), r"`axis`.*'a'"),
        (lambda: layers.Softmax(axis=0)(X), r"behind the batch's.*3 axes.*0"),
        (lambda: layers.Softmax(axis=3)(X), r"behind the batch's.*3"),
        (lambda: layers.Softmax(axis=(1, 3))(np.zeros((2, 3, 4, 5))), r"neighbouring.*\[1, 3\]"),
        (lambda: layers.Softmax()(X, mask=np.ones((2, 3))), r"`mask`.*\(2, 3, 4\).*\(2, 3\)"),
        (lambda: layers.Softmax()(Input((3,)), mask=np.ones(3)), r"`mask`.*`Input`"),
        (lambda: built(CASES[10])[0](X[0]), r"3 axes.*built for.*\(3, 4\)"),
        (lambda: layers.ZeroPadding1D(-1), r"`padding`.*-1"),
        (lambda: layers.ZeroPadding1D((1, 2, 3)), r"`padding`.*\(1, 2, 3\)"),
        (lambda: layers.ZeroPadding1D()(X[0]), r"\[batch, timesteps, features\].*\(3, 4\)"),
        (lambda: layers.Cropping1D(2)(X), r"more timesteps.*\(2, 2\).*\(2, 3, 4\)"),
        (lambda: layers.UpSampling1D(0), r"`size`.*0"),
        (lambda: layers.GroupNormalization(0), r"`groups`.*0"),
        (lambda: layers.GroupNormalization(3)(X), r"multiple of the 3 groups.*\(2, 3, 4\)"),
        (lambda: layers.GroupNormalization(2, axis=1)(X), r"`axis`.*-1.*1"),
        (lambda: layers.RMSNormalization(axis=1)(X), r"`axis`.*-1.*1"),
        (lambda: layers.UnitNormalization(axis=0)(X), r"behind the batch's.*0"),
        (lambda: layers.ActivityRegularization(l1=-1), r"`l1`.*-1"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)
