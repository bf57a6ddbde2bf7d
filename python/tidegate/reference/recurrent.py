"""The cells (one step and its gradient, side by side) and a layer of one over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tidegate.reference.activations import activate, activate_gradient
from tidegate.reference.arrays import Array, Arrays


class GateMasks(NamedTuple):
    """Dropout: what each gate multiplies the elements of its inputs [B, G, F] and states [B, G, U] by."""

    x: Array | None = None
    h: Array | None = None

    def of(self, rows: Array) -> GateMasks:
        return GateMasks(*(None if mask is None else mask[rows] for mask in self))


def product(rows: Array, matrix: Array, masks: Array | None) -> Array:
    """rows [B, n] . matrix [n, G U], where with masks [B, G, n] each gate has rows of its own."""
    if masks is None:
        return rows @ matrix
    gates = np.split(matrix, masks.shape[1], axis=-1)
    return np.concatenate([(rows * masks[:, g]) @ part for g, part in enumerate(gates)], axis=-1)


def product_gradient(rows: Array, matrix: Array, masks: Array | None, d: Array) -> tuple[Array, Array]:
    """d_rows and d_matrix of `product`."""
    if masks is None:
        return d @ matrix.T, rows.T @ d
    d_rows, d_matrix = np.zeros_like(rows), []
    gates = zip(np.split(matrix, masks.shape[1], axis=-1), np.split(d, masks.shape[1], axis=-1), strict=True)
    for g, (part, d_part) in enumerate(gates):
        d_rows += (d_part @ part.T) * masks[:, g]
        d_matrix.append((rows * masks[:, g]).T @ d_part)
    return d_rows, np.concatenate(d_matrix, axis=-1)


class Gates(NamedTuple):
    """What a step kept: everything its gradient reads. All [B, U] but x [B, F]."""

    x: Array
    state: Arrays
    before: Arrays  # the gates' sums
    after: Arrays  # the gates, activated
    extra: Arrays  # LSTM: the new c and its activation; GRU: the recurrent part of gate h; SimpleRNN: none
    masks: GateMasks


class LSTMCell:
    """c' = f c + i g and h' = o act(c'), where i, f, o = rec(a) and g = act(a) of the four parts of
    a = x . kernel + h . recurrent_kernel + bias (Hochreiter and Schmidhuber 1997, Gers et al. 2000)."""

    gates, states = 4, 2

    def __init__(self, activation: str, recurrent_activation: str) -> None:
        self.activation, self.recurrent_activation = activation, recurrent_activation

    def forward(self, x: Array, state: Arrays, weights: Arrays, masks: GateMasks) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        h, c = state
        sums = product(x, kernel, masks.x) + product(h, recurrent_kernel, masks.h) + bias
        before = np.split(sums, 4, axis=-1)
        i, f, o = (activate(self.recurrent_activation, before[k]) for k in (0, 1, 3))
        g = activate(self.activation, before[2])
        c_new = f * c + i * g
        s = activate(self.activation, c_new)
        return [o * s, c_new], Gates(x, state, before, [i, f, g, o], [c_new, s], masks)

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        (h, c), (i, f, g, o), (c_new, s) = kept.state, kept.after, kept.extra
        d_h, d_c = d_state
        d_c = d_c + activate_gradient(self.activation, c_new, s, d_h * o)
        rec, act = self.recurrent_activation, self.activation
        d_after = [d_c * g, d_c * c, d_c * i, d_h * s]
        parts = map(activate_gradient, [rec, rec, act, rec], kept.before, kept.after, d_after)
        d_gates = np.concatenate(list(parts), axis=-1)
        d_x, d_kernel = product_gradient(kept.x, kernel, kept.masks.x, d_gates)
        d_h, d_recurrent_kernel = product_gradient(h, recurrent_kernel, kept.masks.h, d_gates)
        return d_x, [d_h, d_c * f], [d_kernel, d_recurrent_kernel, d_gates.sum(axis=0)]


class GRUCell:
    """h' = z h + (1 - z) g, where z, r = rec(.) and the reset gate r acts on h before the recurrent product
    of g (Cho et al. 2014), or with `reset_after` on the product itself; bias is then [2, 3U], row 0 added to
    the input's part and row 1 to the recurrent part, otherwise [3U]."""

    gates, states = 3, 1

    def __init__(self, activation: str, recurrent_activation: str, reset_after: bool) -> None:
        self.activation, self.recurrent_activation = activation, recurrent_activation
        self.reset_after = reset_after

    def forward(self, x: Array, state: Arrays, weights: Arrays, masks: GateMasks) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        (h,), units = state, recurrent_kernel.shape[0]
        from_x, from_h = product(x, kernel, masks.x), product(h, recurrent_kernel, masks.h)
        x_z, x_r, x_h = np.split(from_x + (bias[0] if self.reset_after else bias), 3, axis=-1)
        h_z, h_r, h_h = np.split(from_h + (bias[1] if self.reset_after else 0), 3, axis=-1)
        z = activate(self.recurrent_activation, x_z + h_z)
        r = activate(self.recurrent_activation, x_r + h_r)
        of_h = None if masks.h is None else masks.h[:, 2:]
        a = x_h + (r * h_h if self.reset_after else product(r * h, recurrent_kernel[:, 2 * units :], of_h))
        g = activate(self.activation, a)
        return [z * h + (1 - z) * g], Gates(x, state, [x_z + h_z, x_r + h_r, a], [z, r, g], [h_h], masks)

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        (h,), (z, r, g), (h_h,), (d_h_new,) = kept.state, kept.after, kept.extra, d_state
        units = recurrent_kernel.shape[0]
        masks = kept.masks
        of_h = None if masks.h is None else masks.h[:, 2:]
        d_a = activate_gradient(self.activation, kept.before[2], g, d_h_new * (1 - z))
        if self.reset_after:
            d_r = d_a * h_h
        else:
            d_reset_h, d_recurrent_h = product_gradient(r * h, recurrent_kernel[:, 2 * units :], of_h, d_a)
            d_r = d_reset_h * h
        d_zr = np.concatenate(
            [
                activate_gradient(self.recurrent_activation, kept.before[0], z, d_h_new * (h - g)),
                activate_gradient(self.recurrent_activation, kept.before[1], r, d_r),
            ],
            axis=-1,
        )
        d_gates = np.concatenate([d_zr, d_a], axis=-1)  # of the input's part
        if self.reset_after:
            d_recurrent = np.concatenate([d_zr, d_a * r], axis=-1)
            d_h, d_recurrent_kernel = product_gradient(h, recurrent_kernel, masks.h, d_recurrent)
            d_bias = np.stack([d_gates.sum(axis=0), d_recurrent.sum(axis=0)])
        else:
            of_zr = None if masks.h is None else masks.h[:, :2]
            d_h, d_recurrent_zr = product_gradient(h, recurrent_kernel[:, : 2 * units], of_zr, d_zr)
            d_h = d_h + d_reset_h * r
            d_recurrent_kernel = np.concatenate([d_recurrent_zr, d_recurrent_h], axis=-1)
            d_bias = d_gates.sum(axis=0)
        d_x, d_kernel = product_gradient(kept.x, kernel, masks.x, d_gates)
        return d_x, [d_h_new * z + d_h], [d_kernel, d_recurrent_kernel, d_bias]


class SimpleRNNCell:
    """h' = act(x . kernel + h . recurrent_kernel + bias) (Elman 1990)."""

    gates, states = 1, 1

    def __init__(self, activation: str) -> None:
        self.activation = activation

    def forward(self, x: Array, state: Arrays, weights: Arrays, masks: GateMasks) -> tuple[Arrays, Gates]:
        kernel, recurrent_kernel, bias = weights
        a = product(x, kernel, masks.x) + product(state[0], recurrent_kernel, masks.h) + bias
        h_new = activate(self.activation, a)
        return [h_new], Gates(x, state, [a], [h_new], [], masks)

    def backward(self, kept: Gates, d_state: Arrays, weights: Arrays) -> tuple[Array, Arrays, Arrays]:
        kernel, recurrent_kernel, _ = weights
        d_a = activate_gradient(self.activation, kept.before[0], kept.after[0], d_state[0])
        d_x, d_kernel = product_gradient(kept.x, kernel, kept.masks.x, d_a)
        d_h, d_recurrent_kernel = product_gradient(kept.state[0], recurrent_kernel, kept.masks.h, d_a)
        return d_x, [d_h], [d_kernel, d_recurrent_kernel, d_a.sum(axis=0)]


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
        input_dropout: Array | None = None,
        input_rate: float = 0.0,
        state_dropout: Array | None = None,
        state_rate: float = 0.0,
    ) -> tuple[Array, Arrays, RecurrentKept | None]:
        """x [B, T, F] -> y [B, U] or [B, T, U], the final states [B, U] each, what backward needs.
        Dropout bool [B, G, F] and [B, G, U], True where an element stays."""
        batch, timesteps, _ = x.shape
        three = [*weights] if self.use_bias else [*weights, np.zeros(self.bias_shape, x.dtype)]
        zeros = np.zeros((batch, self.units), x.dtype)
        state = [zeros.copy() if states is None else states[k].copy() for k in range(self.cell.states)]
        pairs = ((input_dropout, input_rate), (state_dropout, state_rate))
        masks = GateMasks(*(None if drawn is None else drawn / (1 - rate) for drawn, rate in pairs))
        output, outputs, steps = zeros.copy(), np.zeros((batch, timesteps, self.units), x.dtype), []
        for place, t in enumerate(self._times(timesteps)):
            real = np.ones(batch, bool) if mask is None else mask[:, t]
            new, kept = self.cell.forward(x[real, t], [s[real] for s in state], three, masks.of(real))
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
