"""What the kernel and promise tests share: a recurrent case with its data, run by the native module or by the
reference alike, and comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FORMS = {
    "lstm": ("lstm", True),
    "gru": ("gru", True),
    "gru_reset_before": ("gru", False),
    "simple_rnn": ("simple_rnn", True),
}
MASKS = ("none", "left", "right", "holes", "nothing_real")
SIZES = tuple(range(1, 34))  # up to two panels of the widest vectors and one more


@dataclass(frozen=True)
class Case:
    """A recurrent operator and its shapes; the data follow from them and from `seed`."""

    form: str = "lstm"
    batch: int = 3
    timesteps: int = 5
    features: int = 4
    units: int = 6
    mask: str = "none"
    initial: bool = False
    use_bias: bool = True
    return_sequences: bool = False
    go_backwards: bool = False
    zero_output_for_mask: bool = False
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    dropout: str = "none"  # of "inputs", of "states", or of "both"
    dtype: str = "float64"
    seed: int = field(default=1, repr=False)

    def but(self, **changes: Any) -> Case:
        return replace(self, **changes)

    def operator(self, library: Any) -> Any:
        """`library` is the native module or the reference."""
        cell, reset_after = FORMS[self.form]
        return library.Recurrent(
            cell,
            self.units,
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            use_bias=self.use_bias,
            reset_after=reset_after,
            return_sequences=self.return_sequences,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
        )

    def data(self) -> Data:
        return Data(self)


class Data:
    """Inputs, weights and output gradients of a case. Every array is misaligned."""

    def __init__(self, case: Case) -> None:
        rng = np.random.default_rng(case.seed)
        batch, timesteps, features, units = case.batch, case.timesteps, case.features, case.units
        cell, reset_after = FORMS[case.form]
        gates, states = {"lstm": (4, 2), "gru": (3, 1), "simple_rnn": (1, 1)}[cell]
        bias_shape = (2, 3 * units) if cell == "gru" and reset_after else (gates * units,)

        def normal(*shape: int, scale: float = 1.0) -> Array:
            return misaligned((scale * rng.standard_normal(shape)).astype(case.dtype))

        self.x = normal(batch, timesteps, features)
        self.weights = [
            normal(features, gates * units, scale=features**-0.5),
            normal(units, gates * units, scale=units**-0.5),
            normal(*bias_shape, scale=0.5),
        ][: 3 if case.use_bias else 2]
        self.states = [normal(batch, units) for _ in range(states)] if case.initial else None
        self.mask = make_mask(case.mask, batch, timesteps, rng)
        self.dropout: dict[str, Any] = {}
        for name, kind, length in (("input", "inputs", features), ("state", "states", units)):
            if case.dropout in (kind, "both"):
                drawn = rng.random((batch, gates, length)) < 0.6
                self.dropout |= {f"{name}_dropout": drawn, f"{name}_rate": 0.4}
        self.d_y = normal(batch, timesteps, units) if case.return_sequences else normal(batch, units)
        self.d_states = [normal(batch, units) for _ in range(states)]


def misaligned(array: Array) -> Array:
    """A C-contiguous copy one element past an aligned address: kernels may not assume alignment."""
    buffer = np.empty(array.size + 1, array.dtype)
    buffer[1:] = array.ravel()
    return buffer[1:].reshape(array.shape)


def off_by_a_byte(array: Array) -> Array:
    """A C-contiguous copy whose address is no multiple of its elements' size."""
    buffer = np.zeros(array.nbytes + 1, np.uint8)
    buffer[1:] = array.ravel().view(np.uint8)
    return buffer[1:].view(array.dtype).reshape(array.shape)


def make_mask(kind: str, batch: int, timesteps: int, rng: np.random.Generator) -> Array | None:
    """bool [B, T], True where a step is real. Row lengths are mixed, empty and full rows among them."""
    if kind == "none":
        return None
    time, length = np.arange(timesteps), rng.integers(0, timesteps + 1, batch)[:, None]
    if kind == "left":
        return time >= timesteps - length
    if kind == "right":
        return time < length
    if kind == "nothing_real":
        return np.zeros((batch, timesteps), bool)
    return rng.random((batch, timesteps)) < 0.6


def run(library: Any, case: Case) -> dict[str, Array]:
    """Forward and backward of a case: every result by its name."""
    data, operator = case.data(), case.operator(library)
    y, states, kept = operator.forward(data.x, data.weights, data.states, data.mask, True, **data.dropout)
    d_x, d_weights, d_states = operator.backward(kept, data.d_y, data.d_states)
    results = {"y": y, "d_x": d_x}
    results |= dict(zip(("h", "c"), states, strict=False))
    results |= dict(zip(("d_kernel", "d_recurrent_kernel", "d_bias"), d_weights, strict=False))
    results |= dict(zip(("d_h0", "d_c0"), d_states, strict=False))
    return results


def assert_close(actual: dict[str, Array], expected: dict[str, Array], tolerance: float) -> None:
    """Within `tolerance` of the largest magnitude of each expected array, or of 1 if that is larger."""
    assert actual.keys() == expected.keys()
    for name, want in expected.items():
        assert actual[name].shape == want.shape, name
        scale = max(1.0, float(np.abs(want).max(initial=0)))
        np.testing.assert_allclose(actual[name], want, rtol=0, atol=tolerance * scale, err_msg=name)


def assert_same_bits(actual: Array, expected: Array, message: str = "") -> None:
    """Equal in every bit: NaN payloads and the sign of zero count."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    word = np.dtype(f"u{actual.dtype.itemsize}")
    same = np.ascontiguousarray(actual).view(word) == np.ascontiguousarray(expected).view(word)
    assert same.all(), f"{message}: {np.count_nonzero(~same)} of {same.size} elements differ"
