"""The native module checks what it is given: ValueError or TypeError, never a crash and never a silent
conversion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import FORMS, Array, Case, off_by_a_byte

from tidegate._native import core

Change = Callable[[dict[str, Any]], None]


def set_to(name: str, value: Callable[[Array], Any]) -> Change:
    def change(arguments: dict[str, Any]) -> None:
        arguments[name] = value(arguments[name])

    return change


def set_weight(index: int, value: Callable[[Array], Any]) -> Change:
    def change(arguments: dict[str, Any]) -> None:
        arguments["weights"] = list(arguments["weights"])
        arguments["weights"][index] = value(arguments["weights"][index])

    return change


BAD_FORWARD: dict[str, Change] = {
    "x of rank 2": set_to("x", lambda x: x[0]),
    "x of rank 4": set_to("x", lambda x: x[None]),
    "x with one feature less": set_to("x", lambda x: x[..., :-1].copy()),
    "x between the elements of its memory": set_to("x", off_by_a_byte),
    "x of another dtype": set_to("x", lambda x: x.astype("float32")),
    "x of integers": set_to("x", lambda x: x.astype("int64")),
    "x of objects": set_to("x", lambda x: x.astype(object)),
    "x None": set_to("x", lambda x: None),
    "kernel of another dtype": set_weight(0, lambda w: w.astype("float32")),
    "kernel with one column less": set_weight(0, lambda w: w[:, :-1].copy()),
    "kernel flat": set_weight(0, lambda w: w.ravel()),
    "recurrent kernel with one row less": set_weight(1, lambda w: w[:-1].copy()),
    "bias too short": set_weight(2, lambda w: w[..., :-1].copy()),
    "no bias": set_to("weights", lambda weights: weights[:2]),
    "no weights": set_to("weights", lambda weights: []),
    "a weight too many": set_to("weights", lambda weights: [*weights, weights[0]]),
    "states of too few rows": set_to("states", lambda states: [s[:-1].copy() for s in states]),
    "states of too few units": set_to("states", lambda states: [s[:, :-1].copy() for s in states]),
    "a state too many": set_to("states", lambda states: [*states, states[0]]),
    "no state in the list": set_to("states", lambda states: []),
    "mask of too few steps": set_to("mask", lambda mask: mask[:, :-1].copy()),
    "mask of too few rows": set_to("mask", lambda mask: mask[:-1].copy()),
    "mask of floats": set_to("mask", lambda mask: mask.astype("float64")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", BAD_FORWARD)
def test_recurrent_forward(form: str, what: str) -> None:
    case = Case(form, mask="right", initial=True)
    data, operator = case.data(), case.operator(core)
    arguments = {"x": data.x, "weights": data.weights, "states": data.states, "mask": data.mask}
    operator.forward(**arguments)
    BAD_FORWARD[what](arguments)
    with pytest.raises((ValueError, TypeError)):
        operator.forward(**arguments)


BAD_BACKWARD: dict[str, Change] = {
    "kept None": set_to("kept", lambda kept: None),
    "kept of another object": set_to("kept", lambda kept: object()),
    "d_y of too few rows": set_to("d_y", lambda d: d[:-1].copy()),
    "d_y of another dtype": set_to("d_y", lambda d: d.astype("float32")),
    "d_y of another rank": set_to("d_y", lambda d: d[0].copy()),
    "d_states too many": set_to("d_states", lambda d: [*d, d[0]]),
    "d_states of too few units": set_to("d_states", lambda d: [d[0][:, :-1].copy(), *d[1:]]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", BAD_BACKWARD)
def test_recurrent_backward(form: str, what: str) -> None:
    case = Case(form, return_sequences=True)
    data, operator = case.data(), case.operator(core)
    _, _, kept = operator.forward(data.x, data.weights, None, None, True)
    arguments = {"kept": kept, "d_y": data.d_y, "d_states": data.d_states}
    operator.backward(**arguments)
    BAD_BACKWARD[what](arguments)
    with pytest.raises((ValueError, TypeError)):
        operator.backward(**arguments)


def test_what_one_operator_kept_is_refused_by_another() -> None:
    lstm, gru, wide = Case("lstm"), Case("gru"), Case("lstm", units=9)
    data = lstm.data()
    _, _, kept = lstm.operator(core).forward(data.x, data.weights, None, None, True)
    for other in (gru.operator(core), wide.operator(core), core.Dense(6)):
        with pytest.raises((ValueError, TypeError)):
            other.backward(kept, data.d_y)


@pytest.mark.parametrize(
    "arguments",
    [("rnn", 4), ("lstm", 0), ("lstm", -1), ("lstm", 2.5), ("lstm", "4"), ("", 4)],
    ids=repr,
)
def test_recurrent_constructor(arguments: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        core.Recurrent(*arguments)


@pytest.mark.parametrize("units", [2**31, 2**40, 2**61])
def test_sizes_that_overflow(units: int) -> None:
    data = Case("lstm").data()
    with pytest.raises((ValueError, OverflowError, MemoryError)):
        core.Recurrent("lstm", units).forward(data.x, data.weights)
    with pytest.raises((ValueError, OverflowError, MemoryError)):
        core.Dense(units).forward(data.x[0], data.weights[:2])


@pytest.mark.parametrize(
    "make", [lambda name: core.Recurrent("lstm", 4, activation=name), lambda n: core.Dense(4, activation=n)]
)
def test_unknown_activation(make: Callable[[str], Any]) -> None:
    with pytest.raises(ValueError, match="tahn"):
        make("tahn")
    with pytest.raises(ValueError, match="tahn"):
        core.activate("tahn", np.zeros(3))


@pytest.mark.parametrize(
    ("x", "weights"),
    [
        (np.zeros((2, 3)), [np.zeros((4, 5)), np.zeros(5)]),
        (np.zeros((2, 3)), [np.zeros((3, 4)), np.zeros(5)]),
        (np.zeros((2, 3)), [np.zeros((3, 5)), np.zeros(4)]),
        (np.zeros((2, 3)), [np.zeros((3, 5))]),
        (np.zeros((2, 3), "float32"), [np.zeros((3, 5)), np.zeros(5)]),
        (np.zeros(3), [np.zeros((3, 5)), np.zeros(5)]),
    ],
    ids=["features", "units", "bias", "no bias", "dtype", "rank"],
)
def test_dense(x: Array, weights: list[Array]) -> None:
    with pytest.raises((ValueError, TypeError)):
        core.Dense(5).forward(x, weights)


def test_non_contiguous_arrays_are_refused_or_read_right() -> None:
    """The Python side makes arrays contiguous; below it a strided view may raise but must not be misread."""
    x, kernel = np.arange(24.0).reshape(4, 6)[:, ::2], np.eye(3)
    try:
        y, _ = core.Dense(3, use_bias=False).forward(x, [kernel])
    except (ValueError, TypeError):
        return
    np.testing.assert_array_equal(y, x)


def test_instruction_sets_and_threads() -> None:
    with pytest.raises(ValueError, match="mmx"):
        core.set_instruction_set("mmx")
    for count in (0, -1):
        with pytest.raises(ValueError, match="positive integer"):
            core.set_num_threads(count)
    assert core.info()["instruction_set"] in core.instruction_sets()
