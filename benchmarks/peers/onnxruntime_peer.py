"""ONNX Runtime: a session on the CPU provider, all graph optimisations on; int8 as its own tool makes it.

Rows with lengths go the faster of two ways, each with its own model: see `onnx_model`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime
from onnx import ModelProto
from onnxruntime.quantization import quantize_dynamic
from rows import Row

from peers.onnx_model import lengths_input, onnx_model
from peers.padding import fastest, right_padded


def version() -> str:
    return str(onnxruntime.__version__)


def in_int8(model: ModelProto) -> bytes:
    """With DynamicQuantizeLSTM for its LSTMs, the weights scaled for every output."""
    logging.getLogger().setLevel(logging.ERROR)  # it recommends a pass over shapes that ours do not need
    with TemporaryDirectory() as folder:
        file = Path(folder, "int8.onnx")
        quantize_dynamic(model, file, op_types_to_quantize=["LSTM"], per_channel=True)
        return file.read_bytes()


def forward(row: Row, threads: int) -> Callable[[], Any] | None:
    if row.precision == "bfloat16":
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    x, move = right_padded(row)

    def way(lengths: str) -> Callable[[], Any]:
        model = onnx_model(row, lengths)
        source = in_int8(model) if row.precision == "int8" else model.SerializeToString()
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        feed = {"x": x} | ({lengths: lengths_input(row, lengths)} if lengths else {})

        def answer() -> Any:
            move()
            return session.run(["y"], feed)[0]

        return answer

    return fastest([way(lengths) for lengths in (("sequence_lens", "last_steps") if row.padding else ("",))])
