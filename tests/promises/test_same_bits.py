"""Promise: the same bits for any number of threads, any split of the batch, any position of a row, and
for a whole sequence or chunks of it with carried state. Shapes are large enough that work is really
divided."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support import FORMS, Array, Case, Data, assert_same_bits, run

from tidegate._native import core

ALL_FORMS = pytest.mark.parametrize("form", FORMS)
BOTH_DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
THREADS = (1, 2, 3, 7)

SHAPES = {  # batch, timesteps, features, units
    "many rows": (61, 11, 17, 50),
    "one row": (1, 12, 24, 130),
    "few rows, wide": (3, 5, 24, 260),
}


@ALL_FORMS
@BOTH_DTYPES
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("mask", "dropout"), [("none", "none"), ("holes", "none"), ("holes", "both")])
def test_any_number_of_threads(
    isa: str, threads: None, form: str, dtype: str, shape: tuple[int, int, int, int], mask: str, dropout: str
) -> None:
    """Outputs, final states and every gradient."""
    case = Case(form, *shape, mask, True, return_sequences=True, dropout=dropout, dtype=dtype)
    core.set_num_threads(1)
    alone = run(core, case)
    for count in THREADS[1:]:
        core.set_num_threads(count)
        for name, value in run(core, case).items():
            assert_same_bits(value, alone[name], f"{name}, {count} threads")


@ALL_FORMS
def test_from_run_to_run(isa: str, form: str) -> None:
    case = Case(form, 37, 13, 9, 65, "holes", True, return_sequences=True, dtype="float32")
    first = run(core, case)
    for _ in range(5):
        for name, value in run(core, case).items():
            assert_same_bits(value, first[name], name)


def forward(case: Case, data: Data, rows: slice | Array) -> Array:
    """Outputs and final states of some rows, side by side."""
    states = [np.ascontiguousarray(s[rows]) for s in data.states or []]
    mask = None if data.mask is None else np.ascontiguousarray(data.mask[rows])
    y, final, _ = case.operator(core).forward(np.ascontiguousarray(data.x[rows]), data.weights, states, mask)
    return np.concatenate([y.reshape(len(y), -1), *final], axis=1)


@ALL_FORMS
@BOTH_DTYPES
@pytest.mark.parametrize(
    ("units", "mask"), [(35, "none"), (35, "holes"), (6, "none"), (27, "none"), (40, "none")]
)
def test_any_batch_size(isa: str, form: str, dtype: str, units: int, mask: str) -> None:
    """1 to 20 rows and last panels of every width: every shape of tile."""
    case = Case(form, 41, 6, 7, units, mask, True, return_sequences=True, dtype=dtype)
    data = case.data()
    whole = forward(case, data, slice(None))
    for rows in range(1, 21):
        for start in (*range(0, 41 - rows, 2 * rows + 1), 41 - rows):
            part = slice(start, start + rows)
            assert_same_bits(forward(case, data, part), whole[part], f"rows {part}")


@ALL_FORMS
@BOTH_DTYPES
def test_any_position_of_a_row(isa: str, form: str, dtype: str, rng: np.random.Generator) -> None:
    case = Case(form, 23, 6, 7, 35, "left", True, return_sequences=True, dtype=dtype)
    data = case.data()
    whole = forward(case, data, slice(None))
    for _ in range(5):
        order = rng.permutation(23)
        assert_same_bits(forward(case, data, order), whole[order])


@ALL_FORMS
@BOTH_DTYPES
@pytest.mark.parametrize("mask", ["none", "left", "right", "holes"])
@pytest.mark.parametrize("batch", [1, 13])
def test_chunks_with_carried_state(isa: str, form: str, dtype: str, mask: str, batch: int) -> None:
    """A step's state is the same however the sequence before it was cut. The state, not the output: that of a
    chunk that begins masked begins with zeros."""
    case = Case(form, batch, 12, 9, 21, mask, True, dtype=dtype)
    data, operator = case.data(), case.operator(core)
    assert data.states is not None
    _, whole, _ = operator.forward(data.x, data.weights, data.states, data.mask)
    for cuts in ([0, 1, 12], [0, 5, 12], [0, 11, 12], list(range(13))):
        states = data.states
        for start, stop in itertools.pairwise(cuts):
            chunk_mask = None if data.mask is None else data.mask[:, start:stop].copy()
            _, states, _ = operator.forward(data.x[:, start:stop].copy(), data.weights, states, chunk_mask)
        for state, expected in zip(states, whole, strict=True):
            assert_same_bits(state, expected, f"cut at {cuts}")


@ALL_FORMS
@BOTH_DTYPES
def test_chunks_give_the_same_sequence(isa: str, form: str, dtype: str) -> None:
    case = Case(form, 7, 12, 9, 21, initial=True, return_sequences=True, dtype=dtype)
    data, operator = case.data(), case.operator(core)
    whole, _, _ = operator.forward(data.x, data.weights, data.states)
    for cut in range(1, 12):
        first, states, _ = operator.forward(data.x[:, :cut].copy(), data.weights, data.states)
        second, _, _ = operator.forward(data.x[:, cut:].copy(), data.weights, states)
        assert_same_bits(np.concatenate([first, second], axis=1), whole, f"cut at {cut}")


@ALL_FORMS
def test_padding_does_not_change_a_row(isa: str, form: str) -> None:
    """A masked row gives the bits of the same row without its masked steps, padded on either side."""
    case = Case(form, 8, 9, 5, 19, dtype="float32")
    data, operator = case.data(), case.operator(core)
    plain, _, _ = operator.forward(data.x, data.weights)
    for left in (0, 3):
        padded = np.full((8, 14, 5), 7, "float32")
        padded[:, left : left + 9] = data.x
        mask = np.zeros((8, 14), bool)
        mask[:, left : left + 9] = True
        y, _, _ = operator.forward(padded, data.weights, None, mask)
        assert_same_bits(y, plain)


@BOTH_DTYPES
def test_dense(isa: str, threads: None, dtype: str, rng: np.random.Generator) -> None:
    x, kernel, bias, d_y = (
        rng.standard_normal(s).astype(dtype) for s in ((203, 64), (64, 70), (70,), (203, 70))
    )
    operator = core.Dense(70, activation="tanh")

    def gradients() -> list[Array]:
        _, kept = operator.forward(x, [kernel, bias], True)
        d_x, d_weights = operator.backward(kept, d_y)
        return [d_x, *d_weights]

    core.set_num_threads(1)
    whole, alone = operator.forward(x, [kernel, bias])[0], gradients()
    for rows in range(1, 21):
        assert_same_bits(operator.forward(x[:rows], [kernel, bias])[0], whole[:rows], f"{rows} rows")
    for count in THREADS[1:]:
        core.set_num_threads(count)
        assert_same_bits(operator.forward(x, [kernel, bias])[0], whole, f"{count} threads")
        for gradient, expected in zip(gradients(), alone, strict=True):
            assert_same_bits(gradient, expected, f"{count} threads")
