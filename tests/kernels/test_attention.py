"""The functions that attention is made of, against the reference and against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from support import Array, assert_close, assert_same_bits, misaligned

from tidegate import reference
from tidegate._native import core

SIZES = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 65, 100)


def normal(shape: Sequence[int], seed: int, dtype: str = "float64") -> Array:
    return misaligned(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def check(run: Callable[[Any, str], dict[str, Array]], single: float) -> None:
    """The native module against the reference in float64, for both dtypes."""
    exact = run(reference, "float64")
    assert_close(run(core, "float64"), exact, 1e-13)
    found = run(core, "float32")
    assert all(array.dtype == np.float32 for array in found.values())
    assert_close(found, exact, single)


# ---- products ------------------------------------------------------------------------------------


def check_product(batch: int, rows: int, depth: int, width: int, a_turned: bool, b_turned: bool) -> None:
    a = normal((batch, depth, rows) if a_turned else (batch, rows, depth), 1)
    b = normal((batch, width, depth) if b_turned else (batch, depth, width), 2)

    def run(library: Any, dtype: str) -> dict[str, Array]:
        factors = misaligned(a.astype(dtype)), misaligned(b.astype(dtype))
        return {"y": library.batched_product(*factors, a_turned, b_turned)}

    check(run, 2e-6)


TURNED = pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])


@TURNED
@pytest.mark.parametrize("size", SIZES)
def test_products_of_every_size(isa: str, turned: tuple[bool, bool], size: int) -> None:
    check_product(2, size, 5, 3, *turned)
    check_product(2, 3, size, 5, *turned)
    check_product(2, 5, 3, size, *turned)


@TURNED
@pytest.mark.parametrize("sizes", [(0, 2, 3, 4), (2, 0, 3, 4), (2, 3, 0, 4), (2, 3, 4, 0), (1, 200, 300, 70)])
def test_products_without_elements_and_with_many(
    isa: str, turned: tuple[bool, bool], sizes: tuple[int, int, int, int]
) -> None:
    check_product(*sizes, *turned)


# ---- scores through tanh -------------------------------------------------------------------------


def run_tanh(weighted: bool, factor: float, *sizes: int) -> Callable[[Any, str], dict[str, Array]]:
    batch, queries, keys, features = sizes

    def run(library: Any, dtype: str) -> dict[str, Array]:
        shapes = ((batch, queries, features), (batch, keys, features), (features,), (batch, queries, keys))
        query, key, weights, d_scores = (normal(s, k).astype(dtype) for k, s in enumerate(shapes))
        given = query, key, weights if weighted else None, factor
        names = ("d_query", "d_key", "d_weights", "d_factor")
        found = dict(zip(names, library.tanh_scores_gradient(*given, d_scores), strict=True))
        return {"scores": library.tanh_scores(*given), **found}

    return run


@pytest.mark.parametrize("features", SIZES)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_through_tanh(isa: str, features: int, weighted: bool) -> None:
    check(run_tanh(weighted, 0.7, 3, 4, 5, features), 1e-5)


@pytest.mark.parametrize("sizes", [(0, 2, 3, 4), (2, 0, 3, 4), (2, 3, 0, 4), (2, 3, 4, 0), (1, 1, 1, 1)])
def test_scores_through_tanh_without_elements(isa: str, sizes: tuple[int, int, int, int]) -> None:
    check(run_tanh(True, -1.3, *sizes), 1e-5)


def check_gradient(value: Callable[[Array], float], at: Array, gradient: Array) -> None:
    for k in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[k] = 1e-6
        numeric = (value(at + step) - value(at - step)) / 2e-6
        assert gradient[k] == pytest.approx(numeric, rel=2e-6, abs=1e-7), k


def test_gradients_of_tanh_scores_are_derivatives() -> None:
    query, key, weights = normal((2, 3, 5), 1), normal((2, 4, 5), 2), normal((5,), 3)
    d_scores, factor = normal((2, 3, 4), 4), np.array(0.7)

    def value(query: Array, key: Array, weights: Array, factor: Array) -> float:
        return float(np.sum(d_scores * core.tanh_scores(query, key, weights, float(factor))))

    given = [query, key, weights, factor]
    found = core.tanh_scores_gradient(query, key, weights, 0.7, d_scores)
    for place, gradient in enumerate(found):
        check_gradient(lambda at, k=place: value(*given[:k], at, *given[k + 1 :]), given[place], gradient)


# ---- weights that sum to one ---------------------------------------------------------------------


def counting(kind: str, batch: int, keys: int) -> Array | None:
    if kind == "none":
        return None
    mask = np.random.default_rng(1).random((batch, keys)) < 0.6
    mask[:, 0] = True
    mask[-1] = False  # nothing counts
    return mask


def run_weights(
    batch: int, queries: int, keys: int, mask: str, causal: bool
) -> Callable[[Any, str], dict[str, Array]]:
    def run(library: Any, dtype: str) -> dict[str, Array]:
        scores, d_weights = (normal((batch, queries, keys), k).astype(dtype) for k in (1, 2))
        if mask != "none":
            scores[-1] = 0  # 1e9 less leaves nothing of others in float32
        weights = library.attention_weights(scores, 1.3, counting(mask, batch, keys), causal)
        d_scores, d_scale = library.attention_weights_gradient(scores, weights, d_weights, 1.3)
        return {"weights": weights, "d_scores": d_scores, "d_scale": d_scale}

    return run


@pytest.mark.parametrize("mask", ["none", "some"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("keys", SIZES)
def test_weights(isa: str, mask: str, causal: bool, keys: int) -> None:
    check(run_weights(3, 7, keys, mask, causal), 3e-6)
    check(run_weights(0, 2, keys, "none", causal), 3e-6)


def test_what_does_not_count_has_no_weight(isa: str) -> None:
    scores, mask = normal((2, 5, 9), 1, "float32"), counting("some", 2, 9)
    assert mask is not None
    mask[-1, 0] = True
    weights = core.attention_weights(scores, 2.0, mask)
    assert not weights[np.broadcast_to(~mask[:, None], weights.shape)].any()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-6)
    assert_same_bits(core.attention_weights(scores, causal=True)[:, 0, 0], np.ones(2, "float32"))


def test_gradients_of_weights_are_derivatives() -> None:
    scores, d_weights, mask = normal((2, 3, 4), 1), normal((2, 3, 4), 2), np.ones((2, 4), bool)
    mask[0, 2] = False

    def value(scores: Array, scale: float) -> float:
        return float(np.sum(d_weights * core.attention_weights(scores, scale, mask)))

    weights = core.attention_weights(scores, 1.3, mask)
    d_scores, d_scale = core.attention_weights_gradient(scores, weights, d_weights, 1.3)
    check_gradient(lambda at: value(at, 1.3), scores, d_scores)
    assert float(d_scale) == pytest.approx((value(scores, 1.3 + 1e-6) - value(scores, 1.3 - 1e-6)) / 2e-6)


# ---- threads and bad input -----------------------------------------------------------------------


def test_many_threads_give_the_same_bits(isa: str, threads: None) -> None:
    query, key, d = (normal(s, k, "float32") for k, s in enumerate([(5, 70, 90), (5, 80, 90), (5, 70, 80)]))

    def everything() -> list[Array]:
        products = [core.batched_product(query, key, b_transposed=True), core.batched_product(d, key)]
        products.append(core.batched_product(d, query, a_transposed=True))
        scores = core.tanh_scores(query, key, query[0, 0].copy(), 0.3)
        weights = core.attention_weights(scores, 0.3, causal=True)
        gradients = core.attention_weights_gradient(scores, weights, d, 0.3)
        return [*products, scores, weights, *gradients, *core.tanh_scores_gradient(query, key, None, 0.3, d)]

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
        (lambda: core.batched_product(X, X), "`b`"),
        (lambda: core.batched_product(X[0], X), "`a`"),
        (lambda: core.batched_product(X, X[:1], b_transposed=True), "`b`"),
        (lambda: core.batched_product(X, X.astype("float32"), b_transposed=True), "`b`.*float64"),
        (lambda: core.batched_product(X.astype("int32"), X), "`a`.*int32"),
        (lambda: core.tanh_scores(X, X[:, :, :3].copy()), "`key`"),
        (lambda: core.tanh_scores(X, X, np.ones(3)), "`weights`"),
        (lambda: core.tanh_scores_gradient(X, X, None, 1.0, X), "`d_scores`"),
        (lambda: core.attention_weights(X[:, :, :0].copy()), "`keys`.*0"),
        (lambda: core.attention_weights(X, 1.0, np.ones((2, 3), bool)), "`mask`"),
        (lambda: core.attention_weights(X, 1.0, np.ones((2, 4))), "`mask`.*bool"),
        (lambda: core.attention_weights_gradient(X, X, X[0]), "`d_weights`"),
    ],
)
def test_bad_input(call: Callable[[], Any], match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        call()
