"""Masks that are given to layers on tensors: they count as on arrays, whatever the model is made into."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Model
from tidegate.layers import (
    LSTM,
    Attention,
    Bidirectional,
    Dense,
    Embedding,
    GlobalAveragePooling1D,
    Input,
    Masking,
    MultiHeadAttention,
)
from tidegate.models import load_model

RNG = np.random.default_rng(11)
X = RNG.standard_normal((3, 6, 4)).astype("float32")
X[0, 4:], X[1, :2] = 0, 0
MASK = (X != 0).any(axis=-1)


@pytest.mark.parametrize(
    "make", [lambda: LSTM(3), lambda: Bidirectional(LSTM(3)), lambda: GlobalAveragePooling1D()]
)
def test_one_that_a_layer_computes(make: Any) -> None:
    """Of another tensor than the one that the layer is called on."""
    sequence = Input((6, 4))
    dense, layer = Dense(4, bias_initializer="ones"), make()
    model = Model(sequence, layer(dense(sequence), mask=Masking().compute_mask(sequence)))
    expected = layer(dense(X), mask=MASK)
    assert not np.array_equal(expected, layer(dense(X)))
    for each in (model, pickle.loads(pickle.dumps(model)), Model(model.inputs, model.outputs)):
        assert_same_bits(each.predict(X, verbose=0), expected)
        assert_same_bits(each(X, training=True), expected)
    outer = Input((6, 4))
    assert_same_bits(Model(outer, model(outer)).predict(X, verbose=0), expected)


def test_gradients_go_through() -> None:
    sequence = Input((6, 4))
    dense = Dense(4)
    given = Model(sequence, LSTM(3)(dense(sequence), mask=Masking().compute_mask(sequence)))
    carried = Model(sequence, given.layers[-1](dense(Masking()(sequence))))
    results = []
    for model in (given, carried):
        _, kept, _ = model.graph.forward(X, keep=True)
        gradients = model.graph.backward(kept, np.ones((3, 3), "float32"))
        results.append([gradients[weight] for weight in dense.weights])
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)


def test_one_that_the_tensor_has_already(tmp_path: Path) -> None:
    """It is that one: nothing is added, and files are written."""
    ids = Input((6,))
    embedding = Embedding(9, 4, mask_zero=True)
    mask = embedding.compute_mask(ids)
    model = Model(ids, LSTM(3)(embedding(ids), mask=mask))
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Embedding", "LSTM"]
    model.save(tmp_path / "model.keras")
    given = RNG.integers(0, 9, (3, 6))
    expected = model.predict(given, verbose=0)
    assert_same_bits(load_model(tmp_path / "model.keras").predict(given, verbose=0), expected)
    assert_same_bits(expected, model.layers[-1](embedding(given), mask=given != 0))
    assert Embedding(9, 4).compute_mask(ids) is None


def test_one_that_is_an_input() -> None:
    sequence, mask = Input((6, 4)), Input((6,))
    layer = LSTM(3)
    model = Model([sequence, mask], layer(sequence, mask=mask))
    assert_same_bits(model.predict([X, MASK], verbose=0), layer(X, mask=MASK))
    model.compile("sgd", "mse")
    model.fit([X, MASK], np.zeros((3, 3)), verbose=0)


def test_layers_of_several_inputs() -> None:
    query, value = Input((2, 4)), Input((6, 4))
    mask = Masking().compute_mask(value)
    q = RNG.standard_normal((3, 2, 4)).astype("float32")
    attention, heads = Attention(), MultiHeadAttention(2, 3)
    one = Model([query, value], attention([query, value], mask=[None, mask]))
    other = Model([query, value], heads(query, value, value_mask=mask))
    expected = attention([q, X], mask=[None, MASK])
    assert not np.array_equal(expected, attention([q, X]))
    assert_same_bits(one.predict([q, X], verbose=0), expected)
    assert_same_bits(other.predict([q, X], verbose=0), heads(q, X, value_mask=MASK))


def test_files_have_no_name_for_it(tmp_path: Path) -> None:
    sequence = Input((6, 4))
    model = Model(sequence, LSTM(3)(Dense(4)(sequence), mask=Masking().compute_mask(sequence)))
    with pytest.raises(ValueError, match=r"WithMask.*cannot be saved"):
        model.save(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda x: LSTM(3)(x, mask=np.ones((3, 6))), r"`mask` must be a tensor.*compute_mask"),
        (lambda x: LSTM(3)(x, mask=Input((5,))), r"\(None, 6\).*\(None, 5\)"),
        (lambda x: LSTM(3)(x, mask=Input((6, 1))), r"\(None, 6\).*\(None, 6, 1\)"),
        (lambda x: LSTM(3)(x, [Input((3,))] * 2, mask=Input((6,))), r"`mask`.*beside `initial_state`"),
        (lambda x: Dense(3)(x, mask=Input((6,))), r"`mask` is not supported"),
        (lambda x: Attention()([x, x], mask=Input((6,))), r"`mask` must be a list of 2"),
        (lambda x: Attention()([x, x], mask=[None] * 3), r"`mask` must be a list of 2"),
        (lambda x: MultiHeadAttention(2, 3)(x, x, attention_mask=1), r"`attention_mask`.*`Input`s"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make(Input((6, 4)))
    assert "\n" not in str(caught.value)
