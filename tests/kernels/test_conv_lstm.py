"""The native ConvLSTM1D, forward and backward, against the reference and against differences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from support import Array, assert_close, assert_same_bits, make_mask, misaligned

from tidegate import reference
from tidegate._native import core

MASKS = ("none", "left", "right", "holes", "nothing_real")


@dataclass(frozen=True)
class Walk:
    """An operator and its shapes; the data follow."""

    batch: int = 3
    timesteps: int = 4
    positions: int = 7
    features: int = 3
    filters: int = 5
    kernel_size: int = 3
    strides: int = 1
    padding: str = "same"
    dilation_rate: int = 1
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    use_bias: bool = True
    return_sequences: bool = True
    go_backwards: bool = False
    zero_output_for_mask: bool = False
    mask: str = "none"
    initial: bool = True
    dropout: str = "none"  # of "inputs", of "states", or of "both"

    def operator(self, library: Any) -> Any:
        return library.ConvLSTM1D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            use_bias=self.use_bias,
            return_sequences=self.return_sequences,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
        )

    def data(self, dtype: str = "float64") -> dict[str, Any]:
        rng = np.random.default_rng(7)

        def normal(*shape: int, scale: float = 1.0) -> Array:
            return misaligned((scale * rng.standard_normal(shape)).astype(dtype))

        size, width = self.kernel_size, 4 * self.filters
        gates = 4 if self.dropout in ("inputs", "both") else 1  # that have inputs of their own
        x = normal(self.batch, self.timesteps, self.positions, gates * self.features)
        weights = [
            normal(size, self.features, width, scale=(size * self.features) ** -0.5),
            normal(size, self.filters, width, scale=(size * self.filters) ** -0.5),
            normal(width, scale=0.5),
        ][: 3 if self.use_bias else 2]
        reach = (size - 1) * self.dilation_rate + 1 if self.padding == "valid" else 1
        windows = (self.positions - reach) // self.strides + 1
        states = [normal(self.batch, windows, self.filters) for _ in range(2)]
        data: dict[str, Any] = {"x": x, "weights": weights, "states": states if self.initial else None}
        data["mask"] = make_mask(self.mask, self.batch, self.timesteps, rng)
        if self.dropout in ("states", "both"):
            drawn = rng.random((self.batch, windows, 4, self.filters)) < 0.6
            data |= {"state_dropout": drawn, "state_rate": 0.4}
        return data

    def run(self, library: Any, dtype: str = "float64") -> dict[str, Array]:
        """Every result by its name."""
        operator, data = self.operator(library), self.data(dtype)
        y, final, kept = operator.forward(**data, keep=True)
        rng = np.random.default_rng(8)
        d_y, *d_states = (misaligned(rng.standard_normal(each.shape).astype(dtype)) for each in (y, *final))
        d_x, d_weights, d_initial = operator.backward(kept, d_y, d_states)
        results = {"y": y, "h": final[0], "c": final[1], "d_x": d_x}
        results |= dict(zip(("d_kernel", "d_recurrent_kernel", "d_bias"), d_weights, strict=False))
        return results | dict(zip(("d_h0", "d_c0"), d_initial, strict=True))

    def check(self) -> None:
        exact = self.run(reference)
        assert_close(self.run(core), exact, 1e-12)
        single = {name: value.astype("float32") for name, value in exact.items()}
        assert_close(self.run(core, "float32"), single, 3e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 16, 17, 33])
def test_every_number_of_filters(isa: str, size: int) -> None:
    Walk(filters=size).check()
    Walk(features=size, filters=2).check()


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("spacing", [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_every_window(isa: str, padding: str, spacing: tuple[int, int], kernel_size: int) -> None:
    strides, dilation_rate = spacing
    for positions in (1, 2, 6, 13):
        if padding == "same" or positions > (kernel_size - 1) * dilation_rate:
            Walk(
                2, 3, positions, 2, 3, kernel_size, strides, padding, dilation_rate, return_sequences=False
            ).check()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
def test_masks(isa: str, mask: str, backwards: bool, sequences: bool, zeros: bool) -> None:
    case = Walk(5, 6, 4, mask=mask, go_backwards=backwards, return_sequences=sequences)
    replace(case, zero_output_for_mask=zeros, use_bias=sequences).check()


@pytest.mark.parametrize("dropout", ["inputs", "states", "both"])
@pytest.mark.parametrize("mask", ["none", "holes"])
def test_dropout(isa: str, dropout: str, mask: str) -> None:
    Walk(dropout=dropout, mask=mask, initial=False, strides=2, padding="valid").check()


@pytest.mark.parametrize("names", [("softmax", "hard_sigmoid"), ("relu", "softmax"), ("linear", "tanh")])
def test_activations(names: tuple[str, str]) -> None:
    Walk(activation=names[0], recurrent_activation=names[1]).check()


@pytest.mark.parametrize("dropout", ["none", "both"])
def test_gradients_against_differences(dropout: str) -> None:
    case = Walk(2, 3, 4, 2, 2, mask="holes", dropout=dropout, go_backwards=True, strides=2)
    operator, data = case.operator(core), case.data()
    y, final, kept = operator.forward(**data, keep=True)
    rng = np.random.default_rng(8)
    d_outputs = [rng.standard_normal(each.shape) for each in (y, *final)]
    d_x, d_weights, d_initial = operator.backward(kept, d_outputs[0], d_outputs[1:])

    def loss() -> float:
        y, final, _ = operator.forward(**data)
        return sum(float((each * d).sum()) for each, d in zip((y, *final), d_outputs, strict=True))

    arrays = [data["x"], *data["weights"], *data["states"]]
    for array, gradient in zip(arrays, [d_x, *d_weights, *d_initial], strict=True):
        for place in list(np.ndindex(array.shape))[:: max(1, array.size // 12)]:
            before = array[place]
            array[place] = before + 1e-6
            above = loss()
            array[place] = before - 1e-6
            slope = (above - loss()) / 2e-6
            array[place] = before
            assert gradient[place] == pytest.approx(slope, abs=1e-7)


def test_what_is_not_wanted() -> None:
    operator, data = Walk().operator(core), Walk().data()
    _, _, kept = operator.forward(**data, keep=True)
    assert kept.nbytes > data["x"].nbytes
    d_x, d_weights, d_initial = operator.backward(kept, need_d_x=False)
    assert d_x is None
    assert not any(each.any() for each in (*d_weights, *d_initial))
    assert operator.forward(**data)[2] is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits(isa: str, threads: None, dtype: str) -> None:
    """For any number of threads; forward for any split of the batch, and in chunks of the sequence."""
    case = Walk(24, 9, 40, 16, 24, mask="holes")
    operator, data = case.operator(core), case.data(dtype)
    core.set_num_threads(1)
    alone, (y, final, _) = case.run(core, dtype), operator.forward(**data)
    for count in (2, 3, 7):
        core.set_num_threads(count)
        for name, value in case.run(core, dtype).items():
            assert_same_bits(value, alone[name], f"{count} threads, {name}")
    for rows in (slice(0, 1), slice(5, 12)):
        some = {"x": data["x"][rows], "mask": data["mask"][rows], "states": [s[rows] for s in data["states"]]}
        found, _, _ = operator.forward(weights=data["weights"], **some)
        assert_same_bits(found, y[rows])
    whole = {**data, "mask": None}
    expected, final, _ = operator.forward(**whole)
    states, chunks = data["states"], []
    for x in np.split(data["x"], [1, 5], axis=1):
        chunk, states, _ = operator.forward(np.ascontiguousarray(x), data["weights"], states)
        chunks.append(chunk)
    assert_same_bits(np.concatenate(chunks, axis=1), expected)
    assert_same_bits(states[1], final[1])


def test_what_masked_steps_hold_reaches_nothing() -> None:
    case = Walk(mask="right")
    operator, data = case.operator(core), case.data()
    expected = case.run(core)
    data["x"][~data["mask"]] = np.nan
    y, final, kept = operator.forward(**data, keep=True)
    assert_same_bits(y, expected["y"])
    rng = np.random.default_rng(8)
    d_y, *d_states = (rng.standard_normal(each.shape) for each in (y, *final))
    d_x, d_weights, _ = operator.backward(kept, d_y, d_states)
    assert_same_bits(d_x, expected["d_x"])
    for found, name in zip(d_weights, ("d_kernel", "d_recurrent_kernel", "d_bias"), strict=True):
        assert_same_bits(found, expected[name])


def test_nan_stays_in_its_row() -> None:
    operator, data = Walk().operator(core), Walk().data()
    expected, _, _ = operator.forward(**data)
    data["x"][1, 2, 3, 0] = np.nan
    y, _, _ = operator.forward(**data)
    assert np.isnan(y[1]).any()
    assert_same_bits(y[[0, 2]], expected[[0, 2]])


def test_a_batch_of_no_rows() -> None:
    found = Walk(batch=0).run(core)
    assert found["y"].shape == (0, 4, 7, 5)
    assert not found["d_kernel"].any()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"x": np.zeros((3, 4, 7))}, ValueError, "`x` expected shape"),
        (
            {"x": np.zeros((3, 4, 7, 5))},
            ValueError,
            r"positions, 3\).*\(3, 4, 7, 5\)",
        ),
        ({"x": np.zeros((3, 0, 7, 3))}, ValueError, "at least one timestep"),
        ({"x": np.zeros((3, 4, 7, 3), "int32")}, TypeError, "float32 or float64"),
        ({"weights": []}, ValueError, "`weights` expected 3 arrays"),
        ({"weights": [np.zeros((3, 3, 20))] * 3}, ValueError, "`recurrent_kernel` expected shape"),
        ({"states": [np.zeros((3, 7, 5))]}, ValueError, "`states` expected 2 arrays"),
        ({"states": [np.zeros((3, 6, 5))] * 2}, ValueError, "`states` expected shape"),
        ({"mask": np.ones((3, 5), bool)}, ValueError, "`mask` expected shape"),
        ({"state_dropout": np.ones((3, 7, 5, 4), bool)}, ValueError, "`state_dropout` expected shape"),
        ({"state_rate": 1.0}, ValueError, "`state_rate` expected 0 to less than 1"),
    ],
)
def test_bad_input(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Walk().operator(core).forward(**{**Walk().data(), **changes})


def test_bad_configurations() -> None:
    with pytest.raises(ValueError, match="`dilation_rate` expected 1 with strides"):
        Walk(strides=2, dilation_rate=2).operator(core)
    with pytest.raises(ValueError, match="`filters` expected a positive integer"):
        Walk(filters=0).operator(core)
    x, weights = np.zeros((1, 1, 2, 3)), Walk().data()["weights"]
    with pytest.raises(ValueError, match="at least 3 positions"):
        Walk(padding="valid").operator(core).forward(x, weights)
