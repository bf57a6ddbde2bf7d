"""Stateful layers on arrays: states that go on from call to call, and everything that may come between."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate.layers import GRU, LSTM, Bidirectional, Dense, Input, SimpleRNN, TimeDistributed
from tidegate.layers.recurrent import Recurrent
from tidegate.variable import Variable, values_of

EVERY = pytest.mark.parametrize("cls", [LSTM, GRU, SimpleRNN])
FIGURES = np.load(Path(__file__).parent.parent / "data" / "stateful.npz")
X = np.random.default_rng(3).standard_normal((2, 12, 3)).astype("float32")


def pair(cls: type[Recurrent], **options: Any) -> tuple[Recurrent, Recurrent]:
    """A stateful layer, and one of the same weights that is not."""
    stateful, plain = cls(5, stateful=True, **options), cls(5, **options)
    plain.build((None, None, 3))
    stateful.build((2, None, 3))
    stateful.set_weights(plain.get_weights())
    return stateful, plain


def values(layer: Any) -> list[Array]:
    return [state.numpy() for state in layer.states]


@EVERY
@pytest.mark.parametrize("cuts", [[4, 8], [1, 2, 11], list(range(1, 12))])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chunks_are_the_whole_sequence(cls: type[Recurrent], cuts: list[int], dtype: str) -> None:
    stateful, plain = pair(cls, return_sequences=True, return_state=True, dtype=dtype)
    whole, *states = plain(X)
    parts = [stateful(chunk) for chunk in np.split(X, cuts, axis=1)]
    assert_same_bits(np.concatenate([part[0] for part in parts], axis=1), whole)
    for found, expected in zip(values(stateful), states, strict=True):
        assert_same_bits(found, expected)


@EVERY
@pytest.mark.parametrize("backwards", [False, True])
def test_masks_and_directions(cls: type[Recurrent], backwards: bool) -> None:
    """Each call is one of a plain layer from the states before it."""
    stateful, plain = pair(cls, go_backwards=backwards, return_state=True)
    mask = np.array([[0, 0, 1, 1], [1, 0, 1, 0]], bool)
    states = None
    for k, seen in enumerate([None, mask, None, mask]):
        chunk = np.ascontiguousarray(X[:, k : k + 4])
        y, *states = plain(chunk, initial_state=states, mask=seen)
        assert_same_bits(stateful(chunk, mask=seen)[0], y)


def test_initial_states_come_before_those_that_are_carried() -> None:
    layer = LSTM(3, stateful=True)
    layer.build((2, None, 3))
    layer.set_weights([FIGURES[f"layer_weight{k}"] for k in range(3)])
    layer(FIGURES["x"][2:4])
    given = [FIGURES[f"layer_given{k}"] for k in range(2)]
    begun = layer(FIGURES["x"][:2], initial_state=given)
    np.testing.assert_allclose(begun, FIGURES["layer_begun"], atol=1e-6)
    np.testing.assert_allclose(layer(FIGURES["x"][2:4]), FIGURES["layer_going_on"], atol=1e-6)


@EVERY
def test_reset(cls: type[Recurrent]) -> None:
    layer, _ = pair(cls)
    first = layer(X)
    assert not np.array_equal(layer(X), first)
    layer.reset_states()
    assert not any(state.any() for state in values(layer))
    assert_same_bits(layer(X), first)
    layer.reset_state()
    assert_same_bits(layer(X, training=True), first)


@EVERY
def test_states_are_no_weights(cls: type[Recurrent]) -> None:
    layer, plain = pair(cls)
    assert [state.name for state in layer.states or ()] == ["rnn_state"] * len(layer.cell.state_names)
    assert all(state.shape == (2, 5) and not state.trainable for state in layer.states or ())
    assert len(layer.weights) == len(plain.weights)
    assert layer.count_params() == plain.count_params()
    assert plain.states is None
    assert cls(5, stateful=True).states is None
    plain.reset_states()
    config = layer.get_config()
    assert config["stateful"] is True
    assert cls.from_config(config).stateful
    assert layer.get_build_config() == {"input_shape": (2, None, 3)}


def test_the_first_array_says_how_many_rows() -> None:
    layer = LSTM(4, stateful=True)
    layer(X)
    assert layer.get_build_config() == {"input_shape": X.shape}
    assert [state.shape for state in layer.states or ()] == [(2, 4)] * 2


@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_both_directions(merge_mode: str | None) -> None:
    layer = Bidirectional(LSTM(4, stateful=True, return_state=True), merge_mode=merge_mode)
    plain = Bidirectional(LSTM(4, return_state=True), merge_mode=merge_mode)
    assert layer.stateful
    assert layer.states is None
    first, _ = layer(X), plain(X)
    plain.set_weights(layer.get_weights())
    assert [state.path for state in layer.states] == [
        f"{inner.name}/rnn_state" for inner in (layer.layer, layer.backward_layer) for _ in range(2)
    ]
    for found, expected in zip(layer(X), plain(X, initial_state=first[-4:]), strict=True):
        assert_same_bits(found, expected)
    layer.reset_states()
    for found, expected in zip(layer(X), first, strict=True):
        assert_same_bits(found, expected)
    assert Bidirectional.from_config(layer.get_config()).stateful


@EVERY
def test_copies_and_pickles_go_on_from_the_same_states(cls: type[Recurrent]) -> None:
    layer, _ = pair(cls)
    layer(X)
    copies = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    y = layer(X)
    for each in copies:
        assert_same_bits(each(X), y)


def test_nothing_is_carried_from_a_call_that_fails() -> None:
    layer, _ = pair(LSTM)
    layer(X)
    before = values(layer)
    for bad in (X[:1], np.zeros((2, 4, 7), "float32")):
        with pytest.raises(ValueError, match=r"expected 2, received 1|must have the length 3"):
            layer(bad)
    with pytest.raises(ValueError, match="expected 2, received 1"):
        layer(X[:1], initial_state=[np.zeros((1, 5), "float32")] * 2)
    for now, then in zip(values(layer), before, strict=True):
        assert_same_bits(now, then)


def test_threads_see_the_states_of_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """h and c of the same, though it takes time to assign them."""
    layer, _ = pair(LSTM)
    chunks = [np.ascontiguousarray(X[:, :1]), np.ascontiguousarray(X[:, 1:2])]
    zeros = [np.zeros((2, 5), "float32")] * 2
    check = Variable.check

    def slow_check(variable: Variable, value: Array) -> Array:
        time.sleep(1e-3)
        return check(variable, value)

    def call(chunk: Array) -> None:
        for _ in range(20):
            layer(chunk, initial_state=zeros)

    def seen() -> bytes:
        return b"".join(state.tobytes() for state in values_of(layer.states or ()))

    expected = set()
    for chunk in chunks:
        layer(chunk, initial_state=zeros)
        expected.add(seen())
    monkeypatch.setattr(Variable, "check", slow_check)
    workers = [threading.Thread(target=call, args=(chunk,)) for chunk in chunks]
    for worker in workers:
        worker.start()
    found = {seen()}
    while any(worker.is_alive() for worker in workers):
        found.add(seen())
    assert found <= expected


@EVERY
def test_rows_must_be_known(cls: type[Recurrent]) -> None:
    for shape in ((4, 3), (None, 3)):
        with pytest.raises(ValueError, match=r"`stateful=True`.*`batch_size`.*received None"):
            cls(4, stateful=True)(Input(shape))
    assert cls(4, stateful=True)(Input((4, 3), batch_size=2)).shape == (2, 4)
    assert cls(4, stateful=True)(Input(batch_shape=(2, None, 3))).shape == (2, 4)


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="`stateful` must be True or False"):
        LSTM(4, stateful="yes")
    with pytest.raises(AttributeError, match="stateful"):
        Bidirectional(LSTM(4)).reset_states()
    with pytest.raises(ValueError, match="same `stateful`"):
        Bidirectional(LSTM(4, stateful=True), backward_layer=LSTM(4, go_backwards=True))
    with pytest.raises(ValueError, match=r"stateful layer is not supported: LSTM"):
        TimeDistributed(LSTM(4, stateful=True))
    with pytest.raises(ValueError, match="received both"):
        Dense(4, input_shape=(3,), batch_input_shape=(2, 3))


def test_many_rows_take_no_memory_before_a_call() -> None:
    """A file can name any number of them."""
    layer = LSTM(1000, stateful=True)
    layer.build((10**9, None, 1))
    assert [state.shape for state in layer.states or ()] == [(10**9, 1000)] * 2
