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
    "nadam": (
        "nadam_update", 2, 2,
        {"m_rate": 0.1, "g_rate": 0.2, "v_scale": 3.0, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7},
    ),
    "adamax": ("adamax_update", 2, 2, {"alpha": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}),
    "adagrad": ("adagrad_update", 1, 1, {"learning_rate": 0.1, "epsilon": 1e-3}),
    "adadelta": ("adadelta_update", 2, 2, {"learning_rate": 0.1, "rho": 0.9, "epsilon": 1e-3}),
    "ftrl": (
        "ftrl_update", 2, 2,
        {"learning_rate": 0.1, "exponent": 0.5, "l1": 0.3, "l2": 0.2, "shrinkage": 0.1},
    ),
    "ftrl_power": (
        "ftrl_update", 2, 2,
        {"learning_rate": 0.1, "exponent": 0.7, "l1": 0.0, "l2": 0.2, "shrinkage": 0.0},
    ),
    "lion": ("lion_update", 1, 1, {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.99}),
    "lamb": (
        "lamb_update", 2, 2,
        {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.99, "m_scale": 2, "v_scale": 3, "epsilon": 1e-6},
    ),
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


def adafactor_steps(library: Any, shape: tuple[int, ...], dtype: str, **scalars: float) -> list[Array]:
    """As `steps`, of Adafactor, whose slots have shapes of their own."""
    rng = np.random.default_rng(3)
    w = misaligned(rng.standard_normal(shape).astype(dtype))
    means = [np.zeros(shape[:-1], dtype), np.zeros((*shape[:-2], shape[-1]), dtype)]
    slots = [*(means if len(shape) > 1 else [None, None]), misaligned(np.zeros(shape, dtype))]
    for t in range(1, 4):
        g = misaligned(rng.standard_normal(shape).astype(dtype))
        w = library.adafactor_update(w, g, *slots, beta_2=1 - t**-0.8, **scalars)
    return [w, *(slot for slot in slots if slot is not None)]


ADAFACTOR = {"learning_rate": 0.1, "epsilon_1": 1e-30, "epsilon_2": 1e-3, "clip_threshold": 1.0}
CLIPPED = {"learning_rate": 0.1, "epsilon_1": 1e-2, "epsilon_2": 3.0, "clip_threshold": 0.5}


@pytest.mark.parametrize("scalars", [ADAFACTOR, CLIPPED], ids=["plain", "clipped"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
def test_adafactor(isa: str, dtype: str, tolerance: float, scalars: dict[str, float]) -> None:
    for shape in [(1,), (7,), (33,), (1, 1), (3, 5), (5, 1), (17, 33), (2, 3, 7), (2, 2, 9, 4)]:
        expected = adafactor_steps(reference, shape, "float64", **scalars)
        for actual, want in zip(adafactor_steps(core, shape, dtype, **scalars), expected, strict=True):
            np.testing.assert_allclose(actual, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 2, 3)])
def test_adafactor_of_nothing(shape: tuple[int, ...]) -> None:
    assert adafactor_steps(core, shape, "float32", **ADAFACTOR)[0].shape == shape


def test_adafactor_wants_means_of_the_right_shape() -> None:
    w = np.ones((3, 5), "float32")
    with pytest.raises(ValueError, match=r"column_means.*received None"):
        core.adafactor_update(w, w, np.ones(3, "float32"), None, w.copy(), beta_2=0.5, **ADAFACTOR)
    with pytest.raises(ValueError, match=r"row_means.*shape \(3,\), received \(5,\)"):
        core.adafactor_update(
            w, w, np.ones(5, "float32"), np.ones(5, "float32"), w.copy(), beta_2=0.5, **ADAFACTOR
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sum_of_squares_has_one_order(isa: str, dtype: str) -> None:
    """The same on all instruction sets, so to the last bit."""
    rng = np.random.default_rng(4)
    for size in (0, 1, 7, 8, 9, 63, 64, 65, 1000):
        x = misaligned(rng.standard_normal(size).astype(dtype))
        chains = [0.0] * 8
        for i, value in enumerate(x):
            chains[i % 8] += float(value * value)
        total = 0.0
        for chain in chains:
            total += chain
        assert core.sum_of_squares(x) == total
        np.testing.assert_allclose(core.sum_of_squares(x), reference.sum_of_squares(x), rtol=1e-14)


def test_nan_stays_in_the_step_of_a_sign() -> None:
    g = np.array([np.nan, 0.0, -1.0], "float32")
    new = core.lion_update(
        np.ones(3, "float32"), g, np.zeros(3, "float32"), learning_rate=0.5, beta_1=0.9, beta_2=0.99
    )
    np.testing.assert_array_equal(new, np.array([np.nan, 1.0, 1.5], "float32"))


def test_weights_or_steps_of_zero_have_no_norm_to_be_scaled_by() -> None:
    scalars = {"beta_1": 0.9, "beta_2": 0.9, "m_scale": 10.0, "v_scale": 10.0, "epsilon": 0.0}
    for w, g, expected in [(0.0, 2.0, -0.5), (3.0, 2.0, 1.5)]:
        arrays = [np.array([value], "float64") for value in (w, g, 0.0, 0.0)]
        np.testing.assert_allclose(core.lamb_update(*arrays, learning_rate=0.5, **scalars), [expected])
    arrays = [np.array([value], "float64") for value in (3.0, 0.0, 0.0, 1.0)]
    np.testing.assert_array_equal(core.lamb_update(*arrays, learning_rate=0.5, **scalars), [3.0])


@pytest.mark.parametrize("name", UPDATES)
def test_same_bits_for_any_number_of_threads(threads: None, name: str) -> None:
    core.set_num_threads(1)
    alone = steps(core, name, (300, 401), "float32")
    for count in (2, 3):
        core.set_num_threads(count)
        for array, expected in zip(steps(core, name, (300, 401), "float32"), alone, strict=True):
            np.testing.assert_array_equal(array, expected)
