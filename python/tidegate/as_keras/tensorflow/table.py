"""Functions of `tidegate.ops` by TensorFlow's names, made from a table."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from typing import Any

from tidegate.inputs import nearest
from tidegate.values import handed_out


def made(table: dict[str, str]) -> dict[str, Callable[..., Any]]:
    """The functions of a table: name -> the op and TensorFlow's names of its arguments in their order, each
    with the op's own name behind a colon, and a default behind an equals sign, where those differ."""
    return {name: _function(name, *row.split()) for name, row in table.items()}


def computed(op: str) -> Callable[..., Any]:
    """That function of `tidegate.ops`."""
    from tidegate import ops

    found: Callable[..., Any] = getattr(ops, op)
    return found


def _function(name: str, op: str, *arguments: str) -> Callable[..., Any]:
    rows = [each.partition("=")[::2] for each in arguments]
    defaults = {row.partition(":")[0]: literal_eval(default) for row, default in rows if default}
    names = {theirs: own or theirs for theirs, _, own in (row.partition(":") for row, _ in rows)}

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names):
            raise TypeError(f"{name}() takes at most {len(names)} arguments; received {len(args)}")
        given = dict(zip(names, args, strict=False))
        kwargs.pop("name", None)
        for key in kwargs:
            if key not in names or key in given:
                raise TypeError(f"{name}() does not take the argument `{key}`.{nearest(key, names)}")
        return handed_out(
            computed(op)(**{names[key]: value for key, value in (defaults | given | kwargs).items()})
        )

    function.__name__ = function.__qualname__ = name
    return function
