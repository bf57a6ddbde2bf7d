"""The LSTM or GRU of a row as an ONNX model, for the peers that read one."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from rows import Floats, Row, weights_of


def onnx_model(row: Row) -> bytes:
    """x [B, T, F] -> y [B, U]: one node, which wants time first, between a Transpose and a Squeeze.

    ONNX's gates are i o f c and z r h, as rows: W [1, G U, F], R [1, G U, U], B [1, 2 G U]. The second half
    of B is the recurrent bias, zero for an LSTM here.
    """
    weights, order = weights_of(row), (0, 3, 1, 2) if row.cell == "lstm" else (0, 1, 2)

    def gates(matrix: Floats) -> Floats:
        parts = np.split(matrix.T, row.gates)
        return np.concatenate([parts[i] for i in order])

    biases = [weights.bias, np.zeros_like(weights.bias)] if row.cell == "lstm" else list(weights.bias)
    constants = {
        "W": gates(weights.kernel)[None],
        "R": gates(weights.recurrent_kernel)[None],
        "B": np.concatenate([gates(bias) for bias in biases])[None],
        "first_axis": np.array([0], dtype=np.int64),
    }
    options = {"linear_before_reset": 1} if row.cell == "gru" else {}
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["x"], ["x_time_first"], perm=[1, 0, 2]),
            helper.make_node(
                row.cell.upper(), ["x_time_first", "W", "R", "B"], ["", "h"], hidden_size=row.units, **options
            ),
            helper.make_node("Squeeze", ["h", "first_axis"], ["y"]),
        ],
        row.cell,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [row.batch, row.timesteps, row.features])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [row.batch, row.units])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())
