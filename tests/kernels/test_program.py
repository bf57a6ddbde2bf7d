"""A whole model in one native call: the same bits as its operators one after another."""

from __future__ import annotations

import numpy as np
import pytest
from support import Array, Case, assert_same_bits

from tidegate._native import core

Steps = list[tuple[object, list[Array]]]


def steps(dtype: str) -> Steps:
    first = Case("lstm", features=5, units=13, return_sequences=True, dtype=dtype)
    second = Case("gru", features=13, units=7, go_backwards=True, return_sequences=True, dtype=dtype)
    third = Case("gru_reset_before", features=7, units=11, return_sequences=True, dtype=dtype)
    fourth = Case("simple_rnn", features=11, units=20, activation="relu", dtype=dtype)
    rng = np.random.default_rng(2)
    dense = [rng.standard_normal((20, 3)).astype(dtype), rng.standard_normal(3).astype(dtype)]
    chain: Steps = [(case.operator(core), case.data().weights) for case in (first, second, third, fourth)]
    return [*chain, (core.Dense(3, activation="softmax"), dense)]


def one_after_another(chain: Steps, x: Array) -> Array:
    for operator, weights in chain:
        x = operator.forward(x, weights)[0]  # type: ignore[attr-defined]
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [0, 1, 2, 5, 6, 7, 13, 40])
@pytest.mark.parametrize("timesteps", [1, 2, 9])
def test_same_bits_as_the_operators(isa: str, dtype: str, batch: int, timesteps: int) -> None:
    chain = steps(dtype)
    program = core.Program(chain)
    x = np.random.default_rng(1).standard_normal((batch, timesteps, 5)).astype(dtype)
    assert_same_bits(program.run(x), one_after_another(chain, x))
    assert program.packed_bytes > 0


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_every_length_of_chain(length: int) -> None:
    chain = steps("float32")[:length]
    x = np.random.default_rng(1).standard_normal((9, 6, 5)).astype("float32")
    assert_same_bits(core.Program(chain).run(x), one_after_another(chain, x))


def test_weights_without_rows() -> None:
    dense = (core.Dense(3), [np.zeros((0, 3)), np.zeros(3)])
    recurrent = (core.Recurrent("lstm", 3), [np.zeros((0, 12)), np.zeros((3, 12)), np.zeros(12)])
    for step in (dense, recurrent):
        with pytest.raises(ValueError, match="`features` expected a positive integer, received 0"):
            core.Program([step])


def test_weights_are_packed_once_and_for_all() -> None:
    chain = steps("float32")
    x = np.ones((3, 4, 5), "float32")
    program = core.Program(chain)
    before = program.run(x)
    for _, weights in chain:
        for weight in weights:
            weight[...] = np.nan
    assert_same_bits(program.run(x), before)


@pytest.mark.parametrize("shape", [(3, 5), (3, 4, 6), (1, 3, 4, 5), (5,)])
def test_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="x"):
        core.Program(steps("float32")).run(np.zeros(shape, "float32"))


def test_a_wrong_dtype() -> None:
    for x in (np.zeros((3, 4, 5)), np.zeros((3, 4, 5), "int32"), np.full((3, 4, 5), "a")):
        with pytest.raises((ValueError, TypeError)):
            core.Program(steps("float32")).run(x)


def test_steps_that_do_not_fit_together() -> None:
    first, *_ = steps("float32")
    with pytest.raises(ValueError, match=r"\d"):
        core.Program([first, first]).run(np.zeros((3, 4, 5), "float32"))
    with pytest.raises((ValueError, TypeError)):
        core.Program([(core.Dense(3), [np.zeros((5, 4), "float32"), np.zeros(3, "float32")])])
