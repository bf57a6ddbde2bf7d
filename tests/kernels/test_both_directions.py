"""Both directions in one native step: the same bits as the two operators one after another."""

from __future__ import annotations

import numpy as np
import pytest
from support import FORMS, Array, Case, assert_same_bits

from tidegate._native import core

MODES = ("concat", "sum", "mul", "ave")
EVERY_MODE = pytest.mark.parametrize("mode", MODES)


Pair = list[tuple[core.Recurrent, list[Array]]]


def directions(case: Case, other: Case) -> Pair:
    """Two cases of the same input as operators with their weights, the second one backwards."""
    return [
        (each.operator(core), each.data().weights) for each in (case, other.but(go_backwards=True, seed=9))
    ]


def merged(mode: str, pair: Pair, x: Array, sequences: bool) -> Array:
    y, y_back = (operator.forward(x, weights)[0] for operator, weights in pair)
    y_back = y_back[:, ::-1] if sequences else y_back
    if mode == "concat":
        return np.concatenate([y, y_back], axis=-1)
    return {"sum": y + y_back, "mul": y * y_back, "ave": (y + y_back) / 2}[mode]


def program(mode: str, pair: Pair) -> core.Program:
    operators, weights = zip(*pair, strict=True)
    return core.Program([(core.Bidirectional(*operators, mode), [*weights[0], *weights[1]])])


@EVERY_MODE
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"])
def test_same_bits_as_the_operators(
    isa: str, threads: None, mode: str, form: str, dtype: str, sequences: bool
) -> None:
    for units in (1, 7, 16, 21):
        case = Case(form, features=5, units=units, return_sequences=sequences, dtype=dtype)
        pair = directions(case, case)
        both = program(mode, pair)
        for batch, timesteps in ((0, 3), (1, 1), (1, 9), (5, 2), (7, 6)):
            x = np.random.default_rng(1).standard_normal((batch, timesteps, 5)).astype(dtype)
            assert_same_bits(both.run(x), merged(mode, pair, x, sequences))


SHAPES = {  # batch, timesteps, features, units; large enough that work is really divided
    "many rows": (61, 11, 17, 50),
    "one row": (1, 40, 24, 130),
    "few rows, wide": (3, 12, 24, 260),
}


@EVERY_MODE
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_any_number_of_threads(isa: str, threads: None, mode: str, shape: tuple[int, int, int, int]) -> None:
    for sequences in (False, True):
        case = Case("lstm", *shape, return_sequences=sequences, dtype="float32")
        pair = directions(case, case)
        both, x = program(mode, pair), case.data().x
        core.set_num_threads(1)
        expected = merged(mode, pair, x, sequences)
        for count in (1, 2, 3, 4, 7):
            core.set_num_threads(count)
            assert_same_bits(both.run(x), expected, f"{count} threads")


@EVERY_MODE
def test_any_split_and_position(isa: str, mode: str, rng: np.random.Generator) -> None:
    case = Case("gru", 23, 6, 7, 35, return_sequences=True, dtype="float32")
    both, x = program(mode, directions(case, case)), case.data().x
    whole = both.run(x)
    for rows in range(1, 21):
        assert_same_bits(both.run(x[3 : 3 + rows].copy()), whole[3 : 3 + rows])
    order = rng.permutation(23)
    assert_same_bits(both.run(x[order]), whole[order])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_two_different_cells(isa: str, threads: None, count: int) -> None:
    """Of different units, weights and passes: only side by side."""
    core.set_num_threads(count)
    case = Case("lstm", 40, 9, 6, 130, return_sequences=True, dtype="float32")
    pair = directions(case, case.but(form="gru_reset_before", units=11, use_bias=False, activation="relu"))
    x = case.data().x
    assert_same_bits(program("concat", pair).run(x), merged("concat", pair, x, True))


@EVERY_MODE
def test_between_other_steps(mode: str) -> None:
    case = Case("lstm", features=5, units=6, return_sequences=True, dtype="float32")
    pair, x = directions(case, case), np.ones((4, 7, 5), "float32")
    dense = (core.Dense(5), [np.ones((12 if mode == "concat" else 6, 5), "float32"), np.ones(5, "float32")])
    operators, weights = zip(*pair, strict=True)
    step = (core.Bidirectional(*operators, mode), [*weights[0], *weights[1]])
    chain = core.Program([step, dense, step])
    y = dense[0].forward(merged(mode, pair, x, True), dense[1])[0]
    assert_same_bits(chain.run(x), merged(mode, pair, y, True))
    assert chain.packed_bytes > 2 * program(mode, pair).packed_bytes


@pytest.mark.parametrize("mode", ["sum", "mul", "ave"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_merge(mode: str, dtype: str, rng: np.random.Generator) -> None:
    for n in (0, 1, 5, 1000):
        a, b = rng.standard_normal((2, n)).astype(dtype)
        expected = {"sum": a + b, "mul": a * b, "ave": (a + b) / 2}[mode]
        assert_same_bits(core.merge(mode, a, b), expected)


def test_bad_input() -> None:
    case = Case("lstm", features=5, units=6, dtype="float32")
    (first, weights), (second, _) = directions(case, case)
    with pytest.raises(ValueError, match=r"merge_mode.*'max'"):
        core.Bidirectional(first, second, "max")
    with pytest.raises(ValueError, match="return_sequences"):
        core.Bidirectional(first, case.but(return_sequences=True).operator(core))
    with pytest.raises(ValueError, match=r"6 units.*received 7"):
        core.Bidirectional(first, case.but(units=7).operator(core), "sum")
    both = core.Bidirectional(first, second)
    with pytest.raises(ValueError, match=r"6 arrays, received 3"):
        core.Program([(both, weights)])
    other = case.but(features=4).data().weights
    with pytest.raises(ValueError, match=r"timesteps, 4.*received shape \(2, 3, 5\)"):
        core.Program([(both, [*weights, *other])]).run(np.ones((2, 3, 5), "float32"))
    for bad in ("concat", "max"):
        with pytest.raises(ValueError, match=bad):
            core.merge(bad, np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        core.merge("sum", np.ones(3), np.ones(4))
    with pytest.raises(TypeError, match="dtype"):
        core.merge("sum", np.ones(3), np.ones(3, "float32"))
