"""exp, sigmoid, tanh and log against wider arithmetic: 4 units in the last place over every normal
float.

Subnormal results may be zeros of the right sign, and subnormal inputs count as zeros: kernels flush
them. The inputs are bit patterns at a stride that is no multiple of two, so all exponents and many low
bits occur.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support import Array

from tidegate._native import core

ULP_BOUND = 4
SAMPLES = 200_000


def sampled(dtype: str) -> Array:
    """Finite floats of every exponent, both signs, zeros among them; no subnormals."""
    bits = 32 if dtype == "float32" else 64
    stride = (2**bits // SAMPLES) | 1
    words = (np.arange(SAMPLES, dtype="u8") * np.uint64(stride)).astype(f"u{bits // 8}")
    values = words.view(dtype)
    normal = np.isfinite(values) & (np.abs(values) >= np.finfo(dtype).tiny)
    interesting = np.linspace(-110 if bits == 32 else -750, 110 if bits == 32 else 750, 50_001, dtype=dtype)
    return np.concatenate([values[normal], interesting[interesting != 0], np.array([0.0, -0.0], dtype)])


def sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "exp": (lambda x: core.activate("exponential", x), np.exp),
    "sigmoid": (lambda x: core.activate("sigmoid", x), sigmoid),
    "tanh": (lambda x: core.activate("tanh", x), np.tanh),
    "log": (lambda x: core.log(np.abs(x)), lambda x: np.log(np.abs(x))),
}


def ulp_errors(actual: Array, exact: Array) -> Array:
    """|actual - exact| in units in the last place of the exact value; 0 where both overflow or flush."""
    limits = np.finfo(actual.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = exact.astype(actual.dtype)
        unit = np.spacing(np.clip(np.abs(rounded), limits.tiny, limits.max)).astype(exact.dtype)
        errors = np.abs(actual.astype(exact.dtype) - exact) / unit
    flushed = (np.abs(exact) < limits.tiny) & (actual == 0) & (np.signbit(actual) == np.signbit(exact))
    return np.where(flushed | (actual == rounded), 0, errors)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_error_in_ulp(isa: str, name: str, dtype: str) -> None:
    wide = "float64" if dtype == "float32" else "longdouble"
    if np.finfo(wide).nmant <= np.finfo(dtype).nmant:
        pytest.skip("no wider arithmetic on this machine")
    native, exact = FUNCTIONS[name]
    x = sampled(dtype)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        errors = ulp_errors(native(x), exact(x.astype(wide)))
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULP_BOUND, f"{name}({x[worst]!r}) is off by {errors[worst]:.1f} ULP"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(isa: str, dtype: str) -> None:
    x = np.array([-np.inf, -0.0, 0.0, np.inf, np.nan], dtype)
    expected = {
        "exponential": [0, 1, 1, np.inf, np.nan],
        "sigmoid": [0, 0.5, 0.5, 1, np.nan],
        "tanh": [-1, -0.0, 0.0, 1, np.nan],
    }
    for name, values in expected.items():
        y = core.activate(name, x)
        np.testing.assert_array_equal(y, np.array(values, dtype), err_msg=name)
        if name == "tanh":
            np.testing.assert_array_equal(np.signbit(y[:4]), [True, True, False, False])
    logs = core.log(np.array([0.0, 1.0, np.inf, -1.0, np.nan], dtype))
    np.testing.assert_array_equal(logs, np.array([-np.inf, 0, np.inf, np.nan, np.nan], dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormal_inputs_count_as_signed_zeros(isa: str, dtype: str) -> None:
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny / 2, -tiny / 2, np.finfo(dtype).smallest_subnormal], dtype)
    y = core.activate("tanh", x)
    assert (np.abs(y) <= np.abs(x)).all()
    np.testing.assert_array_equal(np.signbit(y), np.signbit(x))
    np.testing.assert_array_equal(core.activate("sigmoid", x), np.full(3, 0.5, dtype))
    np.testing.assert_array_equal(core.activate("exponential", x), np.ones(3, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_and_tanh_stay_in_their_range(isa: str, dtype: str) -> None:
    x = sampled(dtype)
    assert (np.abs(core.activate("tanh", x)) <= 1).all()
    y = core.activate("sigmoid", x)
    assert ((y >= 0) & (y <= 1)).all()
