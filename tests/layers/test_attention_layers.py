"""Attention and AdditiveAttention: dropout, training, and bad input; Keras's figures are in
test_several_inputs.py."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Model, Sequential, models, optimizers
from tidegate.graph import Graph
from tidegate.layers import LSTM, AdditiveAttention, Attention, Dense, Embedding, Input, TimeDistributed
from tidegate.random import Training

rng = np.random.default_rng(5)
QUERY, VALUE = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 5, 4))
MAKE: dict[str, Any] = {
    "dot": lambda **k: Attention(True, dtype="float64", **k),
    "concat": lambda **k: Attention(True, "concat", dtype="float64", **k),
    "additive": lambda **k: AdditiveAttention(dtype="float64", **k),
}
EVERY = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)


@EVERY
def test_weights_and_pickles(make: Any) -> None:
    layer = make()
    layer.build([(None, 3, 4), (None, None, 4)])
    shapes = {"dot": [()], "concat": [(), ()], "additive": [(4,)]}
    assert [w.shape for w in layer.weights] in shapes.values()
    assert all(w.path == f"{layer.name}/{w.name}" for w in layer.weights)
    assert layer.count_params() == sum(w.value.size for w in layer.weights)
    again = pickle.loads(pickle.dumps(layer))
    assert_same_bits(again([QUERY, VALUE]), layer([QUERY, VALUE]))


@EVERY
def test_dropout_of_the_weights(make: Any) -> None:
    """The scores that come out show what was dropped; a row is dropped alike wherever it lies."""
    layer, free = make(dropout=0.4, seed=3), make()
    free.build([QUERY.shape, VALUE.shape])
    layer.build([QUERY.shape, VALUE.shape])
    layer.set_weights(free.get_weights())
    training = Training(7, np.array([5, 2]))
    (y, scores), _ = layer.forward([QUERY, VALUE], training=training, return_attention_scores=True)
    _, weights = free([QUERY, VALUE], return_attention_scores=True)
    np.testing.assert_allclose(scores, np.where(scores != 0, weights / 0.6, 0), rtol=1e-12)
    assert 0 < np.count_nonzero(scores) < scores.size
    np.testing.assert_allclose(y, scores @ VALUE, rtol=0, atol=1e-14)
    turned, _ = layer.forward(
        [QUERY[::-1].copy(), VALUE[::-1].copy()], training=Training(7, np.array([2, 5]))
    )
    assert_same_bits(turned[::-1], y)
    assert_same_bits(layer([QUERY, VALUE]), free([QUERY, VALUE]))


@EVERY
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_derivatives(make: Any, masked: bool) -> None:
    """With dropout, whose mask is the same for the same key."""
    layer, key = make(dropout=0.3, seed=3), rng.standard_normal((2, 5, 4))
    layer.build([QUERY.shape, VALUE.shape, key.shape])
    layer.set_weights([rng.standard_normal(w.shape) for w in layer.weights])
    mask = [np.array([[True, False, True]] * 2), np.array([[True] * 4 + [False]] * 2), None]
    call = {"training": Training(7), "mask": mask if masked else None, "use_causal_mask": masked}
    inputs, d_y = [QUERY, VALUE, key], rng.standard_normal((2, 3, 4))
    _, kept = layer.forward(inputs, keep=True, **call)
    d_inputs, d_weights = layer.backward(kept, d_y)
    everything = [*inputs, *layer.get_weights()]

    def value(place: int, step: Any) -> float:
        moved = [array + step if k == place else array for k, array in enumerate(everything)]
        outputs, _ = layer.forward(moved[:3], weights=moved[3:], **call)
        return float(np.sum(d_y * outputs))

    for place, gradient in enumerate([*d_inputs, *d_weights]):
        for k in np.ndindex(gradient.shape):
            step = np.zeros_like(gradient)
            step[k] = 1e-6
            numeric = (value(place, step) - value(place, -step)) / 2e-6
            assert gradient[k] == pytest.approx(numeric, rel=2e-6, abs=1e-7), (place, k)


def test_a_gradient_of_the_scores_alone() -> None:
    layer = Attention(dtype="float64")
    (_, scores), kept = layer.forward([QUERY, VALUE], keep=True, return_attention_scores=True)
    (d_query, d_value), _ = layer.backward(kept, [None, np.ones_like(scores)])
    np.testing.assert_allclose(d_query, 0, atol=1e-15)  # weights sum to one whatever the query is
    np.testing.assert_allclose(d_value, 0, atol=1e-15)


@EVERY
def test_in_a_graph_it_learns_and_masks_reach_it(make: Any) -> None:
    """An encoder and a query over it; the embedding's mask keeps padding out."""
    ids, query = np.array([[1.0, 2, 3, 0, 0], [4, 1, 0, 0, 0]]), QUERY
    entrance, asked = Input((5,), dtype="float64"), Input((3, 4), dtype="float64")
    embedding, dense = Embedding(5, 4, mask_zero=True, dtype="float64"), Dense(1, dtype="float64")
    first, second, values = make(), make(), embedding(entrance)
    graph = Graph([entrance, asked], [dense(second([first([asked, values]), values]))])
    y, _, mask = graph.forward([ids, query])
    assert mask is None  # that of the first query
    values, masks = embedding(ids), [None, ids != 0]
    expected = dense(second([first([query, values], mask=masks), values], mask=masks))
    assert_same_bits(y, expected)
    optimizer, losses = optimizers.SGD(0.05), []
    for _ in range(30):
        y, kept, _ = graph.forward([ids, query], Training(0), keep=True)
        losses.append(float(np.mean((y - 1) ** 2)))
        gradients = graph.backward(kept, 2 * (y - 1) / y.size)
        optimizer.apply([gradients[v] for v in graph.variables], graph.variables)
    assert losses[-1] < 0.5 * losses[0]


@EVERY
def test_options_in_a_model(make: Any, tmp_path: Path) -> None:
    """What a call says besides arrays holds in the model, its parts, models around it, copies and files."""
    layer, query, value = make(), Input((3, 4), dtype="float64"), Input((5, 4), dtype="float64")
    y, scores = layer([query, value], return_attention_scores=True, use_causal_mask=True)
    assert (y.shape, scores.shape) == ((None, 3, 4), (None, 3, 5))
    inner = Model([query, value], [Dense(2, dtype="float64")(y), scores])
    ends = [Input((3, 4), dtype="float64"), Input((5, 4), dtype="float64")]
    net = Model(ends, inner(ends))
    assert net.output_shape == [(None, 3, 2), (None, 3, 5)]
    net.save(tmp_path / "net.keras")
    copies = [inner, net, pickle.loads(pickle.dumps(net)), models.load_model(tmp_path / "net.keras")]
    expected = layer([QUERY, VALUE], return_attention_scores=True, use_causal_mask=True)
    for each in copies:
        assert_same_bits(each.predict([QUERY, VALUE], verbose=0)[1], expected[1])
    of_scores = Model([query, value], scores)
    assert_same_bits(of_scores([QUERY, VALUE]), expected[1])
    net.compile("sgd", "mse")
    net.fit([QUERY, VALUE], [np.zeros((2, 3, 2)), np.ones((2, 3, 5))], verbose=0)
    assert not np.array_equal(net.predict([QUERY, VALUE], verbose=0)[0], copies[-1]([QUERY, VALUE])[0])


def test_one_layer_used_twice_sums_its_gradients() -> None:
    layer = Attention(use_scale=True, dtype="float64")
    query, value = Input((3, 4), dtype="float64"), Input((5, 4), dtype="float64")
    graph = Graph([query, value], [layer([layer([query, value]), value])])
    y, kept, _ = graph.forward([QUERY, VALUE], keep=True)
    found = graph.backward(kept, np.ones_like(y))[layer.weights[0]]
    start, values = layer.weights[0].value, []
    for step in (1e-6, -1e-6):
        layer.set_weights([start + step])
        values.append(float(graph.forward([QUERY, VALUE])[0].sum()))
    assert float(found) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_one_array_may_be_query_and_value() -> None:
    layer, x = Attention(dtype="float64"), Input((5, 4), dtype="float64")
    graph = Graph([x], [layer([x, x])])
    y, kept, _ = graph.forward(VALUE, keep=True)
    assert_same_bits(y, layer([VALUE, VALUE]))
    assert graph.backward(kept, y) == {}
    assert layer([VALUE[:0], VALUE[:0]]).shape == (0, 5, 4)
    assert layer([QUERY[:, :0], VALUE]).shape == (2, 0, 4)


def test_where_no_value_counts_all_do_alike() -> None:
    """Keras's figures, in float32: 1e9 less leaves nothing of a score."""
    y = Attention()([QUERY, VALUE], mask=[None, np.array([[False] * 5, [True] * 5])])
    np.testing.assert_allclose(y[0], np.broadcast_to(VALUE[0].mean(axis=0), (3, 4)), rtol=0, atol=1e-6)
    assert_same_bits(y[1:], Attention()([QUERY[1:], VALUE[1:]]))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Attention(score_mode="sum"), r"`score_mode`.*'dot', 'concat'.*sum"),
        (lambda: Attention(dropout=1.5), r"`dropout`.*from 0 to 1.*1\.5"),
        (lambda: Attention(seed="a"), r"`seed`.*'a'"),
        (lambda: AdditiveAttention(score_mode="dot"), r"score_mode"),
        (lambda: AdditiveAttention(True, 0.1, 3), r"at most 2"),
        (lambda: Attention()(QUERY), r"inputs must be a list.*ndarray"),
        (lambda: Attention()([QUERY]), r"\[query, value\].*\(2, 3, 4\)"),
        (lambda: Attention()([QUERY] * 4), r"\[query, value, key\]"),
        (lambda: Attention()([QUERY, VALUE[0]]), r"\(5, 4\)"),
        (lambda: Attention()([QUERY, VALUE[:1]]), r"\(1, 5, 4\)"),
        (lambda: Attention()([QUERY, VALUE[:, :, :3]]), r"\(2, 5, 3\)"),
        (lambda: Attention()([QUERY, VALUE, VALUE[:, :4]]), r"\(2, 4, 4\)"),
        (lambda: Attention()([QUERY, VALUE[:, :0]]), r"at least one key.*\(2, 0, 4\)"),
        (lambda: Attention()([QUERY, VALUE], mask=np.ones((2, 3))), r"`mask` must be a list of 2.*ndarray"),
        (lambda: Attention()([QUERY, VALUE], mask=[None]), r"`mask` must be a list of 2"),
        (lambda: Attention()([QUERY, VALUE], mask=[None, np.ones((2, 3))]), r"`mask`.*\(2, 5\).*\(2, 3\)"),
        (lambda: Attention()([QUERY, VALUE], causal=True), r"no argument `causal`"),
        (lambda: Attention()([QUERY, Input((5, 4))]), r"all be arrays"),
        (lambda: Attention()([Input((3, 4)), Input((5, 3))]), r"\(None, 5, 3\)"),
        (lambda: Attention()([Input((3, 4)), Input((5, 4))], use_causal_mask=1), r"`use_causal_mask`.*1"),
        (lambda: Attention()([Input((3, 4)), Input((5, 4))], mask=[None, 1]), r"`Input`, `mask`.*1"),
        (lambda: AdditiveAttention().build([(None, 3, None), (None, 5, None)]), r"known, positive"),
        (lambda: AdditiveAttention().build((None, 3, 4)), r"must be a list.*\(None, 3, 4\)"),
        (lambda: Sequential([Input((3, 4)), Attention()]), r"Attention.*(takes several|must be a list)"),
        (lambda: TimeDistributed(Attention())(np.ones((2, 3, 4, 5))), r"must be a list"),
        (lambda: Attention()(["a", QUERY]), r"`inputs`.*'a'"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_built_layer_keeps_its_features() -> None:
    layer = AdditiveAttention()
    layer([QUERY, VALUE])
    with pytest.raises(ValueError, match=r"length 4 it was built for.*\(2, 3, 2\)"):
        layer([QUERY[:, :, :2], VALUE[:, :, :2]])
    assert LSTM.several_inputs is False
