"""Promise: NaN and Inf go where the equations send them and to no other row; masked steps are never
read; subnormal numbers are flushed inside the kernels, and the caller's arithmetic is left as it was."""

from __future__ import annotations

import numpy as np
import pytest
from support import FORMS, Array, Case, assert_same_bits

from tidegate._native import core

ALL_FORMS = pytest.mark.parametrize("form", FORMS)


@ALL_FORMS
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("mask", ["none", "right"])
def test_a_bad_value_stays_in_its_row(isa: str, form: str, value: float, mask: str) -> None:
    case = Case(form, 13, 7, 5, 19, mask, True, return_sequences=True, dtype="float32")
    data, operator = case.data(), case.operator(core)
    if data.mask is not None:
        data.mask[:, :3] = True
    y, states, kept = operator.forward(data.x, data.weights, data.states, data.mask, True)
    d_x, _, d_states = operator.backward(kept, data.d_y, data.d_states)
    clean = [y, *states, d_x, *d_states]
    for row in (0, 5, 6, 12):
        x = data.x.copy()
        x[row, 2, 1] = value
        y, states, kept = operator.forward(x, data.weights, data.states, data.mask, True)
        d_x, _, d_states = operator.backward(kept, data.d_y, data.d_states)
        others = np.arange(13) != row
        for array, expected in zip([y, *states, d_x, *d_states], clean, strict=True):
            assert_same_bits(array[others], expected[others], f"row {row}")
        if np.isnan(value):
            assert np.isnan(y[row, 2:]).all(), "a NaN must not be hidden either"
            assert np.isfinite(y[row, :2]).all(), "nor reach an earlier step"


@ALL_FORMS
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("mask", ["left", "right", "holes", "nothing_real"])
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
def test_masked_steps_are_never_read(
    isa: str, form: str, value: float, mask: str, return_sequences: bool, go_backwards: bool
) -> None:
    """Neither outputs nor gradients see a masked step's input."""
    case = Case(form, 13, 7, 5, 19, mask, True, True, return_sequences, go_backwards, dtype="float32")
    data, operator = case.data(), case.operator(core)
    assert data.mask is not None

    def everything(x: Array) -> list[Array]:
        y, states, kept = operator.forward(x, data.weights, data.states, data.mask, True)
        d_x, d_weights, d_states = operator.backward(kept, data.d_y, data.d_states)
        return [y, *states, d_x, *d_weights, *d_states]

    x = data.x.copy()
    x[~data.mask] = value
    for array, expected in zip(everything(x), everything(data.x), strict=True):
        assert np.isfinite(array).all()
        assert_same_bits(array, expected)


def subnormals_work() -> bool:
    with np.errstate(under="ignore"):
        return bool((np.full(64, 1e-40, "float32") * np.float32(0.5)).all())


@ALL_FORMS
def test_the_callers_floating_point_state_is_restored(isa: str, threads: None, form: str) -> None:
    assert subnormals_work()
    case = Case(form, 40, 9, 12, 40, return_sequences=True, dtype="float32")
    data, operator = case.data(), case.operator(core)
    for count in (1, 3):
        core.set_num_threads(count)
        _, _, kept = operator.forward(data.x, data.weights, None, None, True)
        assert subnormals_work(), "after forward"
        operator.backward(kept, data.d_y)
        assert subnormals_work(), "after backward"
        core.Program([(operator, data.weights)]).run(data.x)
        assert subnormals_work(), "after a program"
        core.activate("tanh", data.x)
        core.log(np.abs(data.x))
        assert subnormals_work(), "after an activation"
        core.sgd_update(data.x, data.x, None, learning_rate=0.1, momentum=0.0, nesterov=False)
        assert subnormals_work(), "after an optimizer's update"
        with pytest.raises(ValueError, match="x"):
            operator.forward(data.x[0], data.weights)
        assert subnormals_work(), "after an error"


def test_subnormal_numbers_are_flushed_inside(isa: str) -> None:
    """Else a decaying state runs a hundred times slower."""
    x, kernel = np.full((20, 3), 1e-30, "float32"), np.full((3, 20), 1e-10, "float32")
    y, _ = core.Dense(20, use_bias=False).forward(x, [kernel])
    assert (y == 0).all()
