"""Small questions about tensors and dtypes."""

from __future__ import annotations

from typing import Any

from tidegate.graph import Tensor
from tidegate.inputs import nearest
from tidegate.utils.naming import reset_auto_names

_WORDS = {bool: "bool", int: "int32", float: "float32", str: "string", "int": "int32", None: "float32"}
_DTYPES = (
    "bool", "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64", "string", "complex64", "complex128",
)  # fmt: skip


def is_keras_tensor(x: Any) -> bool:
    """Whether this is a tensor of a graph: an `Input`, or what a layer gives of one."""
    return isinstance(x, Tensor)


def get_source_inputs(tensor: Tensor) -> list[Tensor]:
    """The `Input`s that a tensor is made of, each once."""
    found: dict[Tensor, None] = {}
    seen, waiting = set(), [tensor]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        if each.node is None:
            found[each] = None
        else:
            waiting += reversed(each.node.inputs)
    return list(found)


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype: of NumPy, Python's `int`, `float`, ...; ValueError for anything else."""
    name = _WORDS.get(dtype, dtype) if isinstance(dtype, (type, str, type(None))) else dtype
    name = getattr(name, "name", getattr(name, "__name__", name))
    if name not in _DTYPES:
        raise ValueError(
            f"Argument `dtype` expected one of {_DTYPES}; received {dtype!r}.{nearest(str(name), _DTYPES)}"
        )
    return str(name)


def clear_session(free_memory: bool = True) -> None:
    """Starts the automatic names of layers over; there is no other session."""
    reset_auto_names()
