"""The native cells, forward and backward, against the equations of `tidegate.reference`."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FORMS, MASKS, SIZES, Array, Case, assert_close, run

from tidegate import reference
from tidegate._native import core

ALL_FORMS = pytest.mark.parametrize("form", FORMS)


@cache  # every instruction set is held against the same numbers
def expected(case: Case) -> dict[str, Array]:
    return run(reference, case)


def check(case: Case) -> None:
    assert_close(run(core, case), expected(case), 1e-12)
    assert_close(run(core, case.but(dtype="float32")), expected(case), 3e-5)


@ALL_FORMS
@pytest.mark.parametrize("size", SIZES)
def test_every_number_of_units(isa: str, form: str, size: int) -> None:
    check(Case(form, units=size, initial=True, return_sequences=True))


@ALL_FORMS
@pytest.mark.parametrize("size", [50, 100, 129, 200])
def test_many_panels(isa: str, form: str, size: int) -> None:
    """Panels share tiles, some at a time: all sizes of the last share, with few rows and with many."""
    for batch in (1, 3, 7):
        check(Case(form, batch, units=size, initial=True, return_sequences=True))
    check(Case(form, 3, units=size, mask="holes", activation="softplus"))


@ALL_FORMS
@pytest.mark.parametrize("size", [0, *range(1, 14)])
def test_every_number_of_rows(isa: str, form: str, size: int) -> None:
    check(Case(form, batch=size, units=17, initial=True, return_sequences=True))


@ALL_FORMS
@pytest.mark.parametrize("size", SIZES)
def test_every_number_of_features(isa: str, form: str, size: int) -> None:
    check(Case(form, features=size, units=9))


@ALL_FORMS
@pytest.mark.parametrize("size", [*range(1, 10), 16, 17, 33, 100])
def test_every_number_of_timesteps(isa: str, form: str, size: int) -> None:
    check(Case(form, timesteps=size, units=9, return_sequences=True, initial=True))


@ALL_FORMS
@pytest.mark.parametrize("dropout", ["inputs", "states", "both"])
def test_dropout(isa: str, form: str, dropout: str) -> None:
    """Each gate has its own masks; rows of every number, units and features of awkward ones."""
    for batch, features, units, mask in ((1, 3, 1, "none"), (5, 20, 7, "holes"), (14, 1, 35, "left")):
        case = Case(form, batch, 6, features, units, mask, True, return_sequences=True, dropout=dropout)
        check(case)
        check(case.but(activation="relu", recurrent_activation="hard_sigmoid", use_bias=False))


@ALL_FORMS
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("zero_output_for_mask", [False, True], ids=["repeat", "zero"])
def test_every_mask(
    isa: str, form: str, kind: str, return_sequences: bool, zero_output_for_mask: bool
) -> None:
    case = Case(form, 14, 9, 3, 10, kind, True, True, return_sequences, False, zero_output_for_mask)
    check(case)
    check(case.but(go_backwards=True))


ACTIVATIONS = sorted(set(core.activation_names()) & set(reference.activation_names()))


@ALL_FORMS
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(form: str, activation: str) -> None:
    timesteps = 1 if activation == "exponential" else 3  # exp of exp of exp overflows
    case = Case(form, 7, timesteps, 5, 11, "holes", True, True, True)
    check(case.but(activation=activation))
    check(case.but(recurrent_activation=activation))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    return Case(
        form=draw(st.sampled_from(sorted(FORMS))),
        batch=draw(st.integers(0, 20)),
        timesteps=draw(st.integers(1, 12)),
        features=draw(st.integers(1, 40)),
        units=draw(st.integers(1, 70)),
        mask=draw(st.sampled_from(MASKS)),
        initial=draw(st.booleans()),
        use_bias=draw(st.booleans()),
        return_sequences=draw(st.booleans()),
        go_backwards=draw(st.booleans()),
        zero_output_for_mask=draw(st.booleans()),
        activation=draw(st.sampled_from(["tanh", "tanh", "sigmoid", "gelu"])),
        recurrent_activation=draw(st.sampled_from(["sigmoid", "sigmoid", "tanh", "softplus"])),
        seed=draw(st.integers(0, 1000)),
    )


@settings(max_examples=60)
@given(case=cases())
def test_any_combination(isa: str, case: Case) -> None:
    check(case)


@ALL_FORMS
def test_without_keep_the_numbers_are_the_same_bits(isa: str, form: str) -> None:
    case = Case(form, 13, 7, 5, 19, "holes", True, return_sequences=True)
    data, operator = case.data(), case.operator(core)
    kept_y, kept_states, kept = operator.forward(data.x, data.weights, data.states, data.mask, True)
    y, states, nothing = operator.forward(data.x, data.weights, data.states, data.mask, False)
    assert nothing is None
    assert kept.nbytes > 0
    np.testing.assert_array_equal(y, kept_y)
    for state, kept_state in zip(states, kept_states, strict=True):
        np.testing.assert_array_equal(state, kept_state)


@ALL_FORMS
def test_a_missing_output_gradient_is_zeros(form: str) -> None:
    data, operator = Case(form).data(), Case(form).operator(core)
    _, _, kept = operator.forward(data.x, data.weights, None, None, True)
    zeros = np.zeros_like(data.d_y)
    for some, full in (
        (operator.backward(kept, None, data.d_states), operator.backward(kept, zeros, data.d_states)),
        (
            operator.backward(kept, data.d_y, None),
            operator.backward(kept, data.d_y, [zeros] * len(data.d_states)),
        ),
    ):
        np.testing.assert_array_equal(some[0], full[0])
        for part, whole in zip(some[1] + some[2], full[1] + full[2], strict=True):
            np.testing.assert_array_equal(part, whole)


@ALL_FORMS
def test_the_gradient_of_the_input_may_be_left_out(isa: str, form: str) -> None:
    case = Case(form, 7, 5, 3, 9)
    data, operator, expected = case.data(), case.operator(core), run(core, case)
    _, _, kept = operator.forward(data.x, data.weights, None, None, True)
    d_x, d_weights, _ = operator.backward(kept, data.d_y, data.d_states, False)
    assert d_x is None
    np.testing.assert_array_equal(d_weights[0], expected["d_kernel"])


@ALL_FORMS
def test_what_was_kept_outlives_its_arrays_and_serves_twice(form: str) -> None:
    case = Case(form, 5, 6, 3, 9)
    data, operator = case.data(), case.operator(core)
    expected = run(core, case)
    _, _, kept = operator.forward(data.x.copy(), [w.copy() for w in data.weights], None, None, True)
    for _ in range(2):
        d_x, d_weights, _ = operator.backward(kept, data.d_y, data.d_states)
        np.testing.assert_array_equal(d_x, expected["d_x"])
        np.testing.assert_array_equal(d_weights[0], expected["d_kernel"])


@ALL_FORMS
def test_a_saturated_cell_stays_finite(isa: str, form: str) -> None:
    case = Case(form, 5, 20, 3, 9, return_sequences=True, dtype="float32")
    data, operator = case.data(), case.operator(core)
    data.x *= 1e30
    y, states, _kept = operator.forward(data.x, data.weights, None, None, True)
    assert np.isfinite(y).all()
    assert all(np.isfinite(state).all() for state in states)
    assert np.abs(y).max() <= 1
