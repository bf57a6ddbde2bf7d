"""OpenVINO: the ONNX model compiled for latency in float32, one request, input bound once, output shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openvino
from rows import Row, data_of

from peers.onnx_model import onnx_model


def version() -> str:
    return str(openvino.get_version().split("-")[0])


def forward(row: Row, threads: int) -> Callable[[], Any]:
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    request = core.compile_model(core.read_model(onnx_model(row)), "CPU", settings).create_infer_request()
    x = data_of(row).x
    request.set_input_tensor(0, openvino.Tensor(x, shared_memory=True))

    def answer(_keep_alive: object = x) -> Any:  # the request borrows the memory of x, and does not own it
        return request.infer(share_outputs=True)[0]

    return answer
