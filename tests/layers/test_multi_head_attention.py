"""MultiHeadAttention: Keras's figures and files, gradients, masks, dropout, bad input."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Model, reference
from tidegate.layers import Embedding, Input, MultiHeadAttention
from tidegate.models import load_model
from tidegate.random import Training
from tidegate.saving import objects

DATA = Path(__file__).parent.parent / "data"
CASES = json.loads((DATA / "keras_heads.json").read_text())
EVERY = pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
RNG = np.random.default_rng(7)
QUERY, VALUE, KEY = (RNG.standard_normal(shape) for shape in ((2, 3, 4), (2, 5, 6), (2, 5, 3)))
MASKS = ("query_mask", "value_mask", "key_mask")


def built(case: dict[str, Any]) -> tuple[Any, list[Array], dict[str, Any]]:
    layer, inputs = objects.deserialize(case["layer"], "layer"), [np.array(x) for x in case["inputs"]]
    layer.build(*(x.shape for x in inputs))
    layer.set_weights([np.array(weight) for weight in case["weights"]])
    options = {name: np.array(v) if "mask" in name[-5:] else v for name, v in case["options"].items()}
    return layer, inputs, {**options, **{k: v for k, v in case["options"].items() if v is True}}


def outputs_of(found: Any) -> list[Array]:
    return found if isinstance(found, list) else [found]


@EVERY
def test_figures_of_keras(isa: str, case: dict[str, Any]) -> None:
    layer, inputs, options = built(case)
    assert [weight.path.partition("/")[2] for weight in layer.weights] == case["paths"]
    # Without scores and dropout JAX makes the weights in float32.
    tolerance = 1e-12 if layer.dropout or options.get("return_attention_scores") else 5e-6
    for found, expected in zip(outputs_of(layer(*inputs, **options)), case["outputs"], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    masks = [options.pop(name, None) for name in MASKS][: len(inputs)]
    if "attention_mask" in options:
        options["attention_mask"] = layer.mask_of_heads(options["attention_mask"], inputs)
    _, kept = layer.forward(inputs, keep=True, mask=masks, **options)
    d_outputs = [np.array(d) for d in case["d_outputs"]]
    d_inputs, d_weights = layer.backward(kept, d_outputs if len(d_outputs) > 1 else d_outputs[0])
    for found, expected in zip([*d_inputs, *d_weights], [*case["d_inputs"], *case["d_weights"]], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=10 * tolerance)
    d_nothing, again = layer.backward(
        kept, d_outputs if len(d_outputs) > 1 else d_outputs[0], need_d_inputs=False
    )
    assert d_nothing is None
    for one, other in zip(again, d_weights, strict=True):
        assert_same_bits(one, other)


@EVERY
def test_configurations_of_keras(case: dict[str, Any]) -> None:
    layer, inputs, options = built(case)
    assert json.loads(json.dumps(layer.get_config())) == case["layer"]["config"]
    entry = json.loads(json.dumps(objects.serialize(layer)))
    shapes = {k: tuple(v) for k, v in entry["build_config"]["shapes_dict"].items()}
    assert shapes == {k: tuple(v) for k, v in case["layer"]["build_config"]["shapes_dict"].items()}
    for one, other in zip(
        outputs_of(pickle.loads(pickle.dumps(layer))(*inputs, **options)),
        outputs_of(layer(*inputs, **options)),
        strict=True,
    ):
        assert_same_bits(one, other)


def test_the_equations() -> None:
    """Against plain NumPy, with a value dimension of its own, which Keras on JAX does not take."""
    layer = MultiHeadAttention(2, 3, value_dim=5, output_shape=7, dtype="float64")
    y = layer(QUERY, VALUE, KEY)
    given = layer.get_weights()
    query, value, key = (
        np.einsum("btf,fnh->bnth", x, given[2 * place]) + given[2 * place + 1][:, None]
        for place, x in ((0, QUERY), (2, VALUE), (1, KEY))
    )
    weights = reference.Softmax(3, 3).forward(np.einsum("bnqh,bnkh->bnqk", query, key) / np.sqrt(3))
    attended = np.einsum("bnqk,bnkv->bqnv", weights, value)
    expected = np.einsum("bqnv,nvo->bqo", attended, given[6]) + given[7]
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-13)
    assert layer(QUERY[:0], VALUE[:0], KEY[:0]).shape == (0, 3, 7)
    assert layer(QUERY[:, :0], VALUE, KEY).shape == (2, 0, 7)


def test_float32_and_rows_by_themselves() -> None:
    layer = MultiHeadAttention(2, 3)
    q, v = QUERY.astype("float32"), VALUE.astype("float32")
    y = layer(q, v, use_causal_mask=True)
    assert y.dtype == np.float32
    assert_same_bits(layer(q[1:], v[1:], use_causal_mask=True), y[1:])


def test_gradients_are_derivatives() -> None:
    layer = MultiHeadAttention(2, 3, value_dim=2, use_gate=True, dropout=0.3, seed=4, dtype="float64")
    layer(QUERY, VALUE, KEY)
    masks, training = [None, RNG.random((2, 5)) < 0.7, None], Training(3)
    d_y, d_scores = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 2, 3, 5))
    weights = [weight.value for weight in layer.weights]

    def value(inputs: list[Array], weights: list[Array]) -> float:
        y, scores = layer.forward(
            inputs, weights=weights, training=training, mask=masks, return_attention_scores=True
        )[0]
        return float(np.sum(d_y * y) + np.sum(d_scores * scores))

    inputs = [QUERY, VALUE, KEY]
    _, kept = layer.forward(
        inputs, weights=weights, training=training, keep=True, mask=masks, return_attention_scores=True
    )
    d_inputs, d_weights = layer.backward(kept, [d_y, d_scores])
    for place, gradient in enumerate([*d_inputs, *d_weights]):
        start = [*inputs, *weights][place]
        for k in list(np.ndindex(start.shape))[::3]:
            found = []
            for step in (1e-6, -1e-6):
                arrays = [each.copy() for each in [*inputs, *weights]]
                arrays[place][k] += step
                found.append(value(arrays[:3], arrays[3:]))
            assert gradient[k] == pytest.approx((found[0] - found[1]) / 2e-6, rel=1e-5, abs=1e-7)
    for d_outputs in ([d_y, None], [None, d_scores]):
        layer.backward(kept, d_outputs)


def test_a_model_of_keras_with_masks(tmp_path: Path) -> None:
    arrays = np.load(DATA / "heads.npz")
    x = [arrays["x0"], arrays["x1"]]
    model = load_model(DATA / "heads.keras")
    model.save(tmp_path / "again.keras")
    for each in (model, load_model(tmp_path / "again.keras")):
        np.testing.assert_allclose(each.predict(x, verbose=0), arrays["p"], rtol=1e-4, atol=1e-5)
    assert (
        model.get_layer("across").get_config()
        == load_model(tmp_path / "again.keras").get_layer("across").get_config()
    )
    history = model.fit(x, arrays["y"], batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], arrays["loss"], rtol=1e-4)
    for k, weight in enumerate(model.get_weights()):
        np.testing.assert_allclose(weight, arrays[f"w{k}"], rtol=1e-3, atol=1e-5)


def test_attention_to_oneself_in_a_model() -> None:
    ids = Input((6,))
    x = Embedding(9, 4, mask_zero=True)(ids)
    layer = MultiHeadAttention(2, 2)
    y, scores = layer(x, x, return_attention_scores=True)
    assert (y.shape, scores.shape) == ((None, 6, 4), (None, 2, 6, 6))
    model = Model(ids, [y, scores])
    given = RNG.integers(0, 9, (3, 6))
    values, mask = model.layers[1](given), given != 0
    expected = layer(values, values, query_mask=mask, value_mask=mask, return_attention_scores=True)
    for one, other in zip(model.predict(given, verbose=0), expected, strict=True):
        assert_same_bits(one, other)
    model.compile("adam", ["mse", None])
    model.fit(given, [np.zeros((3, 6, 4)), np.zeros((3, 2, 6, 6))], verbose=0)


def test_what_is_dropped_is_counted() -> None:
    layer = MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    layer(QUERY, VALUE)
    inputs = layer.prepare([QUERY, VALUE])
    once, again, other = (layer.forward(inputs, training=Training(k))[0] for k in (0, 0, 1))
    assert_same_bits(once, again)
    assert not np.array_equal(once, other)
    rows = layer.forward([x[1:] for x in inputs], training=Training(0, np.array([1])))[0]
    assert_same_bits(rows, once[1:])


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: MultiHeadAttention(0, 3), r"`num_heads`.*0"),
        (lambda: MultiHeadAttention(2, -1), r"`key_dim`.*-1"),
        (lambda: MultiHeadAttention(2, 3, value_dim=0), r"`value_dim`.*0"),
        (lambda: MultiHeadAttention(2, 3, output_shape=(2, 0)), r"`output_shape`.*0"),
        (lambda: MultiHeadAttention(2, 3, attention_axes=2), r"`attention_axes`.*2"),
        (lambda: MultiHeadAttention(2, 3, sliding_window=0), r"`sliding_window`.*0"),
        (lambda: MultiHeadAttention(2, 3, dropout=2.0), r"`dropout`.*2"),
        (lambda: MultiHeadAttention(2, 3, activity_regularizer="l2"), r"`activity_regularizer`.*l2"),
        (
            lambda: MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1),
            r"`dropout`.*`flash_attention`",
        ),
        (lambda: MultiHeadAttention(2, 3)(QUERY), r"no value"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE[0]), r"\(5, 6\)"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE[:1]), r"\(1, 5, 6\)"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE, KEY[:, :4]), r"\(2, 4, 3\)"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE[:, :0]), r"a key or more.*\(2, 0, 6\)"),
        (lambda: MultiHeadAttention(2, 3)(QUERY, VALUE, query_mask=np.ones((2, 5))), r"`mask`.*\(2, 3\)"),
        (
            lambda: MultiHeadAttention(2, 3)(QUERY, VALUE, attention_mask=np.ones((2, 5, 3))),
            r"`attention_mask`.*\(2, 3, 5\).*\(2, 5, 3\)",
        ),
        (lambda: MultiHeadAttention(2, 3)(QUERY, Input((5, 6))), r"all be arrays"),
        (lambda: MultiHeadAttention(2, 3)(Input((3, 4)), Input((5, None))), r"known, positive"),
        (lambda: MultiHeadAttention(2, 3)(Input((3, 4)), Input((5, 6)), query_mask=1), r"`Input`, `mask`.*1"),
        (lambda: MultiHeadAttention(2, 3)(Input((3, 4)), Input((5, 6)), use_causal_mask=1), r"`use_causal"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_built_layer_keeps_its_features() -> None:
    layer = MultiHeadAttention(2, 3)
    layer(QUERY, VALUE)
    with pytest.raises(ValueError, match=r"\(2, 5, 4\)"):
        layer(QUERY, VALUE[:, :, :4])
