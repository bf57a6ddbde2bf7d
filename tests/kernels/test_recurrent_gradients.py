"""Backward against central differences of the native forward itself, in float64: no second derivation
involved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support import FORMS, Array, Case, Data

from tidegate._native import core

STEP = 1e-5  # truncation is of the order of STEP^2, rounding of 1e-16 / STEP


def central_differences(loss: Callable[[], float], array: Array) -> Array:
    """d loss / d array, where `loss` reads `array`."""
    gradient, flat = np.empty_like(array), array.reshape(-1)
    for k in range(flat.size):
        value = flat[k]
        flat[k] = value + STEP
        above = loss()
        flat[k] = value - STEP
        gradient.reshape(-1)[k] = (above - loss()) / (2 * STEP)
        flat[k] = value
    return gradient


def assert_gradients(case: Case) -> None:
    """For the loss sum(y * d_y) + sum(states * d_states): every input, weight and initial state."""
    data, operator = case.data(), case.operator(core)

    def loss() -> float:
        y, states, _ = operator.forward(data.x, data.weights, data.states, data.mask, **data.dropout)
        return float(
            np.sum(y * data.d_y) + sum(np.sum(s * d) for s, d in zip(states, data.d_states, strict=True))
        )

    _, _, kept = operator.forward(data.x, data.weights, data.states, data.mask, True, **data.dropout)
    d_x, d_weights, d_states = operator.backward(kept, data.d_y, data.d_states)
    for name, array, gradient in named(data, d_x, d_weights, d_states):
        numeric = central_differences(loss, array)
        error = np.abs(gradient - numeric).max() / max(np.abs(numeric).max(), 1e-3)
        assert error < 1e-6, f"{name}: relative error {error:.1e}"


def named(
    data: Data, d_x: Array, d_weights: list[Array], d_states: list[Array]
) -> list[tuple[str, Array, Array]]:
    names = ["kernel", "recurrent_kernel", "bias"]
    rows = [("x", data.x, d_x)]
    rows += [*zip(names, data.weights, d_weights, strict=False)]
    rows += [*zip(["h0", "c0"], data.states or [], d_states, strict=False)]
    return rows


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mask", ["none", "left", "right", "holes"])
def test_every_parameter_input_and_initial_state(isa: str, form: str, mask: str) -> None:
    assert_gradients(Case(form, 4, 4, 3, 9, mask, True, return_sequences=True))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "options",
    [
        {"return_sequences": False, "mask": "right"},
        {"go_backwards": True, "mask": "left"},
        {"zero_output_for_mask": True, "mask": "holes"},
        {"use_bias": False},
        {"activation": "softplus", "recurrent_activation": "softmax"},
        {"activation": "mish", "recurrent_activation": "tanh", "mask": "holes"},
        {"dropout": "inputs"},
        {"dropout": "states", "mask": "holes"},
        {"dropout": "both", "activation": "softplus", "go_backwards": True},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_option(form: str, options: dict[str, object]) -> None:
    assert_gradients(Case(form, 3, 4, 2, 5, initial=True, return_sequences=True).but(**options))
