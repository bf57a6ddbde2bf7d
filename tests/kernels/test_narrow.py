"""Products of bfloat16 and int8 against the equations, on factors that NumPy rounds in the same way."""

from __future__ import annotations

import numpy as np
import pytest
from support import Array, Case, assert_same_bits

from tidegate._native import core

PRECISIONS = pytest.mark.parametrize("precision", ["bfloat16", "int8"])
FORMS = pytest.mark.parametrize("form", ["lstm", "gru"])


def bfloat16(values: Array) -> Array:
    """To nearest and even, as float64."""
    bits = values.astype("f4").view("u4").astype("u8")
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16
    return rounded.astype("u4").view("f4").astype("f8")


def whole(values: Array, scale: Array, factor: Array) -> Array:
    """The nearest whole numbers to values * factor, which float32 rounds, times the scale; as float64."""
    scaled = values * factor
    return np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype("f8") * scale


def weights_of(precision: str, matrix: Array) -> Array:
    if precision == "bfloat16":
        return bfloat16(matrix)
    scale = np.abs(matrix).max(0) / np.float32(127)
    quotient = (matrix / scale).astype("f8")
    return np.trunc(quotient + np.copysign(0.5, quotient)) * scale


def inputs_of(precision: str, rows: Array) -> Array:
    if precision == "bfloat16":
        return bfloat16(rows)
    scale = np.abs(rows).max(1, keepdims=True) / np.float32(127)
    return whole(rows, scale, 1 / scale)


def states_of(precision: str, rows: Array) -> Array:
    return bfloat16(rows) if precision == "bfloat16" else whole(rows, np.array(1 / 127), np.float32(127))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def expected(case: Case, precision: str, x: Array, states: list[Array]) -> list[Array]:
    """The states after one step of x [batch, features]."""
    kernel, recurrent, bias = case.data().weights
    of_x = inputs_of(precision, x) @ weights_of(precision, kernel)
    of_h = states_of(precision, states[0]) @ weights_of(precision, recurrent)
    if case.form == "lstm":
        i, f, g, o = np.split(of_x + of_h + bias, 4, axis=1)
        c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
        return [sigmoid(o) * np.tanh(c), c]
    (xz, xr, xh), (hz, hr, hh) = np.split(of_x + bias[0], 3, 1), np.split(of_h + bias[1], 3, 1)
    z = sigmoid(xz + hz)
    return [z * states[0] + (1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh)]


def run(case: Case, precision: str, x: Array | None = None) -> Array:
    data = case.data()
    program = core.Program([(case.operator(core), data.weights)], precision=precision)
    return program.run(data.x if x is None else np.ascontiguousarray(x))


@FORMS
@PRECISIONS
@pytest.mark.parametrize("units", [1, 2, 3, 5, 16, 17, 31, 33, 50, 100])
@pytest.mark.parametrize("batch", [1, 4, 13])
def test_recurrent(isa: str, form: str, precision: str, units: int, batch: int) -> None:
    """Each step from the states before it, which are rounded in both."""
    for features in (1, 4, 7, 18):
        case = Case(form, batch, 4, features, units, dtype="float32")
        data = case.data()
        program = core.Program([(case.operator(core), data.weights)], precision=precision)
        streams = program.streams(batch)
        ids = np.array([streams.open() for _ in range(batch)])
        for t in range(case.timesteps):
            x = np.ascontiguousarray(data.x[:, t])
            want = expected(case, precision, x, streams.states(ids))
            streams.step(x, ids)
            for state, value in zip(streams.states(ids), want, strict=True):
                np.testing.assert_allclose(state, value, rtol=0, atol=2e-6)


@PRECISIONS
@pytest.mark.parametrize("units", [1, 3, 17, 64, 131])
@pytest.mark.parametrize("rows", [1, 7, 200])
def test_dense(isa: str, rng: np.random.Generator, precision: str, units: int, rows: int) -> None:
    for features in (1, 6, 33):
        x = rng.standard_normal((rows, features)).astype("f4")
        kernel, bias = (rng.standard_normal(shape).astype("f4") for shape in ((features, units), units))
        program = core.Program([(core.Dense(units), [kernel, bias])], precision=precision)
        exact = inputs_of(precision, x) @ weights_of(precision, kernel) + bias
        np.testing.assert_allclose(program.run(x), exact, rtol=0, atol=2e-5)


@FORMS
@PRECISIONS
@pytest.mark.parametrize(
    "shape", [(61, 91, 17, 50), (1, 160, 24, 260), (3, 91, 24, 261)], ids=["many rows", "one row", "wide"]
)
def test_same_bits_for_any_threads_rows_and_chunks(
    isa: str, threads: None, form: str, precision: str, shape: tuple[int, int, int, int]
) -> None:
    case = Case(form, *shape, return_sequences=True, dtype="float32")
    data = case.data()
    program = core.Program([(case.operator(core), data.weights)], precision=precision)
    core.set_num_threads(1)
    whole = program.run(data.x)
    for count in (2, 3):
        core.set_num_threads(count)
        [plan] = program.explain(data.x.shape)[0]["passes"]
        assert (plan["threads"], plan["share_units"]) == (count, case.batch <= 3)
        assert_same_bits(program.run(data.x), whole, f"{count} threads")
    for b in range(0, case.batch, 5):
        assert_same_bits(program.run(np.ascontiguousarray(data.x[b : b + 2])), whole[b : b + 2], f"row {b}")
    streams = program.streams(case.batch)
    ids = np.array([streams.open() for _ in range(case.batch)])
    chunks = [streams.run(np.ascontiguousarray(part), ids) for part in np.array_split(data.x, 4, axis=1)]
    assert_same_bits(np.concatenate(chunks, axis=1), whole, "chunks")


@FORMS
@PRECISIONS
@pytest.mark.parametrize("kind", ["left", "right", "holes", "nothing_real"])
def test_masked_steps_count_for_nothing(isa: str, form: str, precision: str, kind: str) -> None:
    """Each row alone, without its masked steps, has the same outputs."""
    case = Case(form, 15, 9, 5, 21, kind, dtype="float32")
    data = case.data()
    program = core.Program([(case.operator(core), data.weights)], precision=precision)
    assert data.mask is not None
    found = program.run(data.x, None, data.mask)
    for b in range(case.batch):
        real = data.x[b : b + 1, data.mask[b]]
        alone = program.run(np.ascontiguousarray(real)) if real.size else np.zeros((1, case.units), "f4")
        assert_same_bits(found[b : b + 1], alone, f"row {b}")


@FORMS
@PRECISIONS
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_row(isa: str, form: str, precision: str, value: float) -> None:
    case = Case(form, 9, 6, 5, 18, dtype="float32")
    data, clean = case.data(), run(case, precision)
    x = data.x.copy()
    x[4, 2, 3] = value
    found = run(case, precision, x)
    rest = [b for b in range(9) if b != 4]
    assert_same_bits(found[rest], clean[rest])
    if np.isnan(value):
        assert np.isnan(found[4]).all()


@FORMS
def test_padded_units_are_no_factors(isa: str, form: str) -> None:
    """An infinity makes a NaN of them, in elements that hold the last unit too."""
    case = Case(form, 3, 6, 5, 17, return_sequences=True, dtype="float32")
    data = case.data()
    data.x[1, 2, 3] = np.inf
    program = core.Program([(case.operator(core), data.weights)], precision="bfloat16")
    whole = program.run(data.x)
    assert np.isfinite(whole).all()  # all gates of that row are 0 or 1, then it goes on
    streams = program.streams(3)
    ids = np.array([streams.open() for _ in range(3)])
    steps = [streams.run(np.ascontiguousarray(data.x[:, t : t + 1]), ids) for t in range(6)]
    assert_same_bits(np.concatenate(steps, axis=1), whole)


@FORMS
def test_states_beyond_one_count_as_one_in_int8(isa: str, form: str) -> None:
    case = Case(form, 1, 1, 3, 5, dtype="float32")
    data = case.data()
    results = []
    for h in (1.0, 3.0):
        streams = core.Program([(case.operator(core), data.weights)], precision="int8").streams(1)
        ids = np.array([streams.open()])
        states = [np.full((1, 5), h, "f4"), np.zeros((1, 5), "f4")][: 2 if form == "lstm" else 1]
        streams.set_states(ids, states)
        results.append(streams.run(data.x, ids))
    if form == "lstm":
        assert_same_bits(*results)
    else:  # the state itself is carried as it is
        assert (results[1] > results[0]).any()
        assert np.isfinite(results[1]).all()


def test_bad_input(isa: str) -> None:
    case = Case("lstm", dtype="float32")
    weights = case.data().weights
    with pytest.raises(
        ValueError, match="`precision` expected 'full', 'bfloat16' or 'int8', received 'half'"
    ):
        core.Program([(case.operator(core), weights)], precision="half")
    with pytest.raises(ValueError, match="`precision` expected 'full' for weights of float64"):
        core.Program([(case.operator(core), [w.astype("f8") for w in weights])], precision="int8")
    with pytest.raises(ValueError, match="int8 expected weights that are finite"):
        core.Program(
            [(case.operator(core), [weights[0] * np.float32(np.inf), *weights[1:]])], precision="int8"
        )
    with pytest.raises(ValueError, match="at most 131072 features or units, received 131073"):
        core.Program([(core.Dense(1, use_bias=False), [np.ones((131073, 1), "f4")])], precision="int8")
    with pytest.raises(ValueError, match="the packed weights do not fit the layers"):
        core.Program([(case.operator(core), weights)], packed=[np.zeros(7, "u1")])


@PRECISIONS
def test_memory(isa: str, precision: str) -> None:
    case = Case("lstm", units=96, features=64, dtype="float32")
    weights = case.data().weights
    full, narrow = (
        core.Program([(case.operator(core), weights)], precision=p).packed_bytes for p in ("full", precision)
    )
    assert narrow / full < {"bfloat16": 0.51, "int8": 0.28}[precision]


@pytest.mark.parametrize(
    "case",
    [
        Case("lstm", activation="relu", dtype="float32"),
        Case("gru_reset_before", dtype="float32"),
        Case("simple_rnn", dtype="float32"),
    ],
)
@PRECISIONS
def test_layers_that_stay_in_full(isa: str, case: Case, precision: str) -> None:
    assert_same_bits(run(case, precision), run(case, "full"))
