"""The native operators of the layers around the recurrent ones, forward and backward, against the
reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Array, assert_close, assert_same_bits, make_mask, misaligned

from tidegate import reference
from tidegate._native import core

Make = Callable[[Any], Any]  # of the native module or the reference
SIZES = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 129)

PLAIN: dict[str, Make] = {
    "tanh": lambda library: library.Activation("tanh"),
    "softmax": lambda library: library.Activation("softmax"),
    "gelu": lambda library: library.Activation("gelu"),
    "relu": lambda library: library.ReLU(0.2, 0.3, 0.9),
    "elu": lambda library: library.ELU(0.7),
    "softmax_over_time": lambda library: library.Softmax(1, 1),
    "softmax_over_all": lambda library: library.Softmax(1, 2),
    "unit_sequences": lambda library: library.UnitNormalization(1, 2),
    "unit_steps": lambda library: library.UnitNormalization(1, 1),
    "up_sampling": lambda library: library.UpSampling1D(3),
    "padding": lambda library: library.Pad1D(2, 0),
    "padding_at_both_ends": lambda library: library.Pad1D(2, 1),
    "permute": lambda library: library.Permute((2, 1)),
    "windows": lambda library: library.MaxPooling1D(2, 2, False),
    "overlapping": lambda library: library.MaxPooling1D(3, 1, False),
    "gaps": lambda library: library.MaxPooling1D(2, 3, False),
    "same": lambda library: library.MaxPooling1D(3, 2, True),
    "same_wide": lambda library: library.MaxPooling1D(5, 1, True),
    "averages": lambda library: library.AveragePooling1D(2, 2, False),
    "averages_overlapping": lambda library: library.AveragePooling1D(3, 1, False),
    "averages_with_gaps": lambda library: library.AveragePooling1D(2, 3, False),
    "averages_same": lambda library: library.AveragePooling1D(3, 2, True),
    "averages_same_wide": lambda library: library.AveragePooling1D(5, 1, True),
    "global_max": lambda library: library.GlobalMaxPooling1D(),
    "global_max_kept": lambda library: library.GlobalMaxPooling1D(True),
}
EVERY_PLAIN = pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)


def normal(shape: Sequence[int], dtype: str, seed: int = 3) -> Array:
    return misaligned(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def run_plain(library: Any, make: Make, x: Array) -> dict[str, Array]:
    operator = make(library)
    y = operator.forward(x)
    return {"y": y, "d_x": operator.backward(x, y, normal(y.shape, x.dtype.name, 4))}


def check_plain(make: Make, shape: Sequence[int]) -> None:
    x = normal(shape, "float32")
    exact = run_plain(reference, make, x.astype("float64"))
    assert_close(run_plain(core, make, misaligned(x.astype("float64"))), exact, 1e-13)
    x_single = run_plain(core, make, x)
    assert x_single["y"].dtype == np.float32
    d_y = normal(exact["y"].shape, "float32", 4)
    operator = make(reference)
    single = {
        "y": exact["y"],
        "d_x": operator.backward(x.astype("float64"), exact["y"], d_y.astype("float64")),
    }
    assert_close(x_single, single, 2e-6)


@EVERY_PLAIN
@pytest.mark.parametrize("features", SIZES)
def test_every_number_of_features(isa: str, make: Make, features: int) -> None:
    check_plain(make, (3, 7, features))


@EVERY_PLAIN
@pytest.mark.parametrize("timesteps", range(1, 12))
@pytest.mark.parametrize("batch", [0, 1, 2, 5])
def test_every_number_of_steps_and_rows(isa: str, make: Make, timesteps: int, batch: int) -> None:
    check_plain(make, (batch, timesteps, 3))


@pytest.mark.parametrize("features", SIZES)
@pytest.mark.parametrize("n", [1, 2, 9])
def test_repeat_vector(isa: str, features: int, n: int) -> None:
    for batch in (0, 1, 3):
        check_plain(lambda library: library.RepeatVector(n), (batch, features))


@pytest.mark.parametrize("dims", [(1,), (1, 2), (2, 1), (3, 1, 2), (2, 3, 1), (4, 2, 3, 1)])
def test_permute(dims: tuple[int, ...]) -> None:
    for shape in ((2, 3, 4, 5, 6), (3, 1, 2, 7, 1), (0, 2, 2, 2, 2), (2, 0, 2, 2, 0)):
        check_plain(lambda library: library.Permute(dims), shape[: len(dims) + 1])


def test_equal_maxima(isa: str) -> None:
    """Windows: the first has the gradient. All steps: they share it. As in Keras."""
    x = np.array([[[1.0], [5.0], [5.0], [5.0], [2.0]]])
    for operator, expected in (
        (core.MaxPooling1D(5, 5, False), [0, 6, 0, 0, 0]),
        (core.MaxPooling1D(3, 1, False), [0, 12, 6, 0, 0]),
        (core.GlobalMaxPooling1D(), [0, 2, 2, 2, 0]),
    ):
        y = operator.forward(x)
        d_x = operator.backward(x, y, np.full(y.shape, 6.0))
        np.testing.assert_array_equal(d_x[0, :, 0], expected)


@pytest.mark.parametrize("place", range(4))
def test_a_maximum_with_nan_is_nan_in_its_row_only(isa: str, place: int) -> None:
    x = np.zeros((3, 4, 20), "float32")
    x[1, place, 17] = np.nan
    for operator in (core.GlobalMaxPooling1D(), core.MaxPooling1D(4, 4, False)):
        bad = np.isnan(operator.forward(x)).reshape(3, 20)
        assert bad[1, 17]
        assert bad.sum() == 1


def test_an_average_counts_the_steps_that_are_there(isa: str) -> None:
    """Figures of Keras."""
    x = np.arange(1.0, 9).reshape(1, 8, 1)
    y = core.AveragePooling1D(3, 2, True).forward(x)
    np.testing.assert_array_equal(y[0, :, 0], [2, 4, 6, 7.5])


def run_average(library: Any, x: Array, mask: Array | None, keepdims: bool) -> dict[str, Array]:
    operator = library.GlobalAveragePooling1D(keepdims)
    y = operator.forward(x, mask)
    d_y = normal((len(x), x.shape[2]), "float64", 4).astype(x.dtype).reshape(y.shape)
    return {"y": y, "d_x": operator.backward(x.shape, d_y, mask)}


@pytest.mark.parametrize("mask", ["none", "left", "right", "holes"])
@pytest.mark.parametrize("features", [1, 7, 16, 33])
def test_global_average(isa: str, mask: str, features: int) -> None:
    x, steps = normal((6, 9, features), "float64"), make_mask(mask, 6, 9, np.random.default_rng(2))
    if steps is not None:
        steps[steps.sum(axis=1) == 0, 4] = True
    exact = run_average(reference, x, steps, True)
    assert_close(run_average(core, x, steps, True), exact, 1e-13)
    assert_close(run_average(core, x.astype("float32"), steps, True), exact, 2e-6)
    flat = run_average(core, x, steps, False)
    assert_same_bits(flat["y"], run_average(core, x, steps, True)["y"][:, 0])


def test_masked_steps_do_not_reach_an_average() -> None:
    x, mask = np.ones((2, 3, 2)), np.array([[True, False, True], [False, False, True]])
    x[~mask] = np.nan
    operator = core.GlobalAveragePooling1D()
    np.testing.assert_array_equal(operator.forward(x, mask), np.ones((2, 2)))
    d_x = operator.backward(x.shape, np.ones((2, 2)), mask)
    np.testing.assert_array_equal(d_x[:, :, 0], [[0.5, 0, 0.5], [0, 0, 1]])


# ---- normalization -------------------------------------------------------------------------------


def run_layer_norm(library: Any, x: Array, center: bool, scale: bool) -> dict[str, Array]:
    features = x.shape[-1]
    operator = library.LayerNormalization(features, epsilon=1e-3, center=center, scale=scale)
    given = [normal((features,), "float64", 5), normal((features,), "float64", 6)]
    weights = [w.astype(x.dtype) for w, there in zip(given, (scale, center), strict=True) if there]
    y, moments = operator.forward(x, weights)
    d_y = normal(x.shape, "float64", 7).astype(x.dtype)
    d_x, d_weights = operator.backward(x, moments, weights, d_y)
    names = [name for name, there in (("d_gamma", scale), ("d_beta", center)) if there]
    return {"y": y, "moments": moments, "d_x": d_x, **dict(zip(names, d_weights, strict=True))}


def check_layer_norm(shape: Sequence[int], center: bool = True, scale: bool = True) -> None:
    x = normal(shape, "float64")
    exact = run_layer_norm(reference, x, center, scale)
    assert_close(run_layer_norm(core, x, center, scale), exact, 1e-12)
    assert_close(run_layer_norm(core, misaligned(x.astype("float32")), center, scale), exact, 2e-5)


@pytest.mark.parametrize("features", SIZES[1:])
def test_layer_norm_over_every_number_of_features(isa: str, features: int) -> None:
    check_layer_norm((3, 5, features))


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_layer_norm_without_some_weights(isa: str, center: bool, scale: bool) -> None:
    check_layer_norm((4, 21), center, scale)


@pytest.mark.parametrize("shape", [(1, 5), (0, 5), (2, 3, 4, 9), (200, 6)])
def test_layer_norm_shapes(isa: str, shape: tuple[int, ...]) -> None:
    check_layer_norm(shape)


def test_layer_norm_far_from_zero(isa: str) -> None:
    """A variance about the mean does not cancel."""
    x = (1000 + normal((5, 40), "float64")).astype("float32")
    exact = run_layer_norm(reference, x.astype("float64"), True, True)["y"]
    np.testing.assert_allclose(run_layer_norm(core, x, True, True)["y"], exact, atol=2e-3)


def run_batch_norm(
    library: Any, x: Array, mask: Array | None, center: bool, scale: bool, of_batch: bool
) -> dict[str, Array]:
    features = x.shape[-1]
    operator = library.BatchNormalization(features, epsilon=1e-3, center=center, scale=scale)
    given = [normal((features,), "float64", 5), normal((features,), "float64", 6)]
    weights = [w.astype(x.dtype) for w, there in zip(given, (scale, center), strict=True) if there]
    moments = [normal((features,), "float64", 8), normal((features,), "float64", 9) ** 2]
    weights += operator.moments(x, mask) if of_batch else [moment.astype(x.dtype) for moment in moments]
    d_y = normal(x.shape, "float64", 7).astype(x.dtype)
    y = operator.forward(x, weights)
    d_x, d_weights = operator.backward(x, weights, d_y, of_batch, mask)
    names = [name for name, there in (("d_gamma", scale), ("d_beta", center)) if there]
    results = {"y": y, "mean": weights[-2], "variance": weights[-1], "d_x": d_x}
    return results | dict(zip(names, d_weights, strict=True))


def check_batch_norm(
    shape: Sequence[int],
    mask: Array | None = None,
    center: bool = True,
    scale: bool = True,
    of_batch: bool = True,
) -> None:
    x, arguments = normal(shape, "float64"), (mask, center, scale, of_batch)
    exact = run_batch_norm(reference, x, *arguments)
    assert_close(run_batch_norm(core, x, *arguments), exact, 1e-12)
    assert_close(run_batch_norm(core, misaligned(x.astype("float32")), *arguments), exact, 2e-5)


@pytest.mark.parametrize("features", SIZES)
@pytest.mark.parametrize("of_batch", [False, True])
def test_batch_norm_over_every_number_of_features(isa: str, features: int, of_batch: bool) -> None:
    check_batch_norm((5, 4, features), of_batch=of_batch)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("of_batch", [False, True])
def test_batch_norm_without_some_weights(isa: str, center: bool, scale: bool, of_batch: bool) -> None:
    check_batch_norm((9, 21), None, center, scale, of_batch)


@pytest.mark.parametrize("kind", ["left", "right", "holes"])
def test_batch_norm_of_unmasked_steps(isa: str, kind: str) -> None:
    check_batch_norm((6, 9, 5), make_mask(kind, 6, 9, np.random.default_rng(2)))


def test_what_lies_in_masked_steps_does_not_matter(isa: str) -> None:
    x, mask = normal((6, 9, 5), "float64"), make_mask("holes", 6, 9, np.random.default_rng(2))
    assert mask is not None
    spoilt, d_y = x.copy(), normal(x.shape, "float64", 4)
    spoilt[~mask], d_y[~mask] = np.nan, 0
    operator, weights = core.BatchNormalization(5), [np.ones(5), np.zeros(5)]
    for one, other in zip(operator.moments(x, mask), operator.moments(spoilt, mask), strict=True):
        assert_same_bits(one, other)
    weights += operator.moments(x, mask)
    d_x, d_weights = operator.backward(x, weights, d_y, True, mask)
    spoilt_d_x, spoilt_d_weights = operator.backward(spoilt, weights, d_y, True, mask)
    assert_same_bits(spoilt_d_x, d_x)
    for one, other in zip(spoilt_d_weights, d_weights, strict=True):
        assert_same_bits(one, other)


def test_batch_norm_of_many_rows(isa: str) -> None:
    """Sums over many rows lose nothing that counts."""
    x = (100 + normal((200_000, 3), "float64")).astype("float32")
    mean, variance = core.BatchNormalization(3).moments(x)
    np.testing.assert_allclose(mean, x.astype("float64").mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(variance, x.astype("float64").var(axis=0), rtol=1e-6)


# ---- gradients against central differences -------------------------------------------------------


def check_gradient(value: Callable[[Array], float], at: Array, gradient: Array) -> None:
    for k in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[k] = 1e-6
        numeric = (value(at + step) - value(at - step)) / 2e-6
        assert gradient[k] == pytest.approx(numeric, rel=2e-6, abs=1e-7), k


@EVERY_PLAIN
def test_plain_gradients_are_derivatives(make: Make) -> None:
    operator, x = make(core), normal((2, 5, 3), "float64")
    y = operator.forward(x)
    d_y = normal(y.shape, "float64", 4)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(at))), x, operator.backward(x, y, d_y))


def test_layer_norm_gradients_are_derivatives() -> None:
    operator, x, d_y = core.LayerNormalization(4), normal((3, 4), "float64"), normal((3, 4), "float64", 4)
    gamma, beta = normal((4,), "float64", 5), normal((4,), "float64", 6)

    def value(x: Array, gamma: Array, beta: Array) -> float:
        return float(np.sum(d_y * operator.forward(x, [gamma, beta])[0]))

    d_x, (d_gamma, d_beta) = operator.backward(x, operator.forward(x, [gamma, beta])[1], [gamma, beta], d_y)
    check_gradient(lambda at: value(at, gamma, beta), x, d_x)
    check_gradient(lambda at: value(x, at, beta), gamma, d_gamma)
    check_gradient(lambda at: value(x, gamma, at), beta, d_beta)


@pytest.mark.parametrize("masked", [False, True])
def test_batch_norm_gradients_are_derivatives(masked: bool) -> None:
    operator, x = core.BatchNormalization(3), normal((3, 4, 3), "float64")
    d_y, gamma, beta = (normal(s, "float64", k) for k, s in enumerate([(3, 4, 3), (3,), (3,)], 4))
    mask = make_mask("holes", 3, 4, np.random.default_rng(2)) if masked else None

    def value(x: Array, gamma: Array, beta: Array) -> float:
        return float(np.sum(d_y * operator.forward(x, [gamma, beta, *operator.moments(x, mask)])))

    weights = [gamma, beta, *operator.moments(x, mask)]
    d_x, (d_gamma, d_beta) = operator.backward(x, weights, d_y, True, mask)
    check_gradient(lambda at: value(at, gamma, beta), x, d_x)
    check_gradient(lambda at: value(x, at, beta), gamma, d_gamma)
    check_gradient(lambda at: value(x, gamma, at), beta, d_beta)


# ---- dropout -------------------------------------------------------------------------------------


def test_philox_is_the_published_one() -> None:
    """Known answers of the authors' library."""
    everything = 0xFFFFFFFF
    for counter, key, expected in (
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([everything] * 4, [everything] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ):
        assert " ".join(f"{int(word):08x}" for word in reference.philox(counter, key)) == expected


@settings(max_examples=40)
@given(
    shape=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    rate=st.floats(0, 1),
    seed=st.integers(0, 2**64 - 1),
    node=st.integers(0, 2**40),
    iteration=st.integers(0, 2**63 - 1),
)
def test_dropout_masks(isa: str, shape: list[int], rate: float, seed: int, node: int, iteration: int) -> None:
    rows = np.random.default_rng(1).integers(0, 2**62, shape[0])
    for numbers in (None, rows):
        arguments = {"seed": seed, "node": node, "iteration": iteration, "rows": numbers}
        found = core.dropout_mask(shape, rate, **arguments)
        np.testing.assert_array_equal(found, reference.dropout_mask(shape, rate, **arguments))


@pytest.mark.parametrize("n", range(130))
def test_dropout_masks_of_every_length(isa: str, n: int) -> None:
    key = {"seed": 7, "node": 2, "iteration": 5}
    long = core.dropout_mask((3, 130), 0.4, **key)
    np.testing.assert_array_equal(core.dropout_mask((3, n), 0.4, **key), long[:, :n])


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_the_share_that_is_dropped(rate: float) -> None:
    mask = core.dropout_mask((1000, 100), rate, seed=1, node=0, iteration=0)
    assert mask.mean() == pytest.approx(1 - rate, abs=0.005)
    neighbours = mask[:, 1:] & mask[:, :-1]
    assert neighbours.mean() == pytest.approx((1 - rate) ** 2, abs=0.01)


def test_every_part_of_the_key_counts() -> None:
    key = {"seed": 1, "node": 2, "iteration": 3}
    masks = [core.dropout_mask((4, 64), 0.5, **key)]
    for name in key:
        masks += [core.dropout_mask((4, 64), 0.5, **{**key, name: value}) for value in (9, 2**32 + key[name])]
    rows = [mask[row].tobytes() for mask in masks for row in range(4)]
    assert len(set(rows)) == len(rows)


def test_apply_dropout(isa: str) -> None:
    for dtype in ("float32", "float64"):
        x, mask = normal((5, 33), dtype), core.dropout_mask((5, 33), 0.3, seed=1, node=0, iteration=0)
        x[~mask] = np.nan
        expected = reference.apply_dropout(x.astype("float64"), mask, 0.3)
        np.testing.assert_allclose(core.apply_dropout(x, mask, 0.3), expected, rtol=3e-7)


# ---- bad input -----------------------------------------------------------------------------------

X = np.zeros((3, 4, 5))


@pytest.mark.parametrize("n", [2**31, 2**40, 2**60, 2**62])
def test_sizes_that_overflow(n: int) -> None:
    """Also between the steps of a Program, where only their product is too large."""
    x = np.zeros((2**20, 8), "float32")
    with pytest.raises((ValueError, MemoryError)):
        core.RepeatVector(n).forward(x)
    for chain in (
        [core.RepeatVector(n), core.GlobalMaxPooling1D()],
        [core.Reshape((n, n, -1)), core.Permute((3, 2, 1))],
    ):
        with pytest.raises((ValueError, MemoryError)):
            core.Program([(operator, []) for operator in chain], dtype="float32").run(x)


@pytest.mark.parametrize(
    "call",
    [
        lambda: core.Activation("tahn"),
        lambda: core.RepeatVector(0),
        lambda: core.RepeatVector(2).forward(X),
        lambda: core.Permute((1, 1)),
        lambda: core.Permute((2, 1)).forward(X[0]),
        lambda: core.MaxPooling1D(0, 1, False),
        lambda: core.MaxPooling1D(1, 0, False),
        lambda: core.MaxPooling1D(2, 2, False).forward(X[0]),
        lambda: core.AveragePooling1D(0, 1, False),
        lambda: core.AveragePooling1D(2, 2, False).forward(X[0]),
        lambda: core.AveragePooling1D(2, 2, False).backward(X, X, X),
        lambda: core.GlobalMaxPooling1D().forward(X[:, :0]),
        lambda: core.GlobalMaxPooling1D().backward(X, X[:, 0].copy(), X),
        lambda: core.GlobalMaxPooling1D().forward(X.astype("int32")),
        lambda: core.GlobalAveragePooling1D().forward(X[0]),
        lambda: core.GlobalAveragePooling1D().forward(X, np.ones((3, 5), bool)),
        lambda: core.GlobalAveragePooling1D().forward(X, np.ones((3, 4))),
        lambda: core.GlobalAveragePooling1D().backward((3, 4), X[:, 0].copy()),
        lambda: core.Reshape((-1, -1)),
        lambda: core.Reshape((-2,)),
        lambda: core.LayerNormalization(0),
        lambda: core.LayerNormalization(5).forward(X, [np.ones(5)]),
        lambda: core.LayerNormalization(5).forward(X, [np.ones(5), np.ones(4)]),
        lambda: core.LayerNormalization(5).forward(X, [np.ones(5), np.ones(5, "float32")]),
        lambda: core.LayerNormalization(5).forward(X[0, 0], [np.ones(5), np.ones(5)]),
        lambda: core.BatchNormalization(5).forward(X, [np.ones(5)] * 3),
        lambda: core.BatchNormalization(5).moments(X, np.ones((3, 5), bool)),
        lambda: core.BatchNormalization(5).backward(X, [np.ones(5)] * 4, X[0], True),
        lambda: core.dropout_mask((3, 4), 1.5, seed=1, node=0, iteration=0),
        lambda: core.dropout_mask((), 0.5, seed=1, node=0, iteration=0),
        lambda: core.dropout_mask((3, 4), 0.5, seed=1, node=0, iteration=0, rows=np.arange(4)),
        lambda: core.apply_dropout(X, np.ones((3, 4), bool), 0.5),
    ],
)
def test_bad_input(call: Callable[[], Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        call()
