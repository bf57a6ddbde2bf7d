"""PyTorch: `nn.LSTM` and `nn.GRU` under `inference_mode`, and a plain training loop with fused optimizers.

Rows with lengths go the faster of two ways: packed, or padded, with every output computed and the last real
ones taken. In bfloat16 the layer is converted, and given its input in that; int8 is `quantize_dynamic`.

Frozen TorchScript was tried: a sixth faster at 1,1,64,64, about the same at 1,100,64,128, and deprecated. In
training, oneDNN, which is on by default, was tried off: an LSTM then takes twice as long and more.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rows import (
    EPSILON,
    LEARNING_RATE,
    SGD_LEARNING_RATE,
    CellWeights,
    Floats,
    Row,
    data_of,
    lengths_of,
    weights_of,
)
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from peers.padding import fastest, right_padded

BETA_1, BETA_2 = 0.9, 0.999


def version() -> str:
    return str(torch.__version__)


def layer_of(row: Row) -> nn.LSTM | nn.GRU:
    """All layers or directions of a row in one."""
    layer = (nn.LSTM if row.cell == "lstm" else nn.GRU)(
        row.features,
        row.units,
        num_layers=2 if row.form == "stacked" else 1,
        bidirectional=row.form == "bidirectional",
        batch_first=True,
    )
    names = {"": ["l0"], "stacked": ["l0", "l1"], "bidirectional": ["l0", "l0_reverse"]}[row.form]
    with torch.no_grad():
        for name, cell in zip(names, weights_of(row).cells, strict=True):
            for kind, array in torch_weights(row, cell).items():
                getattr(layer, f"{kind}_{name}").copy_(torch.from_numpy(array))
    return layer


def torch_weights(row: Row, cell: CellWeights) -> dict[str, Floats]:
    """Gates are rows: i f g o, which are Keras's i f c o, with a second bias of zero; r z n, with a recurrent
    bias for the candidate, as Keras's `reset_after` has one."""

    def gates(matrix: Floats) -> Floats:
        if row.cell == "lstm":
            return matrix.T.copy()
        z, r, n = np.split(matrix.T, 3)
        return np.concatenate([r, z, n])

    bias, recurrent_bias = (cell.bias, np.zeros_like(cell.bias)) if row.cell == "lstm" else cell.bias
    return {
        "weight_ih": gates(cell.kernel),
        "weight_hh": gates(cell.recurrent_kernel),
        "bias_ih": gates(bias),
        "bias_hh": gates(recurrent_bias),
    }


def in_int8(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and all that PyTorch itself has
        return torch.ao.quantization.quantize_dynamic(nn.Sequential(layer), {nn.LSTM}, dtype=torch.qint8)[0]


def forward(row: Row, threads: int) -> Callable[[], Any]:
    torch.set_num_threads(threads)
    layer = layer_of(row).eval()
    array, move = right_padded(row)
    x, lengths = torch.from_numpy(array), torch.from_numpy(lengths_of(row))
    each_row, last_steps = torch.arange(row.batch), lengths - 1
    if row.precision == "bfloat16":
        layer, x = layer.bfloat16(), x.bfloat16()
    elif row.precision == "int8":
        layer = in_int8(layer)

    @torch.inference_mode()
    def whole() -> torch.Tensor:
        return layer(x)[0][:, -1].float()

    @torch.inference_mode()
    def both_directions() -> torch.Tensor:
        states = layer(x)[1]
        return torch.cat(tuple(states[0] if row.cell == "lstm" else states), dim=1)

    @torch.inference_mode()
    def packed() -> torch.Tensor:
        move()
        states = layer(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1]
        return (states[0] if row.cell == "lstm" else states)[-1]

    @torch.inference_mode()
    def padded() -> torch.Tensor:
        move()
        return layer(x)[0][each_row, last_steps]

    if row.padding:
        return fastest([packed, padded])
    return both_directions if row.form == "bidirectional" else whole


def train(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    torch.set_num_threads(threads)
    weights = weights_of(row)
    lstm, head = layer_of(row), nn.Linear(row.units, 1)
    lstm.bias_hh_l0.requires_grad_(False)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weights.head_kernel.T.copy()))
        head.bias.copy_(torch.from_numpy(weights.head_bias))
    parameters = [lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, head.weight, head.bias]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, betas=(BETA_1, BETA_2), fused=True)
    x, y = (torch.from_numpy(array) for array in data_of(row))
    taken = 0

    def step() -> torch.Tensor:
        nonlocal taken
        taken += 1
        # PyTorch adds epsilon to the corrected root, Keras to the uncorrected one: so they take equal steps.
        optimizer.param_groups[0]["eps"] = EPSILON / (1 - BETA_2**taken) ** 0.5
        optimizer.zero_grad()
        _, (h, _) = lstm(x)
        loss = nn.functional.mse_loss(head(h[0]), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def trained() -> list[Any]:
        return [parameter.detach().numpy().T.copy() for parameter in parameters]

    return step, trained


def train_layer(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    """The second bias of an LSTM stays zero: were both trained, their sum would move twice as far."""
    torch.set_num_threads(threads)
    layer = layer_of(row)
    layer.batch_first = False  # a few percent faster
    layer.bias_hh_l0.requires_grad_(row.cell == "gru")
    parameters = [parameter for parameter in layer.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=SGD_LEARNING_RATE, fused=True)
    x, y = (torch.from_numpy(array) for array in data_of(row))
    x = x.transpose(0, 1).contiguous()

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(layer(x)[0][-1], y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def gates(parameter: torch.Tensor) -> Floats:
        """Columns in Keras's order."""
        array = parameter.detach().numpy().T
        if row.cell == "lstm":
            return array
        r, z, n = np.split(array, 3, axis=-1)
        return np.concatenate([z, r, n], axis=-1)

    def trained() -> list[Any]:
        kernel, recurrent_kernel, *biases = map(gates, parameters)
        return [kernel, recurrent_kernel, np.stack(biases) if row.cell == "gru" else biases[0]]

    return step, trained
