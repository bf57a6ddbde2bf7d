"""The native Dense, forward and backward, against the reference, and the weight of its sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Array, assert_close, misaligned

from tidegate import reference
from tidegate._native import core

BOUNDARIES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 129]


def run(
    library: object, shape: tuple[int, ...], units: int, activation: str, use_bias: bool, dtype: str
) -> dict[str, Array]:
    rng = np.random.default_rng(7)

    def normal(*size: int) -> Array:
        return misaligned(rng.standard_normal(size).astype(dtype))

    x, kernel, bias = normal(*shape), normal(shape[-1], units), normal(units)
    kernel /= np.sqrt(shape[-1])
    operator = library.Dense(units, activation=activation, use_bias=use_bias)  # type: ignore[attr-defined]
    y, kept = operator.forward(x, [kernel, bias] if use_bias else [kernel], True)
    d_x, d_weights = operator.backward(kept, normal(*shape[:-1], units))
    return {"y": y, "d_x": d_x, **dict(zip(("d_kernel", "d_bias"), d_weights, strict=False))}


def check(shape: tuple[int, ...], units: int, activation: str = "linear", use_bias: bool = True) -> None:
    exact = run(reference, shape, units, activation, use_bias, "float64")
    assert_close(run(core, shape, units, activation, use_bias, "float64"), exact, 1e-12)
    single = {name: value.astype("float32") for name, value in exact.items()}
    assert_close(run(core, shape, units, activation, use_bias, "float32"), single, 3e-5)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_every_number_of_units(isa: str, size: int) -> None:
    check((3, 5), size)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_every_number_of_features(isa: str, size: int) -> None:
    check((3, size), 5)


@pytest.mark.parametrize("size", range(26))
def test_every_number_of_rows(isa: str, size: int) -> None:
    check((size, 6), 17, "tanh")


@pytest.mark.parametrize(
    "activation", sorted(set(core.activation_names()) & set(reference.activation_names()))
)
def test_every_activation(activation: str) -> None:
    check((7, 6), 11, activation)


@settings(max_examples=60)
@given(
    leading=st.lists(st.integers(0, 5), min_size=1, max_size=3),
    features=st.integers(1, 70),
    units=st.integers(1, 70),
    activation=st.sampled_from(["linear", "sigmoid", "softmax", "gelu"]),
    use_bias=st.booleans(),
)
def test_any_rank_and_shape(
    isa: str, leading: list[int], features: int, units: int, activation: str, use_bias: bool
) -> None:
    check((*leading, features), units, activation, use_bias)
