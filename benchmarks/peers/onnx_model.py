"""The layers of a row as an ONNX model, for the peers that read one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from rows import CellWeights, Floats, Row, lengths_of, weights_of


def onnx_model(row: Row, lengths: str = "") -> ModelProto:
    """x [B, T, F] -> y [B, U], of both directions [B, 2 U]; the nodes want time first.

    Where rows have lengths, `lengths` says how they are given: "sequence_lens" [B] is what ONNX has for them;
    with "last_steps" [B, 2], pairs (t, b), all timesteps are computed and the last real ones are taken.
    """
    nodes = [helper.make_node("Transpose", ["x"], ["steps_0"], perm=[1, 0, 2])]
    constants: dict[str, NDArray[Any]] = {"axis_0": np.array([0]), "axis_1": np.array([1])}
    weights = weights_of(row).cells
    layers = [weights] if row.form == "bidirectional" else [[cell] for cell in weights]
    for index, directions in enumerate(layers):
        if index:
            nodes.append(helper.make_node("Squeeze", [f"all_{index - 1}", "axis_1"], [f"steps_{index}"]))
        nodes.append(layer_node(row, index, "sequence_lens" if lengths == "sequence_lens" else ""))
        constants |= layer_constants(row, directions, index)
    last = len(layers) - 1
    if lengths == "last_steps":
        nodes.append(helper.make_node("Squeeze", [f"all_{last}", "axis_1"], ["outputs"]))
        nodes.append(helper.make_node("GatherND", ["outputs", "last_steps"], ["y"]))
    elif row.form == "bidirectional":
        constants["flat"] = np.array([row.batch, -1])
        nodes.append(helper.make_node("Transpose", [f"last_{last}"], ["last"], perm=[1, 0, 2]))
        nodes.append(helper.make_node("Reshape", ["last", "flat"], ["y"]))
    else:
        nodes.append(helper.make_node("Squeeze", [f"last_{last}", "axis_0"], ["y"]))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [row.batch, row.timesteps, row.features])]
    if lengths:
        given = lengths_input(row, lengths)
        kind = helper.np_dtype_to_tensor_dtype(given.dtype)
        inputs.append(helper.make_tensor_value_info(lengths, kind, given.shape))
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        row.cell,
        inputs,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [row.batch, row.units * len(layers[-1])])],
        [numpy_helper.from_array(constants[name], name) for name in constants if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model


def layer_node(row: Row, index: int, lengths: str) -> NodeProto:
    """steps_i [T, B, F] -> all_i [T, directions, B, U], last_i [directions, B, U]."""
    options: dict[str, Any] = {"hidden_size": row.units}
    if row.cell == "gru":
        options["linear_before_reset"] = 1
    if row.form == "bidirectional":
        options["direction"] = "bidirectional"
    inputs = [f"steps_{index}", f"W_{index}", f"R_{index}", f"B_{index}", lengths]
    return helper.make_node(row.cell.upper(), inputs, [f"all_{index}", f"last_{index}"], **options)


def layer_constants(row: Row, directions: list[CellWeights], index: int) -> dict[str, NDArray[Any]]:
    """ONNX's gates are i o f c and z r h, as rows: W [directions, G U, F], R [directions, G U, U],
    B [directions, 2 G U]. The second half of B is the recurrent bias, zero for an LSTM here.
    """
    order = (0, 3, 1, 2) if row.cell == "lstm" else (0, 1, 2)

    def gates(matrix: Floats) -> Floats:
        parts = np.split(matrix.T, row.gates)
        return np.concatenate([parts[i] for i in order])

    def biases(bias: Floats) -> Floats:
        both = [bias, np.zeros_like(bias)] if row.cell == "lstm" else list(bias)
        return np.concatenate([gates(each) for each in both])

    return {
        f"W_{index}": np.stack([gates(cell.kernel) for cell in directions]),
        f"R_{index}": np.stack([gates(cell.recurrent_kernel) for cell in directions]),
        f"B_{index}": np.stack([biases(cell.bias) for cell in directions]),
    }


def lengths_input(row: Row, lengths: str) -> NDArray[Any]:
    """What the input of this name, of `onnx_model`, is for the row."""
    if lengths == "sequence_lens":
        return lengths_of(row).astype(np.int32)
    return np.stack([lengths_of(row) - 1, np.arange(row.batch)], axis=1)
