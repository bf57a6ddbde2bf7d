"""OpenVINO: the ONNX model compiled for latency, one request, inputs bound once, output shared.

Rows with lengths go the faster of two ways, each with its own model: see `onnx_model`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openvino
from rows import Row

from peers.onnx_model import lengths_input, onnx_model
from peers.padding import fastest, right_padded

HINTS = {"float32": "f32", "bfloat16": "bf16"}


def version() -> str:
    return str(openvino.get_version().split("-")[0])


def forward(row: Row, threads: int) -> Callable[[], Any] | None:
    if row.precision not in HINTS:
        return None
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": HINTS[row.precision],
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    x, move = right_padded(row)

    def way(lengths: str) -> Callable[[], Any]:
        model = core.read_model(onnx_model(row, lengths).SerializeToString())
        request = core.compile_model(model, "CPU", settings).create_infer_request()
        given = {"x": x} | ({lengths: lengths_input(row, lengths)} if lengths else {})
        for name, array in given.items():
            request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

        def answer(_keep_alive: object = given) -> Any:  # the request borrows these arrays, and owns none
            move()
            return request.infer(share_outputs=True)[0]

        return answer

    return fastest([way(lengths) for lengths in (("sequence_lens", "last_steps") if row.padding else ("",))])
