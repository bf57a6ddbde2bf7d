"""PyTorch: `nn.LSTM` under `inference_mode`, and a plain training loop with the fused Adam.

Frozen TorchScript was tried: a sixth faster at 1,1,64,64, about the same at 1,100,64,128, and deprecated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rows import EPSILON, LEARNING_RATE, Row, data_of, weights_of
from torch import nn

BETA_1, BETA_2 = 0.9, 0.999


def version() -> str:
    return str(torch.__version__)


def lstm_of(row: Row) -> nn.LSTM:
    """Its gates i f g o are Keras's i f c o, as rows: matrices are transposed. The second bias is zero."""
    weights = weights_of(row)
    lstm = nn.LSTM(row.features, row.units, batch_first=True)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.from_numpy(weights.kernel.T.copy()))
        lstm.weight_hh_l0.copy_(torch.from_numpy(weights.recurrent_kernel.T.copy()))
        lstm.bias_ih_l0.copy_(torch.from_numpy(weights.bias))
        lstm.bias_hh_l0.zero_()
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm


def gru_of(row: Row) -> nn.GRU:
    """Its gates are r z n, and its candidate has a recurrent bias as Keras's `reset_after` has one."""
    weights = weights_of(row)
    gru = nn.GRU(row.features, row.units, batch_first=True)

    def gates_rzn(matrix: Any) -> torch.Tensor:
        z, r, n = np.split(matrix.T, 3)
        return torch.from_numpy(np.concatenate([r, z, n]))

    with torch.no_grad():
        gru.weight_ih_l0.copy_(gates_rzn(weights.kernel))
        gru.weight_hh_l0.copy_(gates_rzn(weights.recurrent_kernel))
        gru.bias_ih_l0.copy_(gates_rzn(weights.bias[0]))
        gru.bias_hh_l0.copy_(gates_rzn(weights.bias[1]))
    return gru


def forward(row: Row, threads: int) -> Callable[[], Any]:
    torch.set_num_threads(threads)
    layer = (lstm_of if row.cell == "lstm" else gru_of)(row).eval()
    x = torch.from_numpy(data_of(row).x)

    @torch.inference_mode()
    def answer() -> torch.Tensor:
        return layer(x)[0][:, -1]

    return answer


def train(row: Row, threads: int) -> tuple[Callable[[], Any], Callable[[], list[Any]]]:
    torch.set_num_threads(threads)
    weights = weights_of(row)
    lstm, head = lstm_of(row), nn.Linear(row.units, 1)
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
