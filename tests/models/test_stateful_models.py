"""Stateful layers in models: fit, evaluate, predict, calls, files, freeze, explain; truncated BPTT."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate import Model
from tidegate.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Dense,
    Embedding,
    Input,
    Masking,
    SimpleRNN,
    TimeDistributed,
)
from tidegate.models import Sequential, load_model
from tidegate.optimizers import SGD

DATA = Path(__file__).parent.parent / "data"
X = np.random.default_rng(3).standard_normal((2, 12, 3)).astype("float32")
CHUNKS = [np.ascontiguousarray(X[:, k : k + 4]) for k in (0, 4, 8)]


def stack(stateful: bool = True, cls: Any = LSTM) -> Sequential:
    entrance = Input((None, 3), batch_size=2 if stateful else None)
    layers = [
        cls(5, return_sequences=True, stateful=stateful, name="a"),
        GRU(4, return_sequences=True, stateful=stateful, name="b"),
        TimeDistributed(Dense(1)),
    ]
    return Sequential([entrance, *layers])


def states_of(model: Any) -> list[Array]:
    return [state.numpy() for state in model.carried]


def test_as_keras() -> None:
    """Calls, `predict`, `evaluate` and `fit` one after the other, with rows that begin masked."""
    figures = np.load(DATA / "stateful.npz")
    model, x, y = load_model(DATA / "stateful.keras"), figures["x"], figures["y"]

    def compare(event: str, found: Any) -> None:
        np.testing.assert_allclose(found, figures[event], atol=1e-5, err_msg=event)
        for k, state in enumerate(states_of(model)):
            np.testing.assert_allclose(state, figures[f"{event}_state{k}"], atol=1e-5, err_msg=event)

    compare("call", model(x[:2]))
    compare("predict", model.predict(x[2:6], batch_size=2, verbose=0))
    compare("evaluate", model.evaluate(x[4:], y[4:], batch_size=2, verbose=0))
    history = model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    compare("fit", history.history["loss"])
    for k, weight in enumerate(model.get_weights()):
        np.testing.assert_allclose(weight, figures[f"weight{k}"], atol=1e-5)
    model.layers[1].reset_states()
    compare("reset", model(x[:2]))


@pytest.mark.parametrize("cls", [LSTM, GRU, SimpleRNN])
@pytest.mark.parametrize("way", ["call", "training", "predict", "predict_on_batch"])
def test_chunks_are_the_whole_sequence(cls: Any, way: str) -> None:
    model, plain = stack(cls=cls), stack(False, cls)
    plain.set_weights(model.get_weights())
    ways: dict[str, Any] = {
        "call": model,
        "training": lambda x: model(x, training=True),
        "predict": lambda x: model.predict(x, verbose=0),
        "predict_on_batch": model.predict_on_batch,
    }
    parts = [ways[way](chunk) for chunk in CHUNKS]
    assert_same_bits(np.concatenate(parts, axis=1), plain.predict(X, verbose=0))


def test_long_chunks() -> None:
    x = np.random.default_rng(5).standard_normal((2, 300, 3)).astype("float32")
    model, plain = stack(), stack(False)
    plain.set_weights(model.get_weights())
    parts = [model.predict(x[:, part], verbose=0) for part in (slice(4), slice(4, 296), slice(296, 300))]
    assert_same_bits(np.concatenate(parts, axis=1), plain.predict(x, verbose=0))


def test_predict_keeps_batches_apart() -> None:
    """They follow each other in the order of the rows."""
    model = stack()
    parts = [model.predict_on_batch(chunk) for chunk in CHUNKS]
    for verbose in (0, 2):
        for name in ("a", "b"):
            model.get_layer(name).reset_states()
        found = model.predict(np.concatenate(CHUNKS), batch_size=2, verbose=verbose)
        assert_same_bits(found, np.concatenate(parts))


def test_truncated_bptt_is_a_loop_by_hand() -> None:
    """`fit` on chunks has the bits of training on them with the states as inputs and outputs."""
    model = Sequential([Input(batch_shape=(2, 4, 3)), LSTM(5, stateful=True), Dense(1)])
    x, begin = Input((4, 3)), [Input((5,)), Input((5,))]
    y, *ends = LSTM(5, return_state=True)(x, initial_state=begin)
    by_hand = Model([x, *begin], [Dense(1, name="y")(y), *ends])
    by_hand.set_weights(model.get_weights())
    targets = np.random.default_rng(4).standard_normal((3, 2, 1)).astype("float32")
    model.compile(SGD(0.1, momentum=0.9), "mse")
    by_hand.compile(SGD(0.1, momentum=0.9), ["mse", None, None])

    history = model.fit(
        np.concatenate(CHUNKS), np.concatenate(targets), batch_size=2, shuffle=False, verbose=0
    )
    states, losses = [np.zeros((2, 5), "float32")] * 2, []
    for chunk, target in zip(CHUNKS, targets, strict=True):
        after = by_hand([chunk, *states])[1:]
        losses.append(by_hand.train_on_batch([chunk, *states], [target, None, None]))
        states = after
    for found, expected in zip(model.get_weights(), by_hand.get_weights(), strict=True):
        assert_same_bits(found, expected)
    for found, expected in zip(states_of(model), states, strict=True):
        assert_same_bits(found, expected)
    np.testing.assert_allclose(history.history["loss"][0], np.mean(np.ravel(losses)), rtol=1e-6)


def test_fit_leaves_the_states_of_the_whole_sequence() -> None:
    """With weights that do not move."""
    model, plain = stack(), stack(False)
    plain.set_weights(model.get_weights())
    model.compile(SGD(0.0), "mse")
    model.fit(np.concatenate(CHUNKS), np.zeros((6, 4, 1)), batch_size=2, shuffle=False, verbose=0)
    h = plain.layers[0](X)
    whole = [LSTM(5, return_state=True), GRU(4, return_state=True)]
    for layer, given, found in zip(whole, [X, h], [plain.layers[0], plain.layers[1]], strict=True):
        layer(given)
        layer.set_weights(found.get_weights())
    expected = [*whole[0](X)[1:], *whole[1](h)[1:]]
    for state, want in zip(states_of(model), expected, strict=True):
        assert_same_bits(state, want)


def test_a_layer_that_is_used_twice_goes_on_from_its_first_use() -> None:
    x = Input((4, 3), batch_size=2)
    layer, plain = GRU(3, stateful=True, return_sequences=True), GRU(3, return_sequences=True)
    model = Model(x, layer(layer(x)))
    plain.build((None, None, 3))
    plain.set_weights(layer.get_weights())
    first = plain(CHUNKS[0])
    expected = plain(first, initial_state=first[:, -1].copy())
    assert_same_bits(model(CHUNKS[0]), expected)
    assert_same_bits(states_of(model)[0], np.ascontiguousarray(expected[:, -1]))
    layer.reset_states()
    assert_same_bits(model(CHUNKS[0], training=True), expected)
    assert_same_bits(states_of(model)[0], np.ascontiguousarray(expected[:, -1]))


@pytest.mark.parametrize("inner", [LSTM(4, stateful=True), Bidirectional(GRU(4, stateful=True))])
def test_masks(inner: Any) -> None:
    """What a layer before makes of the chunks, and what a call is given."""
    x = CHUNKS[0].copy()
    x[0, :2] = 0
    x[1, 3:] = 0
    mask = x.any(axis=-1)
    alone = Sequential([Input(batch_shape=(2, None, 3)), inner])
    behind = Sequential([Input(batch_shape=(2, None, 3)), Masking(), copy.deepcopy(inner)])
    for _ in range(2):
        expected = alone.layers[0](x, mask=mask)
        assert_same_bits(behind(x), expected)
    alone.layers[0].reset_states()
    for _ in range(2):
        again = alone(x, mask=mask)
    assert_same_bits(again, expected)


def test_other_numbers_of_rows() -> None:
    model = Sequential([Input((4,), batch_size=2), Embedding(5, 3), LSTM(4, stateful=True), Dense(1)])
    model.compile("sgd", "mse")
    ids, y = np.ones((5, 4)), np.zeros((5, 1))
    for call in (
        lambda: model(ids),
        lambda: model.predict(ids, verbose=0),
        lambda: model.fit(ids, y, batch_size=2, verbose=0),
        lambda: model.evaluate(ids, y, verbose=0),
    ):
        with pytest.raises(ValueError, match=r"LSTM `.*`: a stateful layer .* expected 2, received [15]"):
            call()
    with pytest.raises(ValueError, match="`batch_size`"):
        Sequential([Input((4, 3)), LSTM(4, stateful=True)])
    with pytest.raises(ValueError, match="`batch_size`"):
        Sequential([LSTM(4, stateful=True)]).predict(X, verbose=0)


def test_copies_pickles_and_files(tmp_path: Path) -> None:
    """Copies and pickles keep the states; a file does not have them, as in Keras."""
    model = stack()
    first = model(CHUNKS[0])
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert loaded.input_shape == (2, None, 3)
    assert not any(state.any() for state in states_of(loaded))
    assert_same_bits(loaded(CHUNKS[0]), first)
    y = model(CHUNKS[1])
    for each in copies:
        assert_same_bits(each(CHUNKS[1]), y)


def test_frozen_calls_begin_with_zeros_and_streams_go_on() -> None:
    model = stack()
    first = model(CHUNKS[0])
    frozen = model.freeze()
    for again in (frozen, pickle.loads(pickle.dumps(frozen))):
        assert_same_bits(again(CHUNKS[0]), first)
        assert again(np.concatenate([X, X])).shape == (4, 12, 1)
    stream = frozen.stream(2)
    assert_same_bits(stream.run(CHUNKS[0]), first)
    assert_same_bits(stream.run(CHUNKS[1]), model(CHUNKS[1]))


def test_explain_says_which_layers_carry_states() -> None:
    lines: list[str] = []
    stack().explain(print_fn=lines.append)
    assert "an input of shape (2, 100, 3)" in lines[0]
    assert lines[0].count("states") == 2
    stack().explain((2, 200), print_fn=lines.append)
    assert lines.pop().count("packed") == 2
    backwards = Sequential([Input(batch_shape=(2, 4, 3)), LSTM(4, stateful=True, go_backwards=True)])
    backwards.explain(print_fn=lines.append)
    assert "packed" in lines[1]


def test_older_scripts() -> None:
    with pytest.warns(UserWarning, match=r"Input\(batch_shape"):
        layer = LSTM(4, stateful=True, batch_input_shape=(2, 4, 3))
    model = Sequential([layer])
    assert model.input_shape == (2, 4, 3)
    first = model(CHUNKS[0])
    with pytest.warns(UserWarning, match="method of layers"):
        model.reset_states()
    assert_same_bits(model(CHUNKS[0]), first)
