"""The LSTM of a row as an ONNX model, for the peers that read one."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from rows import Floats, Row, weights_of


def onnx_model(row: Row) -> bytes:
    """x [B, T, F] -> y [B, U]: one LSTM node, which wants time first, between a Transpose and a Squeeze.

    ONNX's gates are i o f c, with gates as rows: W [1, 4U, F], R [1, 4U, U], B [1, 8U]. The second half of B,
    the recurrent bias, is zero here.
    """
    weights = weights_of(row)

    def gates_iofc(matrix: Floats) -> Floats:
        i, f, c, o = np.split(matrix.T, 4)
        return np.concatenate([i, o, f, c])

    bias = gates_iofc(weights.bias)
    constants = {
        "W": gates_iofc(weights.kernel)[None],
        "R": gates_iofc(weights.recurrent_kernel)[None],
        "B": np.concatenate([bias, np.zeros_like(bias)])[None],
        "first_axis": np.array([0], dtype=np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["x"], ["x_time_first"], perm=[1, 0, 2]),
            helper.make_node("LSTM", ["x_time_first", "W", "R", "B"], ["", "h"], hidden_size=row.units),
            helper.make_node("Squeeze", ["h", "first_axis"], ["y"]),
        ],
        "lstm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [row.batch, row.timesteps, row.features])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [row.batch, row.units])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())
