"""The functions that merging layers are made of, against the reference and against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from support import Array, assert_close, assert_same_bits, misaligned

from tidegate import reference
from tidegate._native import core

SIZES = (0, 1, 2, 3, 4, 7, 8, 15, 17, 33, 100)


def normal(shape: Sequence[int], seed: int, dtype: str = "float64") -> Array:
    return misaligned(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def everything(library: Any, n: int, dtype: str) -> dict[str, Array]:
    """Every function once, on arrays of some ties."""
    a, b, d = (normal((3, 2, n), seed, dtype) for seed in (1, 2, 3))
    b[:, 0] = a[:, 0]
    found = {name: library.pairwise(name, a, b) for name in ("subtract", "maximum", "minimum")}
    for least in (False, True):
        d_a, d_b = library.extreme_gradient(a, b, d, least)
        found |= {f"d_a_{least}": d_a, f"d_b_{least}": d_b}
    found |= {f"sum_{axis}": library.sum_axis(a, axis) for axis in range(3)}
    unit, inverse = library.unit_rows(a)
    d_x = library.unit_rows_gradient(unit, inverse, d)
    return found | {"thirds": library.divide(a, 3), "unit": unit, "inverse": inverse, "d_x": d_x}


@pytest.mark.parametrize("n", SIZES)
def test_against_the_reference(isa: str, n: int) -> None:
    exact = everything(reference, n, "float64")
    assert_close(everything(core, n, "float64"), exact, 1e-13)
    rounded = everything(core, n, "float32")
    assert all(array.dtype == np.float32 for array in rounded.values())
    assert_close(rounded, exact, 2e-5 if n == 1 else 2e-6)


def test_a_nan_is_an_extreme_wherever_it_is(isa: str) -> None:
    a, b = np.array([np.nan, 1.0, 2.0, np.inf]), np.array([1.0, np.nan, 3.0, -np.inf])
    np.testing.assert_array_equal(core.pairwise("maximum", a, b), [np.nan, np.nan, 3, np.inf])
    np.testing.assert_array_equal(core.pairwise("minimum", a, b), [np.nan, np.nan, 2, -np.inf])


def test_equal_ones_share_the_gradient() -> None:
    """As Keras has it on JAX and PyTorch."""
    one, d = np.ones(3), np.array([1.0, 2.0, 4.0])
    for least in (False, True):
        for found in core.extreme_gradient(one, one, d, least):
            assert_same_bits(found, d / 2)


def test_the_gradient_of_unit_rows_is_its_derivative() -> None:
    x, d = normal((2, 3, 4), 1), normal((2, 3, 4), 2)
    found = core.unit_rows_gradient(*core.unit_rows(x), d)
    for k in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[k] = 1e-6
        above, below = (np.sum(d * core.unit_rows(x + s)[0]) for s in (step, -step))
        assert found[k] == pytest.approx((above - below) / 2e-6, rel=2e-6, abs=1e-7), k


def test_rows_of_zeros_stay_zeros(isa: str) -> None:
    x = np.zeros((1, 2, 3), "float32")
    x[0, 1] = [3, 0, 4]
    y, inverse = core.unit_rows(x)
    np.testing.assert_allclose(y[0], [[0, 0, 0], [0.6, 0, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(inverse, [[1e7, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(core.unit_rows_gradient(y, inverse, np.ones_like(x))[0, 0], 1e7, rtol=1e-6)


def test_many_threads_give_the_same_bits(threads: None) -> None:
    a, b, d = (normal((7, 300, 301), seed, "float32") for seed in (1, 2, 3))

    def everything() -> list[Array]:
        unit, inverse = core.unit_rows(a)
        found = [core.pairwise("maximum", a, b), *core.extreme_gradient(a, b, d), core.divide(a, 3)]
        sums = [core.sum_axis(a, axis) for axis in range(3)]
        return [*found, *sums, unit, inverse, core.unit_rows_gradient(unit, inverse, d)]

    core.set_num_threads(1)
    alone = everything()
    for count in (2, 3, 7):
        core.set_num_threads(count)
        for place, (array, expected) in enumerate(zip(everything(), alone, strict=True)):
            assert_same_bits(array, expected, f"{count} threads, array {place}")


X = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: core.pairwise("add", X, X), "`name`.*'subtract'.*'add'"),
        (lambda: core.pairwise("subtract", X, X[:1]), "`b`"),
        (lambda: core.pairwise("maximum", X.astype("int32"), X), "`a`.*int32"),
        (lambda: core.extreme_gradient(X, X, X[0]), "`d_y`"),
        (lambda: core.divide(X.astype("int32"), 2), "`x`.*int32"),
        (lambda: core.sum_axis(X, 3), "`axis`.*3"),
        (lambda: core.sum_axis(X, -1), "`axis`.*-1"),
        (lambda: core.unit_rows(X[0]), "`x`"),
        (lambda: core.unit_rows_gradient(X, X[0], X), "`inverse`"),
        (lambda: core.unit_rows_gradient(X, X[:, :, 0].copy(), X[0]), "`d_y`"),
    ],
)
def test_bad_input(call: Callable[[], Any], match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        call()
