"""Frozen models: the numbers of the model as it was, in blocks, in threads, and out of a pickle."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support import Array, assert_same_bits, off_by_a_byte

import tidegate
from tidegate.frozen import precision_of
from tidegate.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    Input,
    LayerNormalization,
    SimpleRNN,
    TimeDistributed,
)
from tidegate.layers.layer import Layer
from tidegate.models import Sequential
from tidegate.program import compile_program


def forecaster(dtype: str = "float32") -> Sequential:
    layers = [
        Input((None, 5), dtype=dtype),
        LSTM(13, return_sequences=True, dtype=dtype),
        GRU(7, dtype=dtype),
        Dense(3, activation="softmax", dtype=dtype),
    ]
    return Sequential(layers)


def series(rows: int, timesteps: int = 6, dtype: str = "float32") -> Array:
    return np.random.default_rng(0).standard_normal((rows, timesteps, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [0, 1, 2, 7, 40])
def test_the_numbers_of_the_model(dtype: str, rows: int) -> None:
    model, x = forecaster(dtype), series(rows, dtype=dtype)
    frozen = model.freeze()
    assert frozen.dtype == dtype
    assert_same_bits(frozen(x), model(x))
    assert frozen.packed_bytes > 0


def test_later_weights_change_nothing() -> None:
    model, x = forecaster(), series(3)
    frozen, before = model.freeze(), model(x)
    model.set_weights([w + 1 for w in model.get_weights()])
    assert_same_bits(frozen(x), before)
    assert (model(x) != before).any()


def test_out_receives_the_answer() -> None:
    frozen, x = forecaster().freeze(), series(4)
    out = np.empty((4, 3), "f4")
    assert frozen(x, out=out) is out
    assert_same_bits(out, frozen(x))


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((3, 3), "f4"),
        np.zeros((4, 3)),
        np.zeros((3, 4), "f4").T,
        np.broadcast_to(np.float32(7), (4, 3)),
    ],
)
def test_an_out_that_does_not_fit(out: Array) -> None:
    before = out.copy()
    with pytest.raises((ValueError, TypeError), match="out"):
        forecaster().freeze()(series(4), out=out)
    np.testing.assert_array_equal(out, before)


def test_an_out_that_is_the_input() -> None:
    frozen = Sequential([Input((None, 5)), LSTM(5, return_sequences=True)]).freeze()
    x = series(4)
    before = x.copy()
    with pytest.raises(ValueError, match="shares no memory"):
        frozen(x, out=x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("batch_size", [None, 1, 3, 10, 99])
def test_predict_in_blocks(batch_size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidegate.frozen.BYTES_OF_BLOCK", 4 * 6 * 5 * 4)  # four rows
    frozen, x = forecaster().freeze(), series(10)
    assert_same_bits(frozen.predict(x, batch_size=batch_size), frozen(x))


def test_predict_of_a_mapped_file(tmp_path: Path) -> None:
    frozen, x = forecaster().freeze(), series(10)
    np.save(tmp_path / "x.npy", x)
    assert_same_bits(frozen.predict(np.load(tmp_path / "x.npy", mmap_mode="r"), batch_size=4), frozen(x))


CHAINS: list[Callable[[], list[Layer]]] = [
    lambda: [GRU(7)],
    lambda: [LSTM(13, return_sequences=True), GRU(7)],
    lambda: [Bidirectional(GRU(7), merge_mode="sum")],
    lambda: [Bidirectional(LSTM(13, return_sequences=True)), GRU(7)],
    lambda: [LSTM(6, return_sequences=True), LayerNormalization(), Dropout(0.5), GlobalAveragePooling1D()],
    lambda: [BatchNormalization(), Activation("relu"), GRU(6)],
    lambda: [GRU(6, return_sequences=True), GlobalMaxPooling1D(), Flatten()],
    lambda: [TimeDistributed(Dense(4)), SimpleRNN(9, return_sequences=True), GRU(6, go_backwards=True)],
]


@pytest.mark.parametrize("side", ["left", "right", "holes"])
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("rows", [1, 5, 60])
def test_masks(isa: str, side: str, chain: Callable[[], list[Layer]], rows: int) -> None:
    model = Sequential([Input((None, 5)), *chain(), Dense(3)])
    x, rng = series(rows, timesteps=9), np.random.default_rng(1)
    lengths = rng.integers(0, 10, rows)
    if side == "right":
        mask = np.arange(9) < lengths[:, None]
    elif side == "left":
        mask = np.arange(9) >= 9 - lengths[:, None]
    else:
        mask = rng.random((rows, 9)) < 0.4
    expected: Array = model.graph.forward(x, mask=mask)[0]  # type: ignore[union-attr]
    frozen = model.freeze()
    assert_same_bits(frozen(x, mask=mask), expected)
    assert_same_bits(frozen.predict(x, batch_size=2, mask=mask), expected)
    if side == "right":
        assert_same_bits(frozen(x, lengths=lengths), expected)
        assert_same_bits(frozen.predict(x, batch_size=7, lengths=list(lengths)), expected)


@pytest.mark.parametrize(
    ("lengths", "match"),
    [
        ([1, 2], r"shape \(3,\); received \(2,\)"),
        ([1, 2, 7], "0 to 6 timesteps; received 7"),
        ([1, -1, 2], "received -1"),
        ([1.0, 2.0, 3.0], "integers"),
        (3, "shape"),
    ],
)
def test_wrong_lengths(lengths: object, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        forecaster().freeze()(series(3), lengths=lengths)


def test_lengths_or_mask() -> None:
    frozen = forecaster().freeze()
    with pytest.raises(ValueError, match="give one of them"):
        frozen(series(3), lengths=[1, 2, 3], mask=np.ones((3, 6), bool))
    with pytest.raises(ValueError, match="timesteps"):
        Sequential([Input((4,)), Dense(2)]).freeze()(np.ones((3, 4)), lengths=[1, 2, 3])


def test_other_arrays_are_converted() -> None:
    frozen, x = forecaster().freeze(), series(3)
    expected = frozen(x)
    assert_same_bits(frozen(x.astype("f8")), expected)
    assert_same_bits(frozen(x.astype(">f4")), expected)
    assert_same_bits(frozen(np.asfortranarray(x)), expected)
    assert_same_bits(frozen(off_by_a_byte(x)), expected)


@pytest.mark.parametrize("shape", [(3, 6), (3, 6, 4), (3, 0, 5)])
def test_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="x"):
        forecaster().freeze()(np.zeros(shape, "f4"))


def test_pickle() -> None:
    frozen, x = forecaster().freeze(threads=1), series(3)
    copy = pickle.loads(pickle.dumps(frozen))
    assert_same_bits(copy(x), frozen(x))
    assert copy.packed_bytes == frozen.packed_bytes


def test_threads_share_one() -> None:
    frozen, x = forecaster().freeze(), series(9)
    expected = frozen(x)
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(frozen, [x] * 64):
            assert_same_bits(answer, expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_has_the_same_bits(threads: int) -> None:
    model = Sequential([Input((50, 64)), LSTM(128)])
    rng = np.random.default_rng(0)
    x, lengths = rng.standard_normal((33, 50, 64)).astype("f4"), rng.integers(0, 51, 33)
    before = tidegate.get_num_threads()
    tidegate.set_num_threads(3)
    try:
        assert_same_bits(model.freeze(threads=threads)(x), model.freeze()(x))
        assert_same_bits(
            model.freeze(threads=threads)(x, lengths=lengths), model.freeze()(x, lengths=lengths)
        )
    finally:
        tidegate.set_num_threads(before)


def test_arguments() -> None:
    model = forecaster()
    with pytest.raises(ValueError, match="'int7'"):
        model.freeze(dtype="int7")
    with pytest.raises(ValueError, match="threads"):
        model.freeze(threads=0)
    with pytest.raises(ValueError, match="not built"):
        Sequential([LSTM(3)]).freeze()
    with pytest.raises(ValueError, match="batch_size"):
        model.freeze().predict(series(3), batch_size=0)


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_narrow_products(dtype: str) -> None:
    """Near the full ones, in the dtype of the model; pickles and streams give the same bits."""
    model, x = forecaster(), series(7)
    full, narrow = model.freeze(), model.freeze(dtype)
    assert (narrow.dtype, narrow(x).dtype) == (dtype, x.dtype)
    assert narrow.packed_bytes < 0.7 * full.packed_bytes
    assert 0 < np.abs(narrow(x) - full(x)).max() < 0.02
    assert_same_bits(pickle.loads(pickle.dumps(narrow))(x), narrow(x))
    stream = narrow.stream(7)
    for t in range(x.shape[1]):
        y = stream.step(np.ascontiguousarray(x[:, t]))
    assert_same_bits(y, narrow(x))


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_compare(dtype: str) -> None:
    model, x = forecaster(), series(9)
    frozen = model.freeze(dtype)
    model.set_weights([w + 1 for w in model.get_weights()])  # its weights count, not the model's
    difference = frozen.compare(x)
    apart = frozen(x).astype("f8") - frozen.__class__(model, None, None, frozen.weights)(x)
    assert difference.largest == np.abs(apart).max() > 0
    assert difference.rms == pytest.approx(np.sqrt((apart**2).mean()), rel=1e-12)
    lengths = np.full(9, 2)
    assert frozen.compare(x, lengths=lengths) == frozen.compare(np.ascontiguousarray(x[:, :2]))
    assert model.freeze().compare(x) == (0, 0)
    with pytest.raises(ValueError, match="`x` must have at least one row"):
        frozen.compare(x[:0])


def test_dtypes_that_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"must be one of \['float32', 'bfloat16', 'int8'\]; received 'float16'"
    ):
        forecaster().freeze("float16")
    with pytest.raises(ValueError, match=r"must be one of \['float64'\]; received 'int8'"):
        forecaster("float64").freeze("int8")


READERS: dict[str, Callable[[str], Layer]] = {
    "lstm": lambda dtype: LSTM(33, dtype=dtype),
    "gru": lambda dtype: GRU(20, return_sequences=True, dtype=dtype),
    "gru_reset_before": lambda dtype: GRU(5, reset_after=False, go_backwards=True, dtype=dtype),
    "other activations": lambda dtype: LSTM(9, activation="relu", use_bias=False, dtype=dtype),
    "simple_rnn": lambda dtype: SimpleRNN(17, dtype=dtype),
    "bidirectional": lambda dtype: Bidirectional(LSTM(9, dtype=dtype), merge_mode="ave"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int8"])
def test_an_embedding_that_is_folded(
    isa: str, tmp_path: Path, reader: Callable[[str], Layer], dtype: str, rng: np.random.Generator
) -> None:
    """Products made once for every id: the bits of those made step by step, with masks, and from a file."""
    element = "float64" if dtype == "float64" else "float32"
    layer = reader(element)
    model = Sequential(
        [Input((None,), dtype=element), Embedding(40, 13, mask_zero=True, dtype=element), layer]
    )
    ids = rng.integers(0, 40, (9, 7))
    ids[0, 0], ids[2], ids[3, :4], ids[4, 3:] = 39, 0, 0, 0
    frozen = model.freeze(dtype)
    assert frozen.program.explain((9, 7))[0]["runs"] == "in the next layer"
    plain = compile_program(model.graph, precision=precision_of(dtype))
    assert plain.explain((9, 7))[0]["runs"] == "native"
    assert_same_bits(frozen(ids), plain.run(ids.astype(element)))
    with pytest.raises(ValueError, match="expected whole numbers from 0 to 39, received 40"):
        frozen(ids + 1)
    frozen.save(tmp_path / "m.safetensors")
    assert_same_bits(tidegate.load_frozen(tmp_path / "m.safetensors")(ids), frozen(ids))


def test_an_embedding_that_is_too_large_to_fold() -> None:
    model = Sequential([Input((None,)), Embedding(140_000, 1), LSTM(32)])
    frozen = model.freeze()
    assert frozen.program.explain((1, 3))[0]["runs"] == "native"
    ids = np.array([[1, 139_999, 0]])
    assert_same_bits(frozen(ids), model(ids))
