"""Operations on tensors in files of functional models, as Keras writes them: entries between the layers'.

Keras has a class for each op: some of the op's arguments are those of a use of it, the others its
configuration. The ops that a file may name are a fixed table here.
"""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

from tidegate.graph import Tensor
from tidegate.inputs import nearest
from tidegate.layers.calling import Accepts, leaves

if TYPE_CHECKING:
    from collections.abc import Callable

# Module of Keras -> number of leading arguments that are of a use -> classes.
_TABLE = {
    "core": {
        1: "Cast ConvertToTensor StopGradient Unstack",
        2: "Slice",
    },
    "math": {
        1: "Erf Logsumexp Rsqrt TopK",
    },
    "nn": {
        1: "Celu Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LeakyRelu LogSigmoid "
        "LogSoftmax MultiHot Normalize OneHot Relu Relu6 Selu Sigmoid Silu SoftShrink Softmax "
        "Softplus Softsign SparsePlus Squareplus TanhShrink Threshold",
        2: "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy",
    },
    "numpy": {
        1: "Abs Absolute All Amax Amin Any Arccos Arccosh Arcsin Arcsinh Arctan Arctanh Argmax "
        "Argmin Argsort Ceil Clip Concatenate Cos Cosh CountNonzero Cumprod Cumsum "
        "Diag Diagonal Diff Exp Exp2 ExpandDims Expm1 Flip Floor Isfinite Isinf Isnan Log Log10 "
        "Log1p Log2 LogicalNot Max Mean Min Moveaxis NanToNum Negative OnesLike Prod Ravel "
        "Reciprocal Repeat Reshape Roll Round Sign Sin Sinh Sort Split Sqrt Square Squeeze Stack "
        "Std Sum Swapaxes Tan Tanh Tile Trace Transpose Tril Triu Trunc Var ZerosLike",
        2: "Add Arctan2 Cross Divide DivideNoNan Dot Equal FloorDivide FullLike GetItem Greater "
        "GreaterEqual Inner Less LessEqual Logaddexp LogicalAnd LogicalOr LogicalXor Matmul "
        "Maximum Minimum Mod Multiply NotEqual Outer Power Subtract Take TakeAlongAxis Tensordot "
        "TrueDivide Vdot",
        3: "Where",
    },
}
_ENLARGING = {"MultiHot", "OneHot", "Repeat", "Tile"}
_LARGEST = 1 << 20
_OF_PAIRS = {"Outer", "Take", "Tensordot"}  # may give an element for each pair of the arguments' elements
_SUMMED = {"Dot", "Inner", "Matmul"}  # the same, and sum over an axis
_LARGEST_OF_SEVERAL = 1 << 28
_MODULE = "keras.src.ops"
_OPS = {
    name: (f"{_MODULE}.{module}", count)
    for module, by_count in _TABLE.items()
    for count, names in by_count.items()
    for name in names.split()
}


def is_op(entry: Any) -> bool:
    """Whether an entry of a file is an operation of Keras, supported or not; layers share some names."""
    return isinstance(entry, dict) and str(entry.get("module")).startswith(f"{_MODULE}.")


class Entry(dict[str, Any]):
    """An entry of a file, and the Operation once one is made of it."""

    made: Any = None
    being_made = False


def made(entry: Entry, read: Callable[[Any], Any]) -> Any:
    """The Operation of an entry, used as the entry says.

    Args:
        entry: of a file.
        read: an argument in a file -> the tensor, or other value, that it is.

    Raises:
        ValueError: an op that is not in the table, or a use that does not fit it.
    """
    from tidegate import ops
    from tidegate.layers.operation import Operation
    from tidegate.utils.naming import snake_case

    if entry.made is not None:
        return entry.made
    name, config, uses = entry["class_name"], entry.get("config"), entry.get("inbound_nodes")
    function = getattr(ops, snake_case(name), None) if name in _OPS else None
    if function is None:
        raise ValueError(f"the operation `{name}` is not supported in files.{nearest(str(name), _OPS)}")
    if not isinstance(config, dict) or not isinstance(uses, list):
        raise ValueError(f"{name}: expected `config` and `inbound_nodes`; received {dict(entry)!r:.200}")
    named = {key: read(value) for key, value in config.items() if key != "name"}
    if entry.being_made:
        raise ValueError(f"the operation `{entry['name']}` is used on a tensor that no layer gives")
    operation = Operation(function, entry["name"])
    entry.being_made = True
    try:
        for use in uses:
            if not isinstance(use, dict) or not isinstance(use.get("args"), list):
                raise ValueError(f"{name}: a use expected `args` and `kwargs`; received {use!r:.200}")
            args = [read(value) for value in use["args"]]
            by_name = {key: read(value) for key, value in (use.get("kwargs") or {}).items()}
            _check_size(name, [*args, *named.values(), *by_name.values()])
            operation(*args, **named, **by_name)
    except TypeError as error:
        raise ValueError(f"{name}: a use expected the arguments of the operation: {error}") from error
    except MemoryError as error:
        raise ValueError(f"{name}: a use is too large for a model of a file: {error}") from error
    finally:
        entry.being_made = False
    entry.made = operation
    return operation


def _check_size(name: str, arguments: list[Any]) -> None:
    """Raises ValueError where a file would have an array repeated without end: shapes are found by a try."""
    shapes = [[axis or 1 for axis in each.shape] for each in leaves(arguments) if isinstance(each, Tensor)]
    size, most = 1, _LARGEST_OF_SEVERAL
    numbers = [max(1, abs(each)) for each in leaves(arguments) if isinstance(each, int)]
    if name in _ENLARGING:
        size, most = prod([*map(prod, shapes), *numbers]), _LARGEST
    elif name == "Diag":
        size = (sum(map(prod, shapes)) + sum(numbers)) ** 2
    elif name in _OF_PAIRS or name in _SUMMED:
        summed = shapes[0][-1] if name in _SUMMED and shapes and shapes[0] else 1
        size = prod(map(prod, shapes)) // summed**2
    elif len(shapes) > 1:  # each axis of the result is one of theirs, counted from the last
        size = prod(map(max, zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1)))
    if size > most:
        raise ValueError(f"{name}: {size} elements for a row are too large for a model of a file")


def entry_of(
    operation: Any, uses: list[tuple[list[Any], dict[str, Any]]], write: Callable[[Any], Any]
) -> Any:
    """What a file has of an Operation.

    Args:
        uses: its arguments by place and by name, in each.
        write: what a file has in the place of an argument.

    Raises:
        ValueError: an op that Keras's files have no name for.
    """
    name = operation.kind
    if name not in _OPS:
        raise ValueError(f"{operation.title} cannot be saved: files have no name for this operation")
    module, count = _OPS[name]
    accepts = Accepts.of(operation.function, 0)
    config: dict[str, Any] = {}
    nodes = []
    for args, kwargs in uses:
        bound = accepts.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = list(bound.arguments.items())
        config = {key: write(value) for key, value in values[count:]}
        nodes.append({"args": [write(value) for _, value in values[:count]], "kwargs": {}})
    return {
        "module": module,
        "class_name": name,
        "config": {"name": operation.name, **config},
        "registered_name": name,
        "name": operation.name,
        "inbound_nodes": nodes,
    }
