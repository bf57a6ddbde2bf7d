"""Every activation and its gradient against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from support import misaligned

from tidegate import reference
from tidegate._native import core

NAMES = core.activation_names()
ROWWISE = [name for name in NAMES if name in reference.ROWWISE]


def test_the_reference_knows_every_native_activation() -> None:
    assert set(NAMES) == set(reference.activation_names())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 2e-6)])
def test_values_and_gradients(
    isa: str, name: str, dtype: str, tolerance: float, rng: np.random.Generator
) -> None:
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33):
        exact = 3 * rng.standard_normal((3, size)) if size else np.zeros((3, 0))
        if size == 0 and name in ROWWISE:
            continue  # a softmax over nothing
        x, d_y = misaligned(exact.astype(dtype)), misaligned(rng.standard_normal(exact.shape).astype(dtype))
        expected = reference.activate(name, x.astype("float64"))
        y = core.activate(name, x)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance)
        d_x = core.activate_gradient(name, x, y, d_y)
        expected_d_x = reference.activate_gradient(name, x.astype("float64"), expected, d_y.astype("float64"))
        assert d_x.dtype == dtype
        np.testing.assert_allclose(d_x, expected_d_x, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_derivative(name: str, rng: np.random.Generator) -> None:
    x, d_y = 2 * rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    d_x = core.activate_gradient(name, x, core.activate(name, x), d_y)
    for k in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[k] = 1e-6
        numeric = np.sum(d_y * (core.activate(name, x + step) - core.activate(name, x - step))) / 2e-6
        assert d_x[k] == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ROWWISE)))
def test_large_inputs_do_not_overflow_on_the_way(isa: str, name: str) -> None:
    for dtype, big in (("float32", 1e15), ("float64", 1e100)):
        x = np.array([-big, -1000, -100, 100, 1000, big], dtype)
        with np.errstate(over="ignore"):
            expected = reference.activate(name, x.astype("longdouble")).astype(dtype)
        bound = (
            4 * np.finfo(dtype).eps * np.maximum(1, np.abs(x))
        )  # squareplus cancels at -1000, as Keras's does
        y = core.activate(name, x)
        with np.errstate(invalid="ignore"):  # inf - inf
            assert ((y == expected) | (np.abs(y - expected) <= bound)).all(), y


@pytest.mark.parametrize("name", ROWWISE)
def test_large_rows_do_not_overflow_on_the_way(isa: str, name: str) -> None:
    x = np.array([[1e4, 0.0, 1e4], [-1e4, -1e4, -1e4], [1e30, -1e30, 1.0]], "float32")
    np.testing.assert_allclose(core.activate(name, x), reference.activate(name, x), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_element_does_not_depend_on_its_place(
    isa: str, name: str, dtype: str, rng: np.random.Generator
) -> None:
    """The vector body and the tail of a loop give the same bits."""
    row = rng.standard_normal((1, 7)).astype(dtype)
    if name not in ROWWISE:
        row = np.repeat(row[:, :1], 37, axis=1)
        assert len(np.unique(core.activate(name, row))) == 1
    many = np.repeat(row, 37, axis=0)
    assert len(np.unique(core.activate(name, many), axis=0)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan_and_in_its_row(isa: str, name: str) -> None:
    x = np.ones((3, 20), "float32")
    x[1, 4] = np.nan
    y = core.activate(name, x)
    assert np.isnan(y[1, 4])
    assert np.isfinite(y[[0, 2]]).all()
