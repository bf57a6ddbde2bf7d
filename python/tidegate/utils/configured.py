"""What losses, metrics, optimizers and initializers share: a configuration, and being found by name.

A class lists its configuration once, in `config_keys`: attributes of the object that are also arguments of
its constructor, in the order of Keras's files. `get_config`, `from_config` and their messages follow from the
list.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate.inputs import nearest
from tidegate.saving.registration import meant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class Configured:
    """An object that a file describes by the name of its class and a dictionary of constructor arguments."""

    config_keys: ClassVar[tuple[str, ...]] = ()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object, as JSON can hold them."""
        return {key: getattr(self, key) for key in self.config_keys}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """An object from another's `get_config()`; ValueError for a key that the class does not have."""
        for key in config:
            if key not in cls.config_keys and not _takes(cls, key):
                raise ValueError(
                    f"{cls.__name__}: unrecognized argument `{key}`.{nearest(key, cls.config_keys)}"
                )
        return cls(**config)


def _takes(cls: type[Any], key: str) -> bool:
    """Whether the constructor has this argument, as that of a class of the user's may without a list."""
    parameters = inspect.signature(cls).parameters
    return key in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values())


def look_up(identifier: object, kind: str, base: type[Any], table: Mapping[str, type[Any]]) -> Any:
    """The object of class `base` that a user means by `identifier`.

    Args:
        identifier: an instance of `base` (returned as it is), one of its subclasses, a name in `table`,
            or the dictionary `{"class_name": ..., "config": {...}}` of a file; a name that the program has
            registered comes before the table's.
        kind: the word for it in messages, which is also the name of the argument: "loss", "optimizer", ...
        base: the class that all objects of this kind have.
        table: every name a user may write -> class.

    Raises:
        ValueError: a name that is not in the table; the message suggests the nearest.
        TypeError: something that is none of the above.
    """
    identifier = meant(identifier)
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, str):
        if identifier not in table:
            raise ValueError(f"Unknown {kind} '{identifier}'.{nearest(identifier, table)}")
        return table[identifier]()
    if isinstance(identifier, dict):
        from tidegate.saving import objects

        return objects.deserialize(identifier, kind)
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    raise TypeError(
        f"Argument `{kind}` expected a name, an object of class `{base.__name__}` or a configuration; "
        f"received {identifier!r}"
    )
