"""Functions of `tidegate.ops` by TensorFlow's names, made from a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.inputs import nearest
from tidegate.values import handed_out


def made(table: dict[str, str]) -> dict[str, Callable[..., Any]]:
    """The functions of a table: name -> the op and TensorFlow's names of its arguments in their order, each
    with the op's own name behind a colon where that is another."""
    return {name: _function(name, *row.split()) for name, row in table.items()}


def computed(op: str) -> Callable[..., Any]:
    """That function of `tidegate.ops`."""
    from tidegate import ops

    found: Callable[..., Any] = getattr(ops, op)
    return found


def _function(name: str, op: str, *arguments: str) -> Callable[..., Any]:
    pairs = [each.partition(":") for each in arguments]
    names = {ours: own or ours for ours, _, own in pairs}

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names):
            raise TypeError(f"{name}() takes at most {len(names)} arguments; received {len(args)}")
        given = dict(zip(names, args, strict=False))
        kwargs.pop("name", None)
        for key in kwargs:
            if key not in names or key in given:
                raise TypeError(f"{name}() does not take the argument `{key}`.{nearest(key, names)}")
        return handed_out(computed(op)(**{names[key]: value for key, value in (given | kwargs).items()}))

    function.__name__ = function.__qualname__ = name
    return function
