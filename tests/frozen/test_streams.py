"""Streams: the bits of the whole sequence, however it is cut and whoever shares a call; nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

from tidegate.frozen import FrozenModel, StreamPool
from tidegate.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Dense,
    Dropout,
    Input,
    LayerNormalization,
    SimpleRNN,
    TimeDistributed,
)
from tidegate.models import Sequential

FEATURES = 5


def stacked(dtype: str = "float32", sequences: bool = False) -> FrozenModel:
    layers = [
        Input((None, FEATURES), dtype=dtype),
        LSTM(13, return_sequences=True, dtype=dtype),
        SimpleRNN(5, return_sequences=True, dtype=dtype),
        GRU(7, reset_after=False, return_sequences=True, dtype=dtype),
        GRU(9, return_sequences=sequences, activation="relu", dtype=dtype),
        LayerNormalization(dtype=dtype),
        Dropout(0.5, dtype=dtype),
        *([TimeDistributed(Dense(4, dtype=dtype))] if sequences else []),
        Dense(3, activation="sigmoid", dtype=dtype),
    ]
    return Sequential(layers).freeze()


def series(rows: int, timesteps: int = 12, dtype: str = "float32") -> Array:
    return np.random.default_rng(0).standard_normal((rows, timesteps, FEATURES)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_steps_are_the_whole_sequence(dtype: str, batch: int) -> None:
    whole, x = stacked(dtype, sequences=True), series(batch, dtype=dtype)
    stream = whole.stream(batch)
    outputs = [stream.step(x[:, t]) for t in range(x.shape[1])]
    assert outputs[0].shape == (batch, 3)
    assert_same_bits(np.stack(outputs, axis=1), whole(x))


@pytest.mark.parametrize("cuts", [[12], [5, 7], [1, 2, 3, 6], [11, 1]])
def test_chunks_are_the_whole_sequence(cuts: list[int]) -> None:
    for frozen in (stacked(), stacked(sequences=True)):
        x, stream, start, outputs = series(3), frozen.stream(3), 0, []
        for length in cuts:
            outputs.append(stream.run(x[:, start : start + length]))
            start += length
        expected = frozen(x)
        found = np.concatenate(outputs, axis=1) if expected.ndim == 3 else outputs[-1]
        assert_same_bits(found, expected)


def test_reset() -> None:
    frozen, x = stacked(), series(4)
    stream = frozen.stream(4)
    first = stream.step(x[:, 0])
    stream.reset([1, 3])
    second = stream.step(x[:, 0])
    assert_same_bits(second[[1, 3]], first[[1, 3]])
    assert (second[[0, 2]] != first[[0, 2]]).any(axis=1).all()
    stream.reset()
    assert_same_bits(stream.step(x[:, 0]), first)


def test_states_are_copies_and_can_be_put_back() -> None:
    frozen, x = stacked(), series(2)
    stream = frozen.stream(2)
    stream.run(x[:, :5])
    saved = stream.state
    assert [state.shape for state in saved] == [(2, 13), (2, 13), (2, 5), (2, 7), (2, 9)]
    expected = stream.step(x[:, 5])
    kept = [state.copy() for state in saved]
    other = frozen.stream(2)
    other.state = saved
    for state in saved:
        state[...] = np.nan
    assert_same_bits(other.step(x[:, 5]), expected)
    other.state = kept
    assert_same_bits(other.step(x[:, 5]), expected)


def test_a_pool_in_any_company() -> None:
    frozen, x = stacked(), series(6)
    pool, rng = frozen.stream_pool(6), np.random.default_rng(1)
    ids = [pool.open() for _ in range(6)]
    at, last = [0] * 6, np.zeros((6, 3), "f4")
    while min(at) < x.shape[1]:
        waiting = [i for i in range(6) if at[i] < x.shape[1]]
        chosen = rng.permutation(waiting)[: rng.integers(1, len(waiting) + 1)]
        answer = pool.step([ids[i] for i in chosen], np.stack([x[i, at[i]] for i in chosen]))
        for row, i in enumerate(chosen):
            last[i] = answer[row]
            at[i] += 1
    assert_same_bits(last, frozen(x))


def test_ids_are_not_used_again() -> None:
    pool = stacked().stream_pool(2)
    first, second = pool.open(), pool.open()
    with pytest.raises(ValueError, match="all 2 streams are open"):
        pool.open()
    x = np.ones((1, FEATURES), "f4")
    fresh = pool.step(first, x)
    pool.close(first)
    with pytest.raises(ValueError, match=f"received {first}, which is not open"):
        pool.close(first)
    third = pool.open()
    assert len({first, second, third}) == 3
    with pytest.raises(ValueError, match=f"received {first}, which is not open"):
        pool.step(first, x)
    assert_same_bits(pool.step(third, x), fresh)  # states from zero again


BAD: list[tuple[Callable[[StreamPool, list[int]], Any], str]] = [
    (lambda pool, ids: pool.step([ids[0], ids[0]], np.ones((2, FEATURES))), "twice"),
    (lambda pool, ids: pool.step([ids[0], 99], np.ones((2, FEATURES))), "99, which is not open"),
    (lambda pool, ids: pool.step([ids[0], -1], np.ones((2, FEATURES))), "-1, which is not open"),
    (lambda pool, ids: pool.step([0.5], np.ones((1, FEATURES))), "ids"),
    (lambda pool, ids: pool.step([[ids[0]]], np.ones((1, FEATURES))), "ids"),
    (lambda pool, ids: pool.step(ids, np.ones((2, FEATURES + 1))), "x"),
    (lambda pool, ids: pool.step(ids, np.ones((1, FEATURES))), "x"),
    (lambda pool, ids: pool.step(ids, np.ones((2, 1, FEATURES))), "x"),
    (lambda pool, ids: pool.run(ids, np.ones((2, FEATURES))), "x"),
    (lambda pool, ids: pool.run(ids, np.ones((2, 0, FEATURES))), "x"),
    (lambda pool, ids: pool.set_state(ids, pool.state(ids)[:1]), "states"),
    (lambda pool, ids: pool.set_state(ids, [s[:, :1] for s in pool.state(ids)]), "states"),
    (lambda pool, ids: pool.reset([ids[1], 99]), "99"),
    (lambda pool, ids: pool.close([ids[1], 99]), "99"),
]


@pytest.mark.parametrize(("call", "match"), BAD)
def test_bad_input_moves_nothing(call: Callable[[StreamPool, list[int]], Any], match: str) -> None:
    pool = stacked().stream_pool(3)
    ids = [pool.open(), pool.open()]
    pool.step(ids, np.ones((2, FEATURES)))
    before = pool.state(ids)
    with pytest.raises((ValueError, TypeError), match=match):
        call(pool, ids)
    for found, expected in zip(pool.state(ids), before, strict=True):
        assert_same_bits(found, expected)


@pytest.mark.parametrize("rows", [2, -1, [0, 0], 0.5])
def test_reset_of_a_wrong_row(rows: Any) -> None:
    with pytest.raises(ValueError, match=r"rows|twice"):
        stacked().stream(2).reset(rows)


def test_what_cannot_stream() -> None:
    for layer in (GRU(3, go_backwards=True), Bidirectional(LSTM(3, return_sequences=True), name="both")):
        frozen = Sequential([Input((None, 2)), Dropout(0.5), layer, Dense(1)]).freeze()
        with pytest.raises(ValueError, match=f"but {layer.title} needs the whole sequence"):
            frozen.stream()
    for bad in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="batch"):
            stacked().stream(bad)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="capacity"):
            stacked().stream_pool(bad)  # type: ignore[arg-type]


def test_threads_take_turns() -> None:
    frozen, x = stacked(), series(8, timesteps=40)
    pool = frozen.stream_pool(8)
    ids = [pool.open() for _ in range(8)]

    def walk(i: int) -> Array:
        for t in range(x.shape[1]):
            answer = pool.step(ids[i], x[i : i + 1, t])
        return answer

    with ThreadPoolExecutor(8) as threads:
        assert_same_bits(np.concatenate(list(threads.map(walk, range(8)))), frozen(x))
