"""The native operators of cropping, rectifiers with weights, masked softmax, and group and root mean square
normalization, forward and backward, against the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support import Array, assert_close, assert_same_bits, misaligned
from test_layer_operators import SIZES, check_gradient, check_plain, normal

from tidegate import reference
from tidegate._native import core


@pytest.mark.parametrize("ends", [(1, 0), (0, 2), (2, 3), (0, 0)])
@pytest.mark.parametrize("features", [1, 3, 16, 33])
def test_cropping(isa: str, ends: tuple[int, int], features: int) -> None:
    before, after = ends
    for batch, timesteps in ((2, 6), (0, 6), (3, 17)):
        check_plain(lambda library: library.Pad1D(-before, -after), (batch, timesteps, features))


def test_cropping_and_padding_at_once() -> None:
    x = np.arange(1.0, 5).reshape(1, 4, 1)
    y = core.Pad1D(-1, 2).forward(x)
    np.testing.assert_array_equal(y[0, :, 0], [2, 3, 4, 0, 0])
    np.testing.assert_array_equal(core.Pad1D(-1, 2).backward(x, y, y)[0, :, 0], [0, 2, 3, 4])


def test_nothing_is_left_of_a_sequence() -> None:
    with pytest.raises(ValueError, match=r"Cropping1D.*more timesteps.*\(2, 3, 4\)"):
        core.Pad1D(-1, -2).forward(np.zeros((2, 3, 4)))


# ---- rectifiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (core.ReLU(0.0, 0.0, np.inf), [0, 0, 0, 0.5, 9]),
        (core.ReLU(0.0, 0.0, 6.0), [0, 0, 0, 0.5, 6]),
        (core.ReLU(0.5, 0.0, np.inf), [-np.inf, -1, 0, 0.5, 9]),
        (core.ReLU(0.5, 1.0, 6.0), [-np.inf, -1.5, -0.5, -0.25, 6]),
        (core.ELU(0.5), [-0.5, 0.5 * np.expm1(-2), 0, 0.5, 9]),
    ],
)
def test_rectified(operator: Any, expected: list[float]) -> None:
    x = np.array([[-np.inf, -2, 0, 0.5, 9]])
    np.testing.assert_array_equal(operator.forward(x), [expected])
    assert np.isnan(operator.forward(np.array([np.nan]))).all()


def run_prelu(library: Any, shape: Sequence[int], shared: Sequence[int], dtype: str) -> dict[str, Array]:
    x, operator = normal(shape, "float64").astype(dtype), library.PReLU()
    lengths = [1 if axis in shared else length for axis, length in enumerate(shape)][1:]
    alpha = misaligned(normal(lengths, "float64", 5).astype(dtype))
    d_y = normal(shape, "float64", 7).astype(dtype)
    d_x, d_alpha = operator.backward(misaligned(x), alpha, d_y)
    return {"y": operator.forward(misaligned(x), alpha), "d_x": d_x, "d_alpha": d_alpha}


@pytest.mark.parametrize("shared", [(), (1,), (2,), (1, 2)])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 1), (0, 4, 5), (40, 7, 33)])
def test_prelu(shape: tuple[int, ...], shared: tuple[int, ...]) -> None:
    exact = run_prelu(reference, shape, shared, "float64")
    assert_close(run_prelu(core, shape, shared, "float64"), exact, 1e-12)
    assert_close(run_prelu(core, shape, shared, "float32"), exact, 2e-5)


def test_prelu_gradients_are_derivatives() -> None:
    operator, x, d_y = core.PReLU(), normal((2, 3, 4), "float64"), normal((2, 3, 4), "float64", 4)
    alpha = normal((1, 4), "float64", 5)
    d_x, d_alpha = operator.backward(x, alpha, d_y)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(at, alpha))), x, d_x)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(x, at))), alpha, d_alpha)
    assert operator.backward(x, alpha, d_y, False)[0] is None


def test_a_weight_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"PReLU.*weight fits.*\(2, 3, 4\)"):
        core.PReLU().forward(np.zeros((2, 3, 4)), np.zeros((3, 5)))


# ---- softmax with a mask -------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(1, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("features", [1, 5, 16, 33])
def test_masked_softmax(isa: str, axes: tuple[int, int], features: int) -> None:
    x = normal((3, 4, features), "float64")
    mask = np.random.default_rng(2).random(x.shape) < 0.6
    mask[0] = False
    exact = reference.Softmax(*axes).forward(x, mask)
    y = core.Softmax(*axes).forward(x, mask)
    np.testing.assert_allclose(y, exact, rtol=0, atol=1e-14)
    np.testing.assert_allclose(core.Softmax(*axes).forward(x.astype("float32"), mask), exact, atol=1e-6)
    assert not y[~mask].any()
    assert_same_bits(core.Softmax(*axes).forward(x, np.ones_like(mask)), core.Softmax(*axes).forward(x))


# ---- group and root mean square normalization ----------------------------------------------------


def run_group_norm(
    library: Any, x: Array, groups: int, center: bool = True, scale: bool = True
) -> dict[str, Array]:
    features = x.shape[-1]
    operator = library.GroupNormalization(groups, features, epsilon=1e-3, center=center, scale=scale)
    given = [normal((features,), "float64", 5), normal((features,), "float64", 6)]
    weights = [w.astype(x.dtype) for w, there in zip(given, (scale, center), strict=True) if there]
    y, moments = operator.forward(x, weights)
    d_x, d_weights = operator.backward(x, moments, weights, normal(x.shape, "float64", 7).astype(x.dtype))
    names = [name for name, there in (("d_gamma", scale), ("d_beta", center)) if there]
    return {"y": y, "moments": moments, "d_x": d_x, **dict(zip(names, d_weights, strict=True))}


@pytest.mark.parametrize("shape", [(3, 5, 6), (2, 12), (2, 3, 4, 18), (1, 1, 6), (0, 4, 6), (3, 40, 66)])
@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_group_norm(isa: str, shape: tuple[int, ...], groups: int) -> None:
    x = normal(shape, "float64")
    exact = run_group_norm(reference, x, groups)
    assert_close(run_group_norm(core, x, groups), exact, 1e-12)
    assert_close(run_group_norm(core, misaligned(x.astype("float32")), groups), exact, 2e-5)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_group_norm_without_some_weights(center: bool, scale: bool) -> None:
    x = normal((4, 3, 8), "float64")
    exact = run_group_norm(reference, x, 4, center, scale)
    assert_close(run_group_norm(core, x, 4, center, scale), exact, 1e-12)


def run_rms_norm(library: Any, x: Array) -> dict[str, Array]:
    operator = library.RMSNormalization(1e-6)
    scale = normal((x.shape[-1],), "float64", 5).astype(x.dtype)
    y, inverse = operator.forward(x, scale)
    d_x, d_scale = operator.backward(x, inverse, scale, normal(x.shape, "float64", 7).astype(x.dtype))
    return {"y": y, "inverse": inverse, "d_x": d_x, "d_scale": d_scale}


@pytest.mark.parametrize("features", SIZES)
def test_rms_norm(isa: str, features: int) -> None:
    for shape in ((3, 5, features), (0, features), (40, features)):
        x = normal(shape, "float64")
        exact = run_rms_norm(reference, x)
        assert_close(run_rms_norm(core, x), exact, 1e-12)
        assert_close(run_rms_norm(core, misaligned(x.astype("float32"))), exact, 2e-5)


@pytest.mark.parametrize("norm", ["group", "rms"])
def test_normalization_gradients_are_derivatives(norm: str) -> None:
    x, d_y = normal((2, 3, 4), "float64"), normal((2, 3, 4), "float64", 4)
    gamma, beta = normal((4,), "float64", 5), normal((4,), "float64", 6)
    if norm == "rms":
        operator: Any = core.RMSNormalization(0.1)
        _, kept = operator.forward(x, gamma)
        d_x, d_gamma = operator.backward(x, kept, gamma, d_y)
        check_gradient(lambda at: float(np.sum(d_y * operator.forward(at, gamma)[0])), x, d_x)
        check_gradient(lambda at: float(np.sum(d_y * operator.forward(x, at)[0])), gamma, d_gamma)
        return
    operator = core.GroupNormalization(2, 4)
    _, kept = operator.forward(x, [gamma, beta])
    d_x, (d_gamma, d_beta) = operator.backward(x, kept, [gamma, beta], d_y)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(at, [gamma, beta])[0])), x, d_x)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(x, [at, beta])[0])), gamma, d_gamma)
    check_gradient(lambda at: float(np.sum(d_y * operator.forward(x, [gamma, at])[0])), beta, d_beta)


@pytest.mark.parametrize("features", SIZES[1:])
def test_unit_length_of_every_number_of_features(isa: str, features: int) -> None:
    check_plain(lambda library: library.UnitNormalization(2, 2), (3, 7, features))


def test_rows_without_a_length_stay_zero() -> None:
    x = np.zeros((2, 3))
    operator = core.UnitNormalization(1, 1)
    np.testing.assert_array_equal(operator.forward(x), x)
    np.testing.assert_array_equal(operator.backward(x, x, np.ones((2, 3))), np.full((2, 3), 1e12))
