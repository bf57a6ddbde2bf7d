"""An LSTM whose products are convolutions over the positions of a timestep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tidegate.reference.activations import activate, activate_gradient
from tidegate.reference.arrays import Array, Arrays
from tidegate.reference.convolution import Conv1D


class _Step(NamedTuple):
    time: int
    real: Array  # bool [B]; what follows is of these rows alone
    inputs: Arrays  # of the two convolutions
    scale: Array | None
    sums: Arrays  # i, f, c, o
    gates: Arrays
    c: Array
    new_c: Array
    squashed: Array


class ConvLSTM1D:
    """As `Recurrent`, of x [B, T, positions, F]: z = conv(x[t], kernel) + conv(h, recurrent_kernel) + bias,
    where the second one has stride 1 and as many windows as states.

    With dropout each gate has inputs of its own: x then is [B, T, positions, 4 F].
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        strides: int = 1,
        padding: str = "valid",
        dilation_rate: int = 1,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        use_bias: bool = True,
        return_sequences: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> None:
        self.filters, self.kernel_size, self.use_bias = filters, kernel_size, use_bias
        self.strides, self.padding, self.dilation_rate = strides, padding, dilation_rate
        self.activations = [recurrent_activation, recurrent_activation, activation, recurrent_activation]
        self.return_sequences, self.go_backwards = return_sequences, go_backwards
        self.zero_output_for_mask = zero_output_for_mask

    def input(self, groups: int) -> Conv1D:
        return Conv1D(
            4 * self.filters, self.kernel_size, strides=self.strides, padding=self.padding,
            dilation_rate=self.dilation_rate, groups=groups, use_bias=self.use_bias,
        )  # fmt: skip

    def recurrent(self, groups: int) -> Conv1D:
        return Conv1D(4 * self.filters, self.kernel_size, padding="same", groups=groups, use_bias=False)

    def forward(
        self,
        x: Array,
        weights: Sequence[Array],
        states: Sequence[Array] | None = None,
        mask: Array | None = None,
        keep: bool = False,
        state_dropout: Array | None = None,
        state_rate: float = 0.0,
    ) -> tuple[Array, Arrays, tuple[Array, Arrays, list[_Step]] | None]:
        """x -> y [B, windows, filters] or [B, T, windows, filters], the final states, what backward needs.
        Dropout bool [B, windows, 4, filters], True where an element stays."""
        (kernel, recurrent_kernel), bias = weights[:2], list(weights[2:])
        batch, timesteps = x.shape[:2]
        of_x = self.input(x.shape[3] // kernel.shape[1])
        of_h = self.recurrent(1 if state_dropout is None else 4)
        first, _ = of_x.forward(x[:, 0], [kernel, *bias])
        zeros = np.zeros((*first.shape[:2], self.filters), x.dtype)
        h, c = (zeros.copy() if states is None else states[k].copy() for k in range(2))
        output, outputs, steps = zeros.copy(), np.zeros((batch, timesteps, *zeros.shape[1:]), x.dtype), []
        for place, t in enumerate(self._times(timesteps)):
            real = np.ones(batch, bool) if mask is None else mask[:, t]
            spread, scale = h[real], None
            if state_dropout is not None:
                scale = state_dropout[real] / (1 - state_rate)
                spread = (spread[:, :, np.newaxis] * scale).reshape(*spread.shape[:2], -1)
            z = of_x.forward(x[real, t], [kernel, *bias])[0] + of_h.forward(spread, [recurrent_kernel])[0]
            sums = np.split(z, 4, axis=-1)
            gates = [activate(name, each) for name, each in zip(self.activations, sums, strict=True)]
            i, f, candidate, o = gates
            new_c = f * c[real] + i * candidate
            squashed = activate(self.activations[2], new_c)
            steps.append(_Step(t, real, [x[real, t], spread], scale, sums, gates, c[real], new_c, squashed))
            h[real], c[real] = o * squashed, new_c
            if self.zero_output_for_mask:
                output[:] = 0
            output[real] = h[real]
            outputs[:, place] = output
        return outputs if self.return_sequences else output, [h, c], (x, [*weights], steps) if keep else None

    def backward(
        self,
        kept: tuple[Array, Arrays, list[_Step]],
        d_y: Array | None = None,
        d_states: Sequence[Array | None] | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays, Arrays]:
        """d_y like y, d_states like the final states (None: zeros) -> d_x, d_weights, initial d_states."""
        x, weights, steps = kept
        (kernel, recurrent_kernel), bias = weights[:2], weights[2:]
        of_x = self.input(x.shape[3] // kernel.shape[1])
        zeros = np.zeros((len(x), *steps[0].c.shape[1:]), x.dtype)
        d_h, d_c = (zeros.copy() if d is None else d.copy() for d in d_states or [None, None])
        d_x, d_weights, d_output = np.zeros_like(x), [np.zeros_like(w) for w in weights], zeros.copy()
        for place, step in reversed(list(enumerate(steps))):
            if d_y is not None and self.return_sequences:
                d_output += d_y[:, place]
            elif d_y is not None and place == len(steps) - 1:
                d_output += d_y
            i, f, candidate, o = step.gates
            d_new_h = (d_h + d_output)[step.real]
            d_new_c = d_c[step.real]
            d_new_c += activate_gradient(self.activations[2], step.new_c, step.squashed, d_new_h * o)
            d_gates = [d_new_c * candidate, d_new_c * step.c, d_new_c * i, d_new_h * step.squashed]
            d_z = np.concatenate(
                [
                    activate_gradient(*each)
                    for each in zip(self.activations, step.sums, step.gates, d_gates, strict=True)
                ],
                axis=-1,
            )
            here, spread = step.inputs
            d_here, d_of_x = of_x.backward(here, [kernel, *bias], None, d_z, d_z)
            groups = 1 if step.scale is None else 4
            d_spread, d_of_h = self.recurrent(groups).backward(spread, [recurrent_kernel], None, d_z, d_z)
            assert d_spread is not None  # it was asked for
            if step.scale is not None:
                d_spread = (d_spread.reshape(step.scale.shape) * step.scale).sum(axis=2)
            d_x[step.real, step.time], d_h[step.real], d_c[step.real] = d_here, d_spread, d_new_c * f
            for total, part in zip(d_weights, [d_of_x[0], d_of_h[0], *d_of_x[1:]], strict=True):
                total += part
            d_output[step.real] = 0
            if self.zero_output_for_mask:
                d_output[:] = 0
        return d_x if need_d_x else None, d_weights, [d_h, d_c]

    def _times(self, timesteps: int) -> list[int]:
        return list(range(timesteps))[:: -1 if self.go_backwards else 1]
