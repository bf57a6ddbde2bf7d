"""The equations of Tidegate in plain NumPy: the specification that the native kernels are tested against.

Everything here has the name, the arguments and the results of its native twin in `tidegate._core`, each
forward stands beside its backward, and the dtype is the one given (float64 is what it is for). Nothing here
is fast, nothing in the package computes with it, and importing `tidegate` does not load it.

Shapes: `B` batch, `T` timesteps, `F` features, `U` units, `G` gates (LSTM 4: i f c o, GRU 3: z r h,
SimpleRNN 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Arrays = list[Array]

# ---- activations ---------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))  # never overflows
    y: Array = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return y


def elu(x: Array) -> Array:
    y: Array = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return y


def softplus(x: Array) -> Array:
    y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


def erf(x: Array) -> Array:
    y: Array = np.vectorize(math.erf, otypes=[x.dtype])(x)
    return y


def hard_sigmoid(x: Array) -> Array:
    y: Array = np.clip(x + 3, 0, 6) / 6
    return y


def softmax(x: Array) -> Array:
    powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def log_softmax(x: Array) -> Array:
    y: Array = x - x.max(axis=-1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
Pointwise = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]

# name: (y of x, dy/dx of x and y). Of Keras's names these are missing: `glu` halves the width, `threshold`
# needs arguments, and the `sparsemax` of Keras 3.15 is not the published one.
POINTWISE: dict[str, Pointwise] = {
    "linear": (lambda x: x.copy(), lambda x, y: np.ones_like(x)),
    "sigmoid": (sigmoid, lambda x, y: y * (1 - y)),
    "tanh": (np.tanh, lambda x, y: 1 - y * y),
    "relu": (lambda x: np.maximum(x, 0), lambda x, y: x > 0),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x, y: (x > 0) & (x < 6)),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x, y: np.where(x > 0, np.ones_like(x), 0.2)),
    "elu": (elu, lambda x, y: np.where(x > 0, 1, y + 1)),
    "celu": (elu, lambda x, y: np.where(x > 0, 1, y + 1)),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x, y: np.where(x > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA),
    ),
    "exponential": (np.exp, lambda x, y: y),
    "softplus": (softplus, lambda x, y: sigmoid(x)),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x, y: 1 / (1 + np.abs(x)) ** 2),
    "squareplus": (lambda x: (x + np.sqrt(x * x + 4)) / 2, lambda x, y: (1 + x / np.sqrt(x * x + 4)) / 2),
    "silu": (lambda x: x * sigmoid(x), lambda x, y: sigmoid(x) + y * (1 - sigmoid(x))),
    "gelu": (
        lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
        lambda x, y: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
    "mish": (
        lambda x: x * np.tanh(softplus(x)),
        lambda x, y: np.tanh(softplus(x)) + x * sigmoid(x) * (1 - np.tanh(softplus(x)) ** 2),
    ),
    "log_sigmoid": (lambda x: -softplus(-x), lambda x, y: sigmoid(-x)),
    "hard_sigmoid": (hard_sigmoid, lambda x, y: np.where((x > -3) & (x < 3), np.ones_like(x) / 6, 0)),
    "hard_silu": (
        lambda x: x * hard_sigmoid(x),
        lambda x, y: np.where((x > -3) & (x < 3), x / 3 + 0.5, np.where(x > 0, np.ones_like(x), 0)),
    ),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), lambda x, y: np.abs(x) <= 1),
    "tanh_shrink": (lambda x: x - np.tanh(x), lambda x, y: np.tanh(x) ** 2),
    "hard_shrink": (lambda x: np.where(np.abs(x) <= 0.5, 0, x), lambda x, y: np.abs(x) > 0.5),
    "soft_shrink": (lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), lambda x, y: np.abs(x) > 0.5),
    "sparse_plus": (
        lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
        lambda x, y: np.clip((x + 1) / 2, 0, 1),
    ),
    "sparse_sigmoid": (lambda x: np.clip((x + 1) / 2, 0, 1), lambda x, y: (np.abs(x) < 1) / 2),
}

# name: (y of x, d_x of y and d_y), over the last axis.
ROWWISE: dict[str, Pointwise] = {
    "softmax": (softmax, lambda y, d_y: y * (d_y - np.sum(y * d_y, axis=-1, keepdims=True))),
    "log_softmax": (log_softmax, lambda y, d_y: d_y - np.exp(y) * np.sum(d_y, axis=-1, keepdims=True)),
}


def activation_names() -> list[str]:
    return [*POINTWISE, *ROWWISE]


def activate(name: str, x: Array) -> Array:
    """y [...] of x [...]."""
    function, _ = POINTWISE.get(name) or ROWWISE[name]
    return function(x).astype(x.dtype, copy=False)


def activate_gradient(name: str, x: Array, y: Array, d_y: Array) -> Array:
    """d_x [...] from the input x, the output y and d_y."""
    if name in ROWWISE:
        return ROWWISE[name][1](y, d_y).astype(x.dtype, copy=False)
    return (d_y * POINTWISE[name][1](x, y)).astype(x.dtype, copy=False)


def log(x: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


# ---- cells: one step, its gradient ---------------------------------------------------------------


class Gates(NamedTuple):
    """What a step kept: everything its gradient reads. All [B, U] but x [B, F]."""

    x: Array
    state: Arrays
    before: Arrays  # the gates' sums
    after: Arrays  # the gates, activated
    extra: Arrays  # LSTM: the new c and its activation; GRU: the recurrent part of gate h; SimpleRNN: none


class LSTMCell:
    """c' = f c + i g and h' = o act(c'), where i, f, o = rec(a) and g = act(a) of the four parts of
    a = x . kernel + h . recurrent_kernel + bias (Hochreiter and Schmidhuber 1997, Gers et al. 2000)."""

    gates, states = 4, 2

    def __init__(self, activation: str, recurrent_activation: str) -> None:
        self.activation, self.recurrent_activation = activation, recurrent_activation

    def forward(self, x: Array, state: Arrays, weights: Arrays) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        h, c = state
        before = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
        i, f, o = (activate(self.recurrent_activation, before[k]) for k in (0, 1, 3))
        g = activate(self.activation, before[2])
        c_new = f * c + i * g
        s = activate(self.activation, c_new)
        return [o * s, c_new], Gates(x, state, before, [i, f, g, o], [c_new, s])

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        (h, c), (i, f, g, o), (c_new, s) = kept.state, kept.after, kept.extra
        d_h, d_c = d_state
        d_c = d_c + activate_gradient(self.activation, c_new, s, d_h * o)
        rec, act = self.recurrent_activation, self.activation
        d_after = [d_c * g, d_c * c, d_c * i, d_h * s]
        parts = map(activate_gradient, [rec, rec, act, rec], kept.before, kept.after, d_after)
        d_gates = np.concatenate(list(parts), axis=-1)
        d_weights = [kept.x.T @ d_gates, h.T @ d_gates, d_gates.sum(axis=0)]
        return d_gates @ kernel.T, [d_gates @ recurrent_kernel.T, d_c * f], d_weights


class GRUCell:
    """h' = z h + (1 - z) g, where z, r = rec(.) and the reset gate r acts on h before the recurrent product
    of g (Cho et al. 2014), or with `reset_after` on the product itself; bias is then [2, 3U], row 0 added to
    the input's part and row 1 to the recurrent part, otherwise [3U]."""

    gates, states = 3, 1

    def __init__(self, activation: str, recurrent_activation: str, reset_after: bool) -> None:
        self.activation, self.recurrent_activation = activation, recurrent_activation
        self.reset_after = reset_after

    def forward(self, x: Array, state: Arrays, weights: Arrays) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        (h,), units = state, recurrent_kernel.shape[0]
        x_z, x_r, x_h = np.split(x @ kernel + (bias[0] if self.reset_after else bias), 3, axis=-1)
        h_z, h_r, h_h = np.split(h @ recurrent_kernel + (bias[1] if self.reset_after else 0), 3, axis=-1)
        z = activate(self.recurrent_activation, x_z + h_z)
        r = activate(self.recurrent_activation, x_r + h_r)
        a = x_h + (r * h_h if self.reset_after else (r * h) @ recurrent_kernel[:, 2 * units :])
        g = activate(self.activation, a)
        return [z * h + (1 - z) * g], Gates(x, state, [x_z + h_z, x_r + h_r, a], [z, r, g], [h_h])

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        (h,), (z, r, g), (h_h,), (d_h_new,) = kept.state, kept.after, kept.extra, d_state
        units = recurrent_kernel.shape[0]
        recurrent_h = recurrent_kernel[:, 2 * units :]
        d_a = activate_gradient(self.activation, kept.before[2], g, d_h_new * (1 - z))
        d_r = d_a * h_h if self.reset_after else (d_a @ recurrent_h.T) * h
        d_zr = np.concatenate(
            [
                activate_gradient(self.recurrent_activation, kept.before[0], z, d_h_new * (h - g)),
                activate_gradient(self.recurrent_activation, kept.before[1], r, d_r),
            ],
            axis=-1,
        )
        d_gates = np.concatenate([d_zr, d_a], axis=-1)  # of the input's part
        d_h = d_h_new * z + d_zr @ recurrent_kernel[:, : 2 * units].T
        if self.reset_after:
            d_recurrent = np.concatenate([d_zr, d_a * r], axis=-1)
            d_h = d_h + (d_a * r) @ recurrent_h.T
            d_recurrent_kernel = h.T @ d_recurrent
            d_bias = np.stack([d_gates.sum(axis=0), d_recurrent.sum(axis=0)])
        else:
            d_h = d_h + (d_a @ recurrent_h.T) * r
            d_recurrent_kernel = np.concatenate([h.T @ d_zr, (r * h).T @ d_a], axis=-1)
            d_bias = d_gates.sum(axis=0)
        return d_gates @ kernel.T, [d_h], [kept.x.T @ d_gates, d_recurrent_kernel, d_bias]


class SimpleRNNCell:
    """h' = act(x . kernel + h . recurrent_kernel + bias) (Elman 1990)."""

    gates, states = 1, 1

    def __init__(self, activation: str) -> None:
        self.activation = activation

    def forward(self, x: Array, state: Arrays, weights: Arrays) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        a = x @ kernel + state[0] @ recurrent_kernel + bias
        h_new = activate(self.activation, a)
        return [h_new], Gates(x, state, [a], [h_new], [])

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        d_a = activate_gradient(self.activation, kept.before[0], kept.after[0], d_state[0])
        d_weights = [kept.x.T @ d_a, kept.state[0].T @ d_a, d_a.sum(axis=0)]
        return d_a @ kernel.T, [d_a @ recurrent_kernel.T], d_weights


# ---- a layer over time ---------------------------------------------------------------------------


class RecurrentKept(NamedTuple):
    shape: tuple[int, ...]  # of x
    weights: Arrays
    steps: list[tuple[int, Array, Gates]]  # time, its real rows, what the cell kept; in processing order


class Recurrent:
    """A cell over time. A masked step carries the state and repeats the previous output, which is zeros
    before the first real step (whatever the initial state), or gives zeros with `zero_output_for_mask`.
    `go_backwards` processes, and returns, the last time first."""

    def __init__(
        self,
        cell: str,
        units: int,
        *,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        use_bias: bool = True,
        reset_after: bool = True,
        return_sequences: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> None:
        self.cell: LSTMCell | GRUCell | SimpleRNNCell
        if cell == "lstm":
            self.cell = LSTMCell(activation, recurrent_activation)
        elif cell == "gru":
            self.cell = GRUCell(activation, recurrent_activation, reset_after)
        else:
            self.cell = SimpleRNNCell(activation)
        width = self.cell.gates * units
        self.bias_shape = (2, width) if cell == "gru" and reset_after else (width,)
        self.units, self.use_bias, self.return_sequences = units, use_bias, return_sequences
        self.go_backwards, self.zero_output_for_mask = go_backwards, zero_output_for_mask

    def forward(
        self,
        x: Array,
        weights: Sequence[Array],
        states: Sequence[Array] | None = None,
        mask: Array | None = None,
        keep: bool = False,
    ) -> tuple[Array, Arrays, RecurrentKept | None]:
        """x [B, T, F] -> y [B, U] or [B, T, U], the final states [B, U] each, what backward needs."""
        batch, timesteps, _ = x.shape
        three = [*weights] if self.use_bias else [*weights, np.zeros(self.bias_shape, x.dtype)]
        zeros = np.zeros((batch, self.units), x.dtype)
        state = [zeros.copy() if states is None else states[k].copy() for k in range(self.cell.states)]
        output, outputs, steps = zeros.copy(), np.zeros((batch, timesteps, self.units), x.dtype), []
        for place, t in enumerate(self._times(timesteps)):
            real = np.ones(batch, bool) if mask is None else mask[:, t]
            new, kept = self.cell.forward(x[real, t], [s[real] for s in state], three)
            for s, n in zip(state, new, strict=True):
                s[real] = n
            if self.zero_output_for_mask:
                output[:] = 0
            output[real] = new[0]
            outputs[:, place] = output
            steps.append((t, real, kept))
        y = outputs if self.return_sequences else output
        return y, state, RecurrentKept(x.shape, three, steps) if keep else None

    def backward(
        self,
        kept: RecurrentKept,
        d_y: Array | None = None,
        d_states: Sequence[Array | None] | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays, Arrays]:
        """d_y like y, d_states like the final states (None: zeros) -> d_x, d_weights, initial d_states."""
        (batch, timesteps, _), weights = kept.shape, kept.weights
        zeros = np.zeros((batch, self.units), weights[0].dtype)
        given = [None] * self.cell.states if d_states is None else d_states
        d_state = [zeros.copy() if d is None else d.copy() for d in given]
        d_x, d_weights = np.zeros(kept.shape, zeros.dtype), [np.zeros_like(w) for w in weights]
        d_output = zeros.copy()  # reaching this step's output from later, masked steps that repeat it
        for place in reversed(range(timesteps)):
            t, real, gates = kept.steps[place]
            if d_y is not None and self.return_sequences:
                d_output += d_y[:, place]
            elif d_y is not None and place == timesteps - 1:
                d_output += d_y
            d_new = [d[real] for d in d_state]
            d_new[0] = d_new[0] + d_output[real]
            d_x[real, t], d_old, d_w = self.cell.backward(gates, d_new, weights)
            for d, old in zip(d_state, d_old, strict=True):
                d[real] = old
            for total, part in zip(d_weights, d_w, strict=True):
                total += part
            d_output[real] = 0
            if self.zero_output_for_mask:
                d_output[:] = 0
        return d_x if need_d_x else None, d_weights if self.use_bias else d_weights[:2], d_state

    def _times(self, timesteps: int) -> list[int]:
        return list(range(timesteps))[:: -1 if self.go_backwards else 1]


# ---- dense ---------------------------------------------------------------------------------------


class DenseKept(NamedTuple):
    x: Array
    kernel: Array
    before: Array
    y: Array


class Dense:
    """y = act(x . kernel + bias) over the last axis."""

    def __init__(self, units: int, *, activation: str = "linear", use_bias: bool = True) -> None:
        self.units, self.activation, self.use_bias = units, activation, use_bias

    def forward(
        self, x: Array, weights: Sequence[Array], keep: bool = False
    ) -> tuple[Array, DenseKept | None]:
        """x [..., F] -> y [..., U]."""
        before = x @ weights[0] + (weights[1] if self.use_bias else 0)
        y = activate(self.activation, before)
        return y, DenseKept(x, weights[0], before, y) if keep else None

    def backward(self, kept: DenseKept, d_y: Array, need_d_x: bool = True) -> tuple[Array | None, Arrays]:
        """d_y [..., U] -> d_x [..., F], d_weights."""
        d_before = activate_gradient(self.activation, kept.before, kept.y, d_y)
        features, units = kept.kernel.shape
        rows, d_rows = kept.x.reshape(-1, features), d_before.reshape(-1, units)
        d_weights = [rows.T @ d_rows, d_rows.sum(axis=0)]
        d_x = d_before @ kept.kernel.T if need_d_x else None
        return d_x, d_weights if self.use_bias else d_weights[:1]


# ---- convolution ---------------------------------------------------------------------------------


class Conv1D:
    """y[w] = act(sum over taps of x[w strides + tap dilation_rate - before] . kernel[tap] + bias), with zeros
    beyond the sequence; of the features that are in the group of a filter."""

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        strides: int = 1,
        padding: str = "valid",
        dilation_rate: int = 1,
        groups: int = 1,
        activation: str = "linear",
        use_bias: bool = True,
    ) -> None:
        self.filters, self.kernel_size, self.strides, self.padding = filters, kernel_size, strides, padding
        self.dilation_rate, self.groups = dilation_rate, groups
        self.activation, self.use_bias = activation, use_bias

    def padded(self, timesteps: int) -> tuple[int, int]:
        """Steps before and behind the sequence; `same` puts half of them, rounded down, before it."""
        span = (self.kernel_size - 1) * self.dilation_rate + 1
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return span - 1, 0
        missing = max(0, (-(-timesteps // self.strides) - 1) * self.strides + span - timesteps)
        return missing // 2, missing - missing // 2

    def taps(self, padded: Array) -> list[Array]:
        """Views [B, windows, F] of the steps that each tap meets."""
        last = padded.shape[1] - (self.kernel_size - 1) * self.dilation_rate
        starts = [tap * self.dilation_rate for tap in range(self.kernel_size)]
        return [padded[:, start : start + last : self.strides] for start in starts]

    def in_groups(self, rows: Array) -> Array:
        """[..., F] as [..., G, F / G]."""
        return rows.reshape(*rows.shape[:-1], self.groups, rows.shape[-1] // self.groups)

    def forward(self, x: Array, weights: Sequence[Array], keep: bool = False) -> tuple[Array, Array | None]:
        """x [B, T, F] -> y [B, windows, filters], and what the activation was applied to."""
        padded = np.pad(x, ((0, 0), self.padded(x.shape[1]), (0, 0)))
        kernel = self.in_groups(weights[0])
        products = [
            np.einsum("bwgf,fgu->bwgu", self.in_groups(rows), kernel[tap])
            for tap, rows in enumerate(self.taps(padded))
        ]
        before = sum(products).reshape(*products[0].shape[:2], self.filters)
        if self.use_bias:
            before = before + weights[1]
        return activate(self.activation, before), before if keep and self.activation != "linear" else None

    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        sums: Array | None,
        y: Array,
        d_y: Array,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays]:
        """d_y [B, windows, filters] -> d_x [B, T, F], d_weights."""
        d_sums = d_y if sums is None else activate_gradient(self.activation, sums, y, d_y)
        before, behind = self.padded(x.shape[1])
        padded = np.pad(x, ((0, 0), (before, behind), (0, 0)))
        d_padded, kernel, d_groups = np.zeros_like(padded), self.in_groups(weights[0]), self.in_groups(d_sums)
        d_kernel = np.zeros_like(kernel)
        for tap, (rows, d_rows) in enumerate(zip(self.taps(padded), self.taps(d_padded), strict=True)):
            d_kernel[tap] = np.einsum("bwgf,bwgu->fgu", self.in_groups(rows), d_groups)
            d_rows += np.einsum("bwgu,fgu->bwgf", d_groups, kernel[tap]).reshape(d_rows.shape)
        d_weights = [d_kernel.reshape(weights[0].shape), d_sums.sum(axis=(0, 1))]
        d_x = d_padded[:, before : before + x.shape[1]] if need_d_x else None
        return d_x, d_weights if self.use_bias else d_weights[:1]


# ---- layers around the recurrent ones ------------------------------------------------------------


class Activation:
    def __init__(self, name: str) -> None:
        self.name = name

    def forward(self, x: Array) -> Array:
        return activate(self.name, x)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return activate_gradient(self.name, x, y, d_y)


class RepeatVector:
    """x [B, F] -> y [B, n, F]"""

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Array) -> Array:
        return np.repeat(x[:, None], self.n, axis=1)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x: Array = d_y.sum(axis=1)
        return d_x


class Permute:
    """Axis 1 + i of y is axis dims[i] of x."""

    def __init__(self, dims: Sequence[int]) -> None:
        self.axes = (0, *dims)

    def forward(self, x: Array) -> Array:
        return x.transpose(self.axes)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return d_y.transpose(np.argsort(self.axes))


class Masking:
    """x [B, T, F] -> y [B, T, F], with zeros in steps whose features all equal mask_value."""

    def __init__(self, mask_value: float = 0.0) -> None:
        self.mask_value = mask_value

    def mask(self, x: Array) -> Array:
        """bool [B, T]"""
        counts: Array = (x != x.dtype.type(self.mask_value)).any(axis=-1)
        return counts

    def forward(self, x: Array) -> Array:
        return np.where(self.mask(x)[..., None], x, 0)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return np.where(self.mask(x)[..., None], d_y, 0)


class Embedding:
    """ids x [...] -> y [..., D], rows of embeddings [input_dim, D]."""

    def __init__(self, input_dim: int, output_dim: int, mask_zero: bool = False) -> None:
        self.input_dim, self.output_dim, self.mask_zero = input_dim, output_dim, mask_zero

    def mask(self, x: Array) -> Array | None:
        """bool [B, T]"""
        return x != 0 if self.mask_zero else None

    def forward(self, x: Array, weights: Sequence[Array]) -> Array:
        y: Array = weights[0][x.astype(np.int64)]
        return y

    def backward(self, x: Array, d_y: Array) -> Array:
        d_embeddings = np.zeros((self.input_dim, self.output_dim), d_y.dtype)
        for at in np.ndindex(x.shape):
            d_embeddings[int(x[at])] += d_y[at]
        return d_embeddings


class Pooling1D:
    """x [B, T, F] -> y [B, windows, F]"""

    def __init__(self, pool_size: int, strides: int, same: bool) -> None:
        self.pool_size, self.strides, self.same = pool_size, strides, same

    def windows(self, timesteps: int) -> list[slice]:
        """`same` puts half of what is missing, rounded down, before the sequence."""
        if not self.same:
            starts = list(range(0, timesteps - self.pool_size + 1, self.strides))
        else:
            count = -(-timesteps // self.strides)
            missing = max(0, (count - 1) * self.strides + self.pool_size - timesteps)
            starts = [window * self.strides - missing // 2 for window in range(count)]
        return [slice(max(0, start), start + self.pool_size) for start in starts]


class MaxPooling1D(Pooling1D):
    """The first of equal maxima has the gradient."""

    def forward(self, x: Array) -> Array:
        found = [x[:, window].max(axis=1) for window in self.windows(x.shape[1])]
        return np.stack(found, axis=1) if found else np.empty_like(x[:, :0])

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x = np.zeros_like(x)
        rows, features = np.ogrid[: x.shape[0], : x.shape[2]]
        for place, window in enumerate(self.windows(x.shape[1])):
            d_x[rows, window.start + x[:, window].argmax(axis=1), features] += d_y[:, place]
        return d_x


class AveragePooling1D(Pooling1D):
    """Of the steps of a window that are in the sequence."""

    def forward(self, x: Array) -> Array:
        found = [x[:, window].mean(axis=1) for window in self.windows(x.shape[1])]
        return np.stack(found, axis=1) if found else np.empty_like(x[:, :0])

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x = np.zeros_like(x)
        for place, window in enumerate(self.windows(x.shape[1])):
            steps = d_x[:, window]
            steps += d_y[:, place, None] / steps.shape[1]
        return d_x


class GlobalMaxPooling1D:
    """x [B, T, F] -> y [B, F] or [B, 1, F]; equal maxima share the gradient."""

    def __init__(self, keepdims: bool = False) -> None:
        self.keepdims = keepdims

    def forward(self, x: Array) -> Array:
        y: Array = x.max(axis=1, keepdims=self.keepdims)
        return y

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        hits = x == y.reshape(x[:, :1].shape)
        d_x: Array = hits * (d_y.reshape(x[:, :1].shape) / hits.sum(axis=1, keepdims=True))
        return d_x


class GlobalAveragePooling1D:
    """x [B, T, F] -> y [B, F] or [B, 1, F], of the steps that mask [B, T] leaves."""

    def __init__(self, keepdims: bool = False) -> None:
        self.keepdims = keepdims

    def forward(self, x: Array, mask: Array | None = None) -> Array:
        real = self._real(x.shape, mask)
        y: Array = np.where(real, x, 0).sum(axis=1, keepdims=True) / real.sum(axis=1, keepdims=True)
        return y if self.keepdims else y[:, 0]

    def backward(self, shape: Sequence[int], d_y: Array, mask: Array | None = None) -> Array:
        real = self._real(shape, mask)
        d_x: Array = np.where(real, d_y.reshape(shape[0], 1, shape[2]) / real.sum(axis=1, keepdims=True), 0)
        return d_x

    def _real(self, shape: Sequence[int], mask: Array | None) -> Array:
        """bool [B, T, 1]"""
        return np.ones((*shape[:2], 1), bool) if mask is None else mask[:, :, None]


class LayerNormalization:
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments over the last axis."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None:
        self.epsilon, self.center, self.scale = epsilon, center, scale

    def forward(self, x: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
        """x [..., F] -> y, moments [N, 2]: mean and 1 / sqrt(variance + epsilon)."""
        mean = x.mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt(np.square(x - mean).mean(axis=-1, keepdims=True) + self.epsilon)
        y = (x - mean) * inverse
        if self.scale:
            y = y * weights[0]
        if self.center:
            y = y + weights[-1]
        return y, np.concatenate([mean, inverse], axis=-1).reshape(-1, 2)

    def backward(
        self, x: Array, moments: Array, weights: Sequence[Array], d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Arrays]:
        mean, inverse = (moments[:, k].reshape(*x.shape[:-1], 1) for k in (0, 1))
        x_hat = (x - mean) * inverse
        over_rows = tuple(range(x.ndim - 1))
        d_weights = [(d_y * x_hat).sum(axis=over_rows)] * self.scale + [d_y.sum(axis=over_rows)] * self.center
        g = d_y * weights[0] if self.scale else d_y
        d_x = inverse * (
            g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)
        )
        return d_x if need_d_x else None, d_weights


class BatchNormalization:
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each feature."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None:
        self.epsilon, self.center, self.scale = epsilon, center, scale

    def moments(self, x: Array, mask: Array | None = None) -> tuple[Array, Array]:
        """Mean [F] and variance [F] of x [..., F] where mask [...] is True."""
        rows = x.reshape(-1, x.shape[-1]) if mask is None else x[mask]
        return rows.mean(axis=0), rows.var(axis=0)

    def forward(self, x: Array, weights: Sequence[Array]) -> Array:
        """weights: gamma and beta as there are, mean, variance, all [F]."""
        y = (x - weights[-2]) / np.sqrt(weights[-1] + self.epsilon)
        if self.scale:
            y = y * weights[0]
        return y + weights[int(self.scale)] if self.center else y

    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        d_y: Array,
        of_batch: bool,
        mask: Array | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays]:
        """`of_batch`: the moments hang on the steps of x that mask leaves; else they are constants."""
        inverse = 1 / np.sqrt(weights[-1] + self.epsilon)
        x_hat = (x - weights[-2]) * inverse
        over_rows = tuple(range(x.ndim - 1))
        d_gamma, d_beta = (d_y * x_hat).sum(axis=over_rows), d_y.sum(axis=over_rows)
        through_moments = np.zeros_like(x)
        if of_batch:
            real = np.ones(x.shape[:-1], bool) if mask is None else mask
            through_moments = real[..., None] * (d_beta + x_hat * d_gamma) / max(1, real.sum())
        d_x = (weights[0] if self.scale else 1) * inverse * (d_y - through_moments)
        return d_x if need_d_x else None, [d_gamma] * self.scale + [d_beta] * self.center


def philox(counter: Sequence[Array], key: Sequence[Array]) -> Arrays:
    """Philox4x32-10 (Salmon et al., SC 2011): four words of 32 bits, held in uint64, from four and two."""
    low = np.uint64(0xFFFFFFFF)
    a, b, c, d = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.asarray(word, np.uint64) for word in key)
    for _ in range(10):
        first, second = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (
            second >> np.uint64(32) ^ b ^ k0,
            second & low,
            first >> np.uint64(32) ^ d ^ k1,
            first & low,
        )
        k0, k1 = k0 + np.uint64(0x9E3779B9) & low, k1 + np.uint64(0xBB67AE85) & low
    return [a, b, c, d]


def dropout_mask(
    shape: Sequence[int], rate: float, *, seed: int, node: int, iteration: int, rows: Array | None = None
) -> Array:
    """Element e of row r is word e % 4 of the block counted (e / 4, r), whose key is the block counted
    (iteration, node) under the seed; it stays if the word is not below rate * 2^32."""

    def halves(number: Any) -> Arrays:
        wide = np.asarray(number, np.uint64)
        return [wide & np.uint64(0xFFFFFFFF), wide >> np.uint64(32)]

    key = philox([*halves(iteration), *halves(node)], halves(seed))[:2]
    row = np.arange(shape[0]) if rows is None else rows
    element = np.arange(math.prod(shape[1:]))
    counts = np.broadcast_arrays(*halves(element[None] // 4), *halves(row[:, None]))
    words = np.choose(element[None] % 4, philox(counts, key))
    return (words >= np.uint64(rate * 2.0**32)).reshape(shape)


def apply_dropout(x: Array, mask: Array, rate: float) -> Array:
    return np.where(mask, x / (1 - rate) if rate < 1 else x, 0)


# ---- optimizers: a new weight is returned, slots change in place ---------------------------------


def sgd_update(
    w: Array, g: Array, momentum_slot: Array | None, *, learning_rate: float, momentum: float, nesterov: bool
) -> Array:
    if momentum_slot is None:
        return w - learning_rate * g
    momentum_slot[...] = momentum * momentum_slot - learning_rate * g
    return w + (momentum * momentum_slot - learning_rate * g if nesterov else momentum_slot)


def rmsprop_update(
    w: Array,
    g: Array,
    velocity: Array,
    momentum_slot: Array | None,
    average: Array | None,
    *,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> Array:
    """`average` not None: centered, the variance of the gradient instead of its mean square."""
    velocity[...] = rho * velocity + (1 - rho) * g * g
    variance = velocity
    if average is not None:
        average[...] = rho * average + (1 - rho) * g
        variance = velocity - average * average
    increment = learning_rate * g / np.sqrt(variance + epsilon)
    if momentum_slot is None:
        return w - increment
    momentum_slot[...] = momentum * momentum_slot + increment
    return w - momentum_slot


def adam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_hat: Array | None,
    *,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Array:
    """`alpha` is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t); `v_hat` not None: AMSGrad."""
    m[...] = m + (g - m) * (1 - beta_1)
    v[...] = v + (g * g - v) * (1 - beta_2)
    if v_hat is not None:
        v_hat[...] = np.maximum(v_hat, v)
        v = v_hat
    return w - alpha * m / (np.sqrt(v) + epsilon)
