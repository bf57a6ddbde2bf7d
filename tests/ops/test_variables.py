"""Variables in Python's arithmetic and in ops: what stands in for them, and assignments."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest

from tidegate import ops
from tidegate.derivatives import autograd
from tidegate.variable import Variable, standing_in

VALUE = np.float32([[1, 2], [3, 4]])


@pytest.fixture
def w() -> Variable:
    return Variable(VALUE, "w")


def test_arithmetic(w: Variable) -> None:
    x = np.float32([[0.5, 1], [2, 4]])
    for ours, expected in (
        (w + x, VALUE + x),
        (x + w, VALUE + x),
        (x - w, x - VALUE),
        (w - 1, VALUE - 1),
        (1 - w, 1 - VALUE),
        (np.float32(2) * w, 2 * VALUE),
        (w / x, VALUE / x),
        (2 / w, 2 / VALUE),
        (-w, -VALUE),
        (w + w, 2 * VALUE),
    ):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, expected)


def test_assignments(w: Variable) -> None:
    np.testing.assert_array_equal(w.assign_add(np.ones((2, 2))), VALUE + 1)
    np.testing.assert_array_equal(w.assign_sub(1), VALUE)
    assert (w.version, w.dtype, w.ndim, w.shape) == (2, np.float32, 2, (2, 2))
    with pytest.raises(ValueError, match=r"variable `w`: a value must have the shape"):
        w.assign_add(np.ones((3, 2, 2)))


def test_what_stands_in_counts_everywhere(w: Variable) -> None:
    other = np.float32([[2, 2], [2, 2]])
    with standing_in({w: other}):
        np.testing.assert_array_equal(w + 0, other)
        np.testing.assert_array_equal(np.asarray(w), other)
    np.testing.assert_array_equal(w + 0, VALUE)


def test_the_gradient_goes_to_the_variable(w: Variable) -> None:
    x = np.float32([[0.5, 1], [2, 4]])

    def function(value: Any) -> Any:  # by ops, operators in both orders, and autograd's own functions
        with standing_in({w: value}):
            return (ops.add(w, 1) + x * w + w * x + value * w + anp.tanh(w)).sum()

    gradient = autograd().make_vjp(function)(VALUE)[0](np.float32(1))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, 1 + 2 * x + 2 * VALUE + 1 - np.tanh(VALUE) ** 2, rtol=1e-6)


def test_a_gradient_is_not_lost_in_silence(w: Variable) -> None:
    def function(value: Any) -> Any:
        with standing_in({w: value}):
            return np.exp(w)

    with pytest.raises(TypeError, match=r"variable `w`: .*`tidegate\.ops`"):
        autograd().make_vjp(function)(VALUE)
