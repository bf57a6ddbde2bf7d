"""Normal numbers by counting, and alpha dropout, against the reference; and how random they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import assert_same_bits, misaligned

from tidegate import reference
from tidegate._native import core

KEY = {"seed": 7, "node": 2, "iteration": 5}


@settings(max_examples=40)
@given(
    shape=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    mean=st.floats(-2, 2),
    stddev=st.floats(0, 3),
    seed=st.integers(0, 2**64 - 1),
    node=st.integers(0, 2**40),
    iteration=st.integers(0, 2**63 - 1),
)
def test_normals(
    isa: str, shape: list[int], mean: float, stddev: float, seed: int, node: int, iteration: int
) -> None:
    rows = np.random.default_rng(1).integers(0, 2**62, shape[0])
    for numbers in (None, rows):
        key = {"seed": seed, "node": node, "iteration": iteration, "rows": numbers}
        expected = reference.normals(shape, mean, stddev, **key, dtype="float64")
        found = core.normals(shape, mean, stddev, **key, dtype="float64")
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-14)
        single = core.normals(shape, mean, stddev, **key)
        assert single.dtype == np.float32
        assert_same_bits(single, found.astype("float32"))


@pytest.mark.parametrize("n", range(130))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normals_of_every_length(isa: str, n: int, dtype: str) -> None:
    long = core.normals((3, 130), 0, 1, **KEY, dtype=dtype)
    assert_same_bits(core.normals((3, n), 0, 1, **KEY, dtype=dtype), long[:, :n])


def test_they_are_normal(isa: str) -> None:
    """Moments, tails, and no correlation of neighbours, which are made of one pair of words."""
    z = core.normals((1000, 1000), 0, 1, **KEY, dtype="float64")
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert (z**power).mean() == pytest.approx(moment, abs=0.02), power
    for limit, share in ((1, 0.31731), (2, 0.04550), (3, 0.00270)):
        assert (np.abs(z) > limit).mean() == pytest.approx(share, abs=0.002), limit
    for one, other in ((z[:, ::2], z[:, 1::2]), (z[:, 1:], z[:, :-1]), (z[1:], z[:-1])):
        assert np.mean(one * other) == pytest.approx(0, abs=0.01)
        assert np.mean(one**2 * other**2) == pytest.approx(1, abs=0.02)


def test_every_part_of_the_key_counts() -> None:
    found = [core.normals((4, 64), 0, 1, **KEY)]
    for name in KEY:
        found += [core.normals((4, 64), 0, 1, **{**KEY, name: value}) for value in (9, 2**32 + KEY[name])]
    rows = [noise[row].tobytes() for noise in found for row in range(4)]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
def test_alpha_dropout(isa: str, dtype: str, rate: float) -> None:
    rng, tolerance = np.random.default_rng(3), {"rtol": 0, "atol": 1e-6 if dtype == "float32" else 1e-15}
    for n in (1, 7, 33):
        x, d_y = (misaligned(rng.standard_normal((5, n)).astype(dtype)) for _ in range(2))
        mask = core.dropout_mask((5, n), rate, **KEY)
        x[~mask], d_y[~mask] = np.nan, np.nan
        y, d_x = core.apply_alpha_dropout(x, mask, rate), core.alpha_dropout_gradient(d_y, mask, rate)
        assert y.dtype == d_x.dtype == dtype
        np.testing.assert_allclose(
            y, reference.apply_alpha_dropout(x.astype("float64"), mask, rate), **tolerance
        )
        np.testing.assert_allclose(
            d_x, reference.alpha_dropout_gradient(d_y.astype("float64"), mask, rate), **tolerance
        )


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = core.normals((1000, 300), 0, 1, **KEY, dtype="float64")
    y = core.apply_alpha_dropout(x, core.dropout_mask(x.shape, 0.4, seed=1, node=0, iteration=0), 0.4)
    assert y.mean() == pytest.approx(0, abs=0.01)
    assert y.std() == pytest.approx(1, abs=0.01)


def test_the_gradient_of_alpha_dropout_is_its_derivative() -> None:
    x, mask = np.random.default_rng(3).standard_normal((4, 5)), core.dropout_mask((4, 5), 0.3, **KEY)
    numeric = core.apply_alpha_dropout(x + 1e-6, mask, 0.3) - core.apply_alpha_dropout(x - 1e-6, mask, 0.3)
    found = core.alpha_dropout_gradient(np.ones_like(x), mask, 0.3)
    np.testing.assert_allclose(found, numeric / 2e-6, rtol=1e-8, atol=1e-9)


X, MASK = np.zeros((3, 4)), np.ones((3, 4), bool)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: core.normals((), 0, 1, **KEY), "`shape`"),
        (lambda: core.normals((3, 4), 0, 1, **KEY, rows=np.arange(4)), "`rows`"),
        (lambda: core.normals((3, 4), 0, 1, **KEY, dtype="int32"), "`dtype`.*int32"),
        (lambda: core.apply_alpha_dropout(X, MASK, 1.0), "`rate`.*less than 1"),
        (lambda: core.apply_alpha_dropout(X, MASK[:2], 0.5), "`mask`"),
        (lambda: core.apply_alpha_dropout(X.astype("int32"), MASK, 0.5), "`x`.*int32"),
        (lambda: core.alpha_dropout_gradient(X, MASK, -0.1), "`rate`"),
        (lambda: core.alpha_dropout_gradient(X, X, 0.5), "`mask`.*bool"),
        (lambda: core.alpha_dropout_gradient(X.astype("int32"), MASK, 0.5), "`d_y`.*int32"),
    ],
)
def test_bad_input(call: Callable[[], Any], match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        call()
