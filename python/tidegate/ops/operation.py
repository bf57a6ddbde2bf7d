"""What every op goes through: symbolic tensors go into a graph, Variables become what they stand for.

An op itself is a function of arrays, numbers and lists of them, and of autograd's boxes.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numpy as np

from tidegate.graph import Tensor
from tidegate.variable import Variable

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def operation(function: Callable[P, R]) -> Callable[P, R]:
    """The public form of an op: on symbolic tensors it makes a node of a graph, on all else it computes.

    An infinity or a NaN goes where the equations send it, in silence. Errors begin with the op's name.
    """
    name = function.__name__

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _symbolic(args) or _symbolic(kwargs):
            return cast("R", symbolic(call, args, kwargs))
        try:
            with np.errstate(all="ignore"):
                return function(*_present(args), **_present(kwargs))
        except (TypeError, ValueError, IndexError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name}: {error}") from error

    return call


def symbolic(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The symbolic tensor, or the structure of them, that an op makes of symbolic tensors.

    Args:
        function: the op, in its public form.
        args, kwargs: its arguments, with tensors anywhere in them.
    """
    from tidegate.layers.operation import Operation

    return Operation(function)(*args, **kwargs)


def _symbolic(value: Any) -> bool:
    """Whether there is a symbolic tensor in `value`."""
    if isinstance(value, (list, tuple)):
        return any(map(_symbolic, value))
    if isinstance(value, dict):
        return any(map(_symbolic, value.values()))
    return isinstance(value, Tensor)


def _present(value: Any) -> Any:
    """`value` with its Variables replaced by what they stand for now."""
    kind = type(value)
    if isinstance(value, Variable):
        return value.current()
    if kind is list or kind is tuple:
        return kind(map(_present, value))
    if kind is dict:
        return {key: _present(each) for key, each in value.items()}
    return value
