"""The native Conv1D, forward and backward, against the reference and against differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Array, assert_close, assert_same_bits, misaligned

from tidegate import reference
from tidegate._native import core

BOUNDARIES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 129]
PADDINGS = ("valid", "same", "causal")


@dataclass(frozen=True)
class Convolution:
    """An operator and its shapes; the data follow. `features` and `filters` are those of a group."""

    batch: int = 3
    timesteps: int = 7
    features: int = 4
    filters: int = 5
    kernel_size: int = 3
    strides: int = 1
    padding: str = "same"
    dilation_rate: int = 1
    groups: int = 1
    activation: str = "linear"
    use_bias: bool = True

    def operator(self, library: Any) -> Any:
        return library.Conv1D(
            self.groups * self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=self.groups,
            activation=self.activation,
            use_bias=self.use_bias,
        )

    def data(self, dtype: str = "float64") -> tuple[Array, list[Array]]:
        rng = np.random.default_rng(7)
        depth, filters = self.kernel_size * self.features, self.groups * self.filters
        x = rng.standard_normal((self.batch, self.timesteps, self.groups * self.features))
        kernel = rng.standard_normal((self.kernel_size, self.features, filters)) / np.sqrt(depth)
        bias = [rng.standard_normal(filters)] if self.use_bias else []
        x, *weights = (misaligned(array.astype(dtype)) for array in (x, kernel, *bias))
        return x, weights

    def run(self, library: Any, dtype: str) -> dict[str, Array]:
        operator, (x, weights) = self.operator(library), self.data(dtype)
        y, sums = operator.forward(x, weights, True)
        d_y = misaligned(np.random.default_rng(8).standard_normal(y.shape).astype(dtype))
        d_x, d_weights = operator.backward(x, weights, sums, y, d_y)
        return {"y": y, "d_x": d_x, **dict(zip(("d_kernel", "d_bias"), d_weights, strict=False))}

    def check(self) -> None:
        exact = self.run(reference, "float64")
        assert_close(self.run(core, "float64"), exact, 1e-12)
        single = {name: value.astype("float32") for name, value in exact.items()}
        assert_close(self.run(core, "float32"), single, 3e-5)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_every_number_of_filters(isa: str, size: int) -> None:
    Convolution(filters=size).check()


@pytest.mark.parametrize("size", BOUNDARIES)
def test_every_number_of_features(isa: str, size: int) -> None:
    Convolution(features=size).check()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("kernel_size", range(1, 8))
@pytest.mark.parametrize("spacing", [(1, 1), (2, 1), (3, 1), (9, 1), (1, 2), (1, 3), (1, 9)])
def test_every_window(isa: str, padding: str, kernel_size: int, spacing: tuple[int, int]) -> None:
    """Shorter, as long as, and longer than the sequence; windows that meet no step at all, too."""
    strides, dilation_rate = spacing
    span = (kernel_size - 1) * dilation_rate + 1
    for timesteps in (1, 2, 3, 6, 7, 12):
        if padding != "valid" or timesteps >= span:
            Convolution(
                2, timesteps, 3, 2, kernel_size, strides, padding, dilation_rate, activation="tanh"
            ).check()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("batch", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("timesteps", [3, 4, 50, 130, 131])
def test_every_number_of_rows(isa: str, padding: str, batch: int, timesteps: int) -> None:
    Convolution(batch, timesteps, 2, 3, padding=padding).check()


@pytest.mark.parametrize("groups", [1, 2, 3, 8])
@pytest.mark.parametrize("features", [1, 3, 17])
@pytest.mark.parametrize("filters", [1, 2, 33])
def test_groups(isa: str, groups: int, features: int, filters: int) -> None:
    """Depthwise too; an activation over the last axis sees the filters of all groups."""
    case = Convolution(features=features, filters=filters, groups=groups, activation="softmax")
    case.check()
    Convolution(
        features=features, filters=filters, groups=groups, strides=2, padding="causal", use_bias=False
    ).check()


@pytest.mark.parametrize(
    "activation", sorted(set(core.activation_names()) & set(reference.activation_names()))
)
def test_every_activation(activation: str) -> None:
    Convolution(activation=activation).check()


@settings(max_examples=150)
@given(
    batch=st.integers(0, 5),
    timesteps=st.integers(1, 40),
    features=st.integers(1, 40),
    filters=st.integers(1, 40),
    kernel_size=st.integers(1, 12),
    spacing=st.one_of(st.tuples(st.integers(1, 12), st.just(1)), st.tuples(st.just(1), st.integers(1, 12))),
    padding=st.sampled_from(PADDINGS),
    groups=st.integers(1, 3),
    activation=st.sampled_from(["linear", "sigmoid", "softmax"]),
    use_bias=st.booleans(),
)
def test_any_shape(isa: str, spacing: tuple[int, int], **shape: Any) -> None:
    case = Convolution(strides=spacing[0], dilation_rate=spacing[1], **shape)
    span = (case.kernel_size - 1) * case.dilation_rate + 1
    if case.padding != "valid" or case.timesteps >= span:
        case.check()


def test_one_tap_is_a_dense_layer(isa: str) -> None:
    case = Convolution(kernel_size=1, filters=19, activation="tanh")
    x, (kernel, bias) = case.data("float32")
    dense = core.Dense(19, activation="tanh")
    y, kept = dense.forward(x, [kernel[0].copy(), bias], True)
    found, sums = case.operator(core).forward(x, [kernel, bias], True)
    assert_same_bits(found, y)
    d_x, (d_kernel, d_bias) = case.operator(core).backward(x, [kernel, bias], sums, found, y)
    expected, (d_kernel_expected, d_bias_expected) = dense.backward(kept, y)
    assert_same_bits(d_x, expected)
    assert_same_bits(d_kernel[0], d_kernel_expected)
    assert_same_bits(d_bias, d_bias_expected)


def test_what_is_not_asked_for_is_not_there() -> None:
    case = Convolution(activation="relu")
    x, weights = case.data()
    y, sums = case.operator(core).forward(x, weights)
    assert sums is None
    _, sums = case.operator(core).forward(x, weights, True)
    d_x, _ = case.operator(core).backward(x, weights, sums, y, y, need_d_x=False)
    assert d_x is None


@pytest.mark.parametrize(
    "case",
    [
        Convolution(2, 5, 2, 3, activation="tanh"),
        Convolution(2, 6, 2, 2, strides=2, padding="causal", groups=2),
        Convolution(2, 6, 2, 2, dilation_rate=2, padding="valid", use_bias=False),
    ],
    ids=["same", "strides and groups", "dilation"],
)
def test_gradients_are_derivatives(case: Convolution) -> None:
    operator, (x, weights) = case.operator(core), case.data()
    y, sums = operator.forward(x, weights, True)
    d_y = np.random.default_rng(4).standard_normal(y.shape)
    d_x, d_weights = operator.backward(x, weights, sums, y, d_y)
    for array, gradient in zip([x, *weights], [d_x, *d_weights], strict=True):
        for k in np.ndindex(array.shape):
            values, at = [], array[k]
            for step in (1e-6, -1e-6):
                array[k] = at + step
                values.append(float(np.sum(d_y * operator.forward(x, weights)[0])))
            array[k] = at
            numeric = (values[0] - values[1]) / 2e-6
            assert gradient[k] == pytest.approx(numeric, rel=2e-6, abs=1e-7), k


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "case",
    [
        Convolution(9, 300, 40, 70, activation="softmax"),
        Convolution(9, 300, 10, 30, strides=2, padding="causal", groups=3),
        Convolution(1, 2000, 40, 33, kernel_size=5, dilation_rate=7),
    ],
    ids=["same", "strides and groups", "one row"],
)
def test_the_same_bits_for_any_threads_and_rows(
    isa: str, threads: None, dtype: str, case: Convolution
) -> None:
    core.set_num_threads(1)
    alone = case.run(core, dtype)
    for count in (2, 3, 7):
        core.set_num_threads(count)
        for name, array in case.run(core, dtype).items():
            assert_same_bits(array, alone[name], f"{name}, {count} threads")
    operator, (x, weights) = case.operator(core), case.data(dtype)
    y, sums = operator.forward(x, weights, True)
    d_x, _ = operator.backward(x, weights, sums, y, y)
    for rows in (slice(0, 1), slice(2, 7), slice(7, None)):
        part, sums = operator.forward(x[rows].copy(), weights, True)
        assert_same_bits(part, y[rows])
        assert_same_bits(operator.backward(x[rows].copy(), weights, sums, part, part)[0], d_x[rows])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bad_value_reaches_its_windows_only(isa: str, value: float) -> None:
    case = Convolution(4, 9, 3, 20, dilation_rate=2)
    x, weights = case.data("float32")
    clean, _ = case.operator(core).forward(x, weights)
    x[2, 4, 1] = value
    y, _ = case.operator(core).forward(x, weights)
    for t in range(9):
        others = np.arange(4) != 2
        assert_same_bits(y[others], clean[others])
        assert np.isfinite(y[2, t]).all() == (t not in (2, 4, 6))


def test_program(isa: str) -> None:
    """Between other steps, and alone with streams where a step of the output is one of the input."""
    case = Convolution(activation="relu")
    x, weights = case.data("float32")
    y, _ = case.operator(core).forward(x, weights)
    program = core.Program([(case.operator(core), weights), (core.GlobalAveragePooling1D(), [])])
    assert_same_bits(program.run(x), core.GlobalAveragePooling1D().forward(y))
    assert_same_bits(program.run(x, mask=np.zeros(x.shape[:2], bool)), program.run(x))
    with pytest.raises(ValueError, match="step 0 needs the whole sequence"):
        program.streams(1)
    single = Convolution(kernel_size=1)
    x, weights = single.data("float32")
    program = core.Program([(single.operator(core), weights)])
    streams = program.streams(3)
    ids = np.array([streams.open() for _ in range(3)])
    steps = [streams.step(x[:, t].copy(), ids) for t in range(7)]
    assert_same_bits(np.stack(steps, axis=1), program.run(x))
    with pytest.raises(ValueError, match="whole sequence"):
        core.Program([(Convolution(kernel_size=1, strides=2).operator(core), weights)]).streams(1)


X, KERNEL, BIAS = np.zeros((2, 6, 4)), np.zeros((3, 4, 5)), np.zeros(5)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: core.Conv1D(0, 3), "`filters`.*0"),
        (lambda: core.Conv1D(5, 0), "`kernel_size`.*0"),
        (lambda: core.Conv1D(5, 2**40), "`kernel_size`.*less than 2147483648"),
        (lambda: core.Conv1D(5, 3, strides=-1), "`strides`.*-1"),
        (lambda: core.Conv1D(5, 3, dilation_rate=2**31), "`dilation_rate`.*2147483648"),
        (lambda: core.Conv1D(5, 3, dilation_rate=2, strides=2), "`dilation_rate`.*1 with strides.*2"),
        (lambda: core.Conv1D(5, 3, groups=0), "`groups`.*0"),
        (lambda: core.Conv1D(5, 3, groups=2), "`groups`.*5 filters.*2"),
        (lambda: core.Conv1D(5, 3, padding="full"), "`padding`.*full"),
        (lambda: core.Conv1D(5, 3, activation="tahn"), "tahn"),
        (lambda: core.Conv1D(5, 3).forward(X[0], [KERNEL, BIAS]), r"`x`.*\(6, 4\)"),
        (lambda: core.Conv1D(5, 3).forward(X[:, :2].copy(), [KERNEL, BIAS]), "at least 3 timesteps.*2, 2, 4"),
        (lambda: core.Conv1D(5, 3, padding="same").forward(X[:, :0], [KERNEL, BIAS]), "timesteps"),
        (lambda: core.Conv1D(5, 3).forward(X[..., :3].copy(), [KERNEL, BIAS]), r"`x`.*4.*\(2, 6, 3\)"),
        (lambda: core.Conv1D(5, 3).forward(X, [KERNEL]), "`weights`.*2.*1"),
        (lambda: core.Conv1D(5, 3).forward(X, [KERNEL[:2].copy(), BIAS]), "`kernel`"),
        (lambda: core.Conv1D(5, 3).forward(X[..., :0], [KERNEL[:, :0], BIAS]), "`features`"),
        (lambda: core.Conv1D(5, 3).forward(X, [KERNEL, BIAS[1:]]), "`bias`"),
        (lambda: core.Conv1D(5, 3).forward(X, [KERNEL.astype("float32"), BIAS]), "`kernel`.*float64"),
        (lambda: core.Conv1D(5, 3).forward(X[::-1], [KERNEL, BIAS]), "contiguous"),
        (lambda: core.Conv1D(5, 3).backward(X, [KERNEL, BIAS], None, X, X), "`y`"),
        (
            lambda: core.Conv1D(5, 3, activation="relu").backward(
                X, [KERNEL, BIAS], None, np.zeros((2, 4, 5)), np.zeros((2, 4, 5))
            ),
            "`sums`.*None",
        ),
        (
            lambda: core.Conv1D(5, 3).backward(X, [KERNEL, BIAS], None, np.zeros((2, 4, 5)), X),
            "`d_y`",
        ),
        (lambda: core.Conv1D(5, 3, groups=5).forward(X, [KERNEL, BIAS]), r"`x`.*20.*\(2, 6, 4\)"),
        (lambda: core.Program([(core.Conv1D(5, 3), [KERNEL, BIAS])]).run(X[:, :1].copy()), "timesteps"),
    ],
)
def test_bad_input_gets_one_sentence(make: Callable[[], Any], match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("extent", [2**31 - 1, 2**20])
@pytest.mark.parametrize("name", ["strides", "dilation_rate"])
def test_distances_beyond_the_sequence(extent: int, name: str) -> None:
    """No work for what is not there."""
    shape: Sequence[int] = (2, 6, 4)
    operator = core.Conv1D(5, 3, padding="same", **{name: extent})
    x, kernel = np.ones(shape), np.ones((3, 4, 5))
    y, sums = operator.forward(x, [kernel, BIAS], True)
    d_x, (d_kernel, _) = operator.backward(x, [kernel, BIAS], sums, y, np.ones_like(y))
    assert y.shape == (2, 1 if name == "strides" else 6, 5)
    assert d_x.sum() == d_kernel.sum() == y.sum()
