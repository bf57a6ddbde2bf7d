"""One pass of each optimizer against its twin in the reference: a new weight comes back, slots change
in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import Array, misaligned

from tidegate import reference
from tidegate._native import core

# id: (function, how many slots it is given, how many it may take, its scalars)
UPDATES: dict[str, tuple[str, int, int, dict[str, Any]]] = {
    "sgd": ("sgd_update", 0, 1, {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}),
    "momentum": ("sgd_update", 1, 1, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": False}),
    "nesterov": ("sgd_update", 1, 1, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "rmsprop": ("rmsprop_update", 1, 3, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
    "rmsprop_momentum": (
        "rmsprop_update", 2, 3, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-7},
    ),
    "rmsprop_centered": (
        "rmsprop_update", 3, 3, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-7},
    ),
    "adam": ("adam_update", 2, 3, {"alpha": 0.1, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
    "amsgrad": ("adam_update", 3, 3, {"alpha": 0.1, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
}  # fmt: skip


def steps(library: Any, name: str, shape: tuple[int, ...], dtype: str) -> list[Array]:
    """The weight and the slots after three updates."""
    function, count, takes, scalars = UPDATES[name]
    rng = np.random.default_rng(3)
    w = misaligned(rng.standard_normal(shape).astype(dtype))
    slots = [misaligned(np.zeros(shape, dtype)) for _ in range(count)]
    for _ in range(3):
        before, g = w.copy(), misaligned(rng.standard_normal(shape).astype(dtype))
        new = getattr(library, function)(w, g, *slots, *[None] * (takes - count), **scalars)
        np.testing.assert_array_equal(w, before, err_msg="the old weight must keep its value")
        w = new
    return [w, *slots]


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
def test_against_the_reference(isa: str, name: str, dtype: str, tolerance: float) -> None:
    for shape in [
        *((size,) for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33)),
        (3, 5),
        (2, 3, 7),
        (1000,),
    ]:
        expected = steps(reference, name, shape, "float64")
        for actual, want in zip(steps(core, name, shape, dtype), expected, strict=True):
            assert actual.dtype == dtype
            np.testing.assert_allclose(actual, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", UPDATES)
def test_same_bits_for_any_number_of_threads(threads: None, name: str) -> None:
    core.set_num_threads(1)
    alone = steps(core, name, (300, 401), "float32")
    for count in (2, 3):
        core.set_num_threads(count)
        for array, expected in zip(steps(core, name, (300, 401), "float32"), alone, strict=True):
            np.testing.assert_array_equal(array, expected)
