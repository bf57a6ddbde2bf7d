"""Masks that a Program makes itself: the bits of the same mask given by the caller, whole, in steps and in
chunks."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from support import MASKS, Array, assert_same_bits, make_mask

from tidegate.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    Input,
    Layer,
    LayerNormalization,
    Masking,
    SimpleRNN,
    TimeDistributed,
)
from tidegate.models import Sequential

T, FEATURES = 9, 5

WHOLE: list[Callable[[], list[Layer]]] = [
    lambda: [GRU(7)],
    lambda: [LSTM(13, return_sequences=True), Dropout(0.5), GRU(7, go_backwards=True)],
    lambda: [Bidirectional(GRU(7, return_sequences=True)), Bidirectional(SimpleRNN(5))],
    lambda: [BatchNormalization(), Activation("tanh"), GlobalAveragePooling1D(), Dense(3)],
    lambda: [TimeDistributed(Dense(4)), LSTM(6, return_sequences=True), Dense(3), Dropout(0.5)],
    lambda: [GRU(6, return_sequences=True), Flatten()],
    lambda: [GRU(6, return_sequences=True), Conv1D(4, 1), GRU(7)],
]
STREAMED: list[Callable[[str], list[Layer]]] = [
    lambda dtype: [LSTM(13, return_sequences=True, dtype=dtype)],
    lambda dtype: [
        GRU(7, return_sequences=True, zero_output_for_mask=True, dtype=dtype),
        Dense(3, dtype=dtype),
    ],
    lambda dtype: [
        SimpleRNN(5, return_sequences=True, dtype=dtype),
        LayerNormalization(dtype=dtype),
        GRU(20, return_sequences=True, reset_after=False, dtype=dtype),
        TimeDistributed(Dense(3, dtype=dtype), dtype=dtype),
    ],
    lambda dtype: [LSTM(13, return_sequences=True, dtype=dtype), LSTM(4, dtype=dtype)],
]


def series(rows: int, side: str, dtype: str = "float32") -> tuple[Array, Array]:
    """Inputs for Masking with mask_value -1, and their mask."""
    rng = np.random.default_rng(1)
    x, mask = rng.standard_normal((rows, T, FEATURES)).astype(dtype), make_mask(side, rows, T, rng)
    mask = np.ones((rows, T), bool) if mask is None else mask
    x[~mask] = -1
    return x, mask


def ids(rows: int, side: str) -> tuple[Array, Array]:
    """Inputs for Embedding with mask_zero, and their mask."""
    rng = np.random.default_rng(1)
    x, mask = rng.integers(1, 30, (rows, T)).astype("int32"), make_mask(side, rows, T, rng)
    mask = np.ones((rows, T), bool) if mask is None else mask
    x[~mask] = 0
    return x, mask


@pytest.mark.parametrize("side", MASKS)
@pytest.mark.parametrize("chain", WHOLE)
@pytest.mark.parametrize("rows", [1, 5, 60])
@pytest.mark.filterwarnings("ignore:invalid value")  # the average of no step at all
def test_the_mask_of_the_values(isa: str, side: str, chain: Callable[[], list[Layer]], rows: int) -> None:
    x, mask = series(rows, side)
    layers = chain()
    given = Sequential(
        [Input((None, FEATURES)) if not isinstance(layers[-1], Flatten) else Input((T, FEATURES)), *layers]
    )
    expected = given(np.where(mask[..., None], x, 0).astype("float32"), mask=mask)
    model = Sequential([Input(given.input_shape[1:]), Masking(-1), *layers])
    for found in (model(x), model.predict(x, batch_size=2, verbose=0), model.freeze()(x)):
        assert_same_bits(found, expected)
    outputs, _, mask_of_outputs = model.graph.forward(x)
    assert_same_bits(outputs, expected)
    for found, expected_mask in zip(model.run_masked(x), (outputs, mask_of_outputs), strict=True):
        np.testing.assert_array_equal(found, expected_mask)


@pytest.mark.parametrize("side", MASKS)
@pytest.mark.parametrize("chain", WHOLE[:-1])
@pytest.mark.parametrize("rows", [1, 5, 60])
def test_the_mask_of_ids(isa: str, side: str, chain: Callable[[], list[Layer]], rows: int) -> None:
    x, mask = ids(rows, side)
    layers, embedding = chain(), Embedding(30, FEATURES, mask_zero=True)
    expected = Sequential([Input((None, FEATURES)), *layers])(embedding(x), mask=mask)
    model = Sequential([Input((None,)), embedding, *layers])
    for found in (model(x), model.predict(x, batch_size=2, verbose=0), model.freeze()(x)):
        assert_same_bits(found, expected)
    outputs, _, mask_of_outputs = model.graph.forward(x.astype("float32"))
    assert_same_bits(outputs, expected)
    for found, expected_mask in zip(
        model.run_masked(x.astype("float32")), (outputs, mask_of_outputs), strict=True
    ):
        np.testing.assert_array_equal(found, expected_mask)


def test_a_second_mask_takes_the_place_of_the_first() -> None:
    """As in Keras: they are not combined."""
    x, _ = series(20, "holes")
    x[:, 4:6] = 7
    first, second = GRU(6), GRU(6)
    twice = Sequential([Input((T, FEATURES)), Masking(-1), Masking(7), first])
    once = Sequential([Input((T, FEATURES)), Masking(7), second])
    second.set_weights(first.get_weights())
    zeroed = np.where((x == -1).all(axis=-1, keepdims=True), 0, x).astype("float32")
    assert_same_bits(twice(x), once(zeroed))
    assert_same_bits(twice.graph.forward(x)[0], once(zeroed))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("side", MASKS)
@pytest.mark.parametrize("chain", STREAMED)
@pytest.mark.parametrize("cuts", [[1] * T, [T], [4, 5], [1, 2, 1, 5]])
def test_streams(side: str, dtype: str, chain: Callable[[str], list[Layer]], cuts: list[int]) -> None:
    """Also where a chunk begins, or wholly consists of, masked steps: the output before it is repeated."""
    x, _ = series(6, side, dtype)
    tokens, _ = ids(6, side)
    for inputs, entrance in (
        (x, [Input((None, FEATURES)), Masking(-1, dtype=dtype)]),
        (tokens, [Input((None,), dtype="int32"), Embedding(30, FEATURES, mask_zero=True, dtype=dtype)]),
    ):
        frozen = Sequential([*entrance, *chain(dtype)]).freeze()
        expected, stream, start, found = frozen(inputs), frozen.stream(6), 0, []
        for length in cuts:
            if length == 1:
                found.append(stream.step(inputs[:, start]))
            else:
                found.append(stream.run(inputs[:, start : start + length]))
            start += length
        if expected.ndim == 2:
            assert_same_bits(found[-1], expected)
        else:
            steps = [each[:, None] if each.ndim == 2 else each for each in found]
            assert_same_bits(np.concatenate(steps, axis=1), expected)


def test_ids_in_a_pool_in_any_company() -> None:
    frozen = Sequential([Input((None,)), Embedding(30, FEATURES, mask_zero=True), GRU(7)]).freeze()
    x, _ = ids(8, "holes")
    pool, rng = frozen.stream_pool(8), np.random.default_rng(1)
    opened = [pool.open() for _ in range(8)]
    last = np.empty((8, 7), "float32")
    for t in range(T):
        for some in np.array_split(rng.permutation(8), 3):
            last[some] = pool.step([opened[i] for i in some], x[some, t])
    assert_same_bits(last, frozen(x))
    with pytest.raises(ValueError, match="`x` expected 2 rows"):
        pool.step(opened[:2], x[:3, 0])
    before = pool.state(opened)
    with pytest.raises(ValueError, match="0 to 29, received 30"):
        pool.step(opened, np.full(8, 30))
    for found, expected in zip(pool.state(opened), before, strict=True):
        assert_same_bits(found, expected)


@pytest.mark.parametrize(
    ("entrance", "x"),
    [
        ([Input((T, FEATURES)), Masking(-1)], series(4, "right")[0]),
        ([Input((T,)), Embedding(30, FEATURES, mask_zero=True)], ids(4, "right")[0]),
        ([Input((T,)), Embedding(30, FEATURES)], ids(4, "right")[0]),
    ],
    ids=["masking", "mask_zero", "embedding"],
)
def test_a_mask_that_the_first_layer_would_forget_is_refused(entrance: list[Layer], x: Array) -> None:
    model = Sequential([*entrance, GRU(3)])
    frozen = pickle.loads(pickle.dumps(model.freeze()))
    mask = np.ones((4, T), bool)
    for call in (
        lambda: frozen(x, mask=mask),
        lambda: frozen(x, lengths=[1, 2, 3, 4]),
        lambda: frozen.predict(x, mask=mask),
        lambda: model(x, mask=mask),
        lambda: model(x, mask=mask, training=True),
    ):
        with pytest.raises(ValueError, match="expected None: the first layer says itself"):
            call()


def test_a_mask_that_is_given_lasts_until_a_layer_makes_its_own() -> None:
    x, mask = series(5, "right")
    model = Sequential([Input((T, FEATURES)), LSTM(4, return_sequences=True), Masking(), GRU(3)])
    lengths = mask.sum(axis=1)
    assert_same_bits(model.freeze()(x, lengths=lengths), model.graph.forward(x, mask=mask)[0])
