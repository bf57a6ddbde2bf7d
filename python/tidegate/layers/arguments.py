"""How a layer declares its configuration: in one table of arguments.

The constructor, `get_config`, the signature that `help` shows and the messages all follow from it.
"""

from __future__ import annotations

from typing import Any

from tidegate.inputs import nearest
from tidegate.layers.kinds import Kind, Later

REQUIRED = object()


class Argument:
    """One row of a layer's table.

    Args:
        name: Keras's.
        default: Keras's too; `REQUIRED` when there is none.
        kind: what values it takes.
        positional: False for those that Keras takes by name only.
        in_config: False for those that Keras does not save.
    """

    __slots__ = ("default", "in_config", "kind", "name", "positional")

    def __init__(
        self, name: str, default: Any, kind: Kind, *, positional: bool = True, in_config: bool = True
    ) -> None:
        self.name = name
        self.default = default
        self.kind = kind
        self.positional = positional
        self.in_config = in_config


Table = tuple[Argument, ...]


def later(name: str, only: Any = None, *, in_config: bool = True) -> Argument:
    """A row for an argument that is refused when it asks for anything but `only`."""
    return Argument(name, only, Later(only), in_config=in_config)


def bind(owner: str, table: Table, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The value of every argument in `table`, each read by its kind, in the table's order.

    Raises:
        TypeError: too many positional arguments, one given twice, or a required one missing.
        ValueError: a name that the table does not have, or a value that the kind does not take.
    """
    positional = [argument.name for argument in table if argument.positional]
    if len(args) > len(positional):
        raise TypeError(f"{owner} takes at most {len(positional)} positional arguments; received {len(args)}")
    given = dict(zip(positional, args, strict=False))
    for name in kwargs:
        if name in given:
            raise TypeError(f"{owner}: argument `{name}` was given twice")
    given |= kwargs
    known = {argument.name for argument in table}
    for name in given:
        if name not in known:
            hint = nearest(name, known)
            raise ValueError(f"Unrecognized keyword argument passed to {owner}: `{name}`.{hint}")
    values = {}
    for argument in table:
        value = given.get(argument.name, argument.default)
        if value is REQUIRED:
            raise TypeError(f"{owner}: argument `{argument.name}` is required")
        values[argument.name] = argument.kind.read(value, argument.name, owner)
    return values


class Signature:
    """Descriptor: the signature that `help` and editors show, made from the table when somebody looks."""

    def __get__(self, instance: object, owner: Any) -> Any:
        import inspect

        by_name, by_place = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
        table: Table = owner.table()
        return inspect.Signature(
            [
                inspect.Parameter(
                    argument.name,
                    by_place if argument.positional else by_name,
                    default=inspect.Parameter.empty if argument.default is REQUIRED else argument.default,
                )
                for argument in sorted(table, key=lambda argument: not argument.positional)
            ]
        )
