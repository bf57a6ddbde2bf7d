"""The native operators that make masks, Embedding and Masking, against the reference; ids that are no rows of
the table reach no memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import Array, assert_close, assert_same_bits, misaligned

from tidegate import reference
from tidegate._native import core

SIZES = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 129)
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def normal(shape: Any, dtype: str, seed: int = 3) -> Array:
    return misaligned(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def ids(shape: Any, rows: int, dtype: str) -> Array:
    return misaligned(np.random.default_rng(5).integers(0, rows, shape).astype(dtype))


@DTYPES
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("shape", [(0,), (1,), (4,), (3, 5), (2, 3, 4), (2, 0)])
def test_embedding(isa: str, dtype: str, width: int, shape: tuple[int, ...]) -> None:
    x, table = ids(shape, 6, dtype), normal((6, width), dtype)
    y = core.Embedding(6, width).forward(x, [table])
    assert_same_bits(y, reference.Embedding(6, width).forward(x, [table]))
    d_y = normal(y.shape, dtype, 4)
    d_table = core.Embedding(6, width).backward(x, d_y)
    assert_same_bits(d_table, reference.Embedding(6, width).backward(x, d_y))


def test_rows_are_summed_in_the_order_of_their_entries() -> None:
    x, d_y = np.zeros(4, "float32"), np.array([[1e8], [1], [-1e8], [2]], "float32")
    np.testing.assert_array_equal(core.Embedding(1, 1).backward(x, d_y), [[2]])


def test_the_gradient_of_the_table_is_a_derivative() -> None:
    operator, x, table = core.Embedding(5, 3), ids((2, 4), 5, "float64"), normal((5, 3), "float64")
    d_y = normal((2, 4, 3), "float64", 4)
    d_table = operator.backward(x, d_y)
    for k in np.ndindex(table.shape):
        step = np.zeros_like(table)
        step[k] = 1e-6
        above, below = (np.sum(d_y * operator.forward(x, [table + sign * step])) for sign in (1, -1))
        assert d_table[k] == pytest.approx((above - below) / 2e-6, rel=1e-7, abs=1e-7)


@DTYPES
@pytest.mark.parametrize("features", SIZES)
@pytest.mark.parametrize("value", [0.0, -1.5, 0.1])
def test_masking(isa: str, dtype: str, features: int, value: float) -> None:
    x = normal((4, 9, features), dtype)
    x[np.random.default_rng(1).random((4, 9)) < 0.5] = value
    x[0, :2, -1], x[1, :2, 0] = value, value  # one feature alone masks no step of several
    x[2], x[3, 5] = value, np.nan
    d_y = normal(x.shape, dtype, 4)
    results = []
    for library in (core, reference):
        operator = library.Masking(value)
        y = operator.forward(x)
        results.append({"y": y, "d_x": operator.backward(x, y, d_y), "mask": operator.mask(x)})
    native, expected = results
    np.testing.assert_array_equal(native.pop("mask"), expected.pop("mask"))
    assert_close(native, expected, 0)


@DTYPES
def test_masks_of_ids(dtype: str) -> None:
    x = np.array([[0, 3, 0], [1, -0.0, 2]], dtype)
    np.testing.assert_array_equal(core.Embedding(4, 2, True).mask(x), [[0, 1, 0], [1, 0, 1]])
    assert core.Embedding(4, 2).mask(x) is None


WRONG = (
    -1,
    6,
    7,
    2**31,
    -(2**31),
    2.0**63,
    -(2.0**63),
    1e30,
    -1e30,
    2.5,
    -0.5,
    1e-40,
    np.inf,
    -np.inf,
    np.nan,
)


@DTYPES
@pytest.mark.parametrize("wrong", WRONG)
def test_ids_that_are_no_rows(dtype: str, wrong: float) -> None:
    x, table = np.zeros((3, 4), dtype), np.ones((6, 2), dtype)
    x[2, 3] = wrong
    operator = core.Embedding(6, 2, True)
    program = core.Program([(operator, [table])])
    streams = program.streams(3)
    opened = np.array([streams.open() for _ in range(3)])
    calls: list[Callable[[], Any]] = [
        lambda: operator.check(x),
        lambda: operator.forward(x, [table]),
        lambda: operator.backward(x, np.ones((3, 4, 2), dtype)),
        lambda: program.run(x),
        lambda: streams.run(x, opened),
        lambda: streams.step(x[:, 3].copy(), opened),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"Embedding: .* whole numbers from 0 to 5, received"):
            call()


def test_the_first_wrong_id_is_named() -> None:
    with pytest.raises(ValueError, match=r"from 0 to 41, received 43\.$"):
        core.Embedding(42, 2).check(np.array([[1, 43], [-7, 2.5]], "float32"))
    core.Embedding(42, 2).check(np.array([0, 41, -0.0]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: core.Embedding(0, 2),
        lambda: core.Embedding(2, -1),
        lambda: core.Embedding(2, 3).forward(np.zeros(4), [np.zeros((3, 2))]),
        lambda: core.Embedding(2, 3).forward(np.zeros(4), []),
        lambda: core.Embedding(2, 3).forward(np.zeros(4, "float32"), [np.zeros((2, 3))]),
        lambda: core.Embedding(2, 3).forward(np.zeros(4, "int32"), [np.zeros((2, 3))]),
        lambda: core.Embedding(2, 3).backward(np.zeros(4), np.zeros((4, 2))),
        lambda: core.Embedding(2, 3, True).mask(np.zeros(4)),
        lambda: core.Program([(core.Embedding(2, 3), [np.zeros((3, 3))])]),
        lambda: core.Program([(core.Embedding(2, 3, True), [np.zeros((2, 3))])]).run(np.zeros((2, 3, 4))),
        lambda: core.Program([(core.Embedding(2, 3), [np.zeros((2, 3))])]).run(np.array(1.0)),
        lambda: core.Masking().forward(np.zeros((2, 3))),
        lambda: core.Masking().mask(np.zeros((2, 3))),
        lambda: core.Masking().mask(np.zeros((2, 3, 4), int)),
    ],
)
def test_bad_input(call: Callable[[], Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        call()
