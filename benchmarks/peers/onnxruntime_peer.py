"""ONNX Runtime: a session on the CPU provider, all graph optimisations on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnxruntime
from rows import Row, data_of

from peers.onnx_model import onnx_model


def version() -> str:
    return str(onnxruntime.__version__)


def forward(row: Row, threads: int) -> Callable[[], Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model(row), options, providers=["CPUExecutionProvider"])
    feed = {"x": data_of(row).x}
    return lambda: session.run(["y"], feed)[0]
