"""The names under which files may call for classes and functions of the program's own.

A file only ever gives a name. What it means the program says, with `register_keras_serializable`, with a
`custom_object_scope`, or with the argument `custom_objects` of what loads the file; nothing is imported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Token
    from typing import Self

T = TypeVar("T")

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}  # the other way round
_scope: ContextVar[dict[str, Any]] = ContextVar("custom objects", default={})  # noqa: B039 - never changed
_noted: ContextVar[dict[str, Any] | None] = ContextVar("noted objects", default=None)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator for a class or a function that files may name, as "package>name".

    Args:
        package: whose it is.
        name: that of the class or function by default.

    Raises ValueError for a class without `get_config`.
    """

    def register(value: Any) -> Any:
        if isinstance(value, type) and not hasattr(value, "get_config"):
            raise ValueError(
                f"register_keras_serializable: a class needs `get_config`; received {value.__name__}"
            )
        registered_name = f"{package}>{name or value.__name__}"
        _registered[registered_name], _names[value] = value, registered_name
        return value

    return register


def get_custom_objects() -> dict[str, Any]:
    """Name -> class or function, of all that are registered: the table itself, which may be changed."""
    return _registered


def get_registered_name(obj: Any) -> str:
    """The name that files have for a class or a function: "package>name", or its own if not registered."""
    name: str = _names.get(obj, obj.__name__)
    return name


def get_registered_object(
    name: Any,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """What a name means: in the scopes around, among what is registered, or in the two tables; or None."""
    if isinstance(name, str):
        for table in (_scope.get(), _registered, custom_objects or {}, module_objects or {}):
            if name in table:
                return table[name]
    return None


class CustomObjectScope:
    """Inside `with custom_object_scope({"MyLayer": MyLayer}):` these names may be loaded too.

    Scopes add to those around them. Other threads do not see them.

    Raises ValueError for what is neither a dictionary from names nor None.
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None = None) -> None:
        given = {} if custom_objects is None else custom_objects
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise ValueError(
                "Argument `custom_objects` expected a dictionary from names to classes and functions; "
                f"received {custom_objects!r:.200}"
            )
        self.custom_objects = dict(given)
        self._before: list[Token[dict[str, Any]]] = []

    def __enter__(self) -> Self:
        self._before.append(_scope.set({**_scope.get(), **self.custom_objects}))
        return self

    def __exit__(self, *error: object) -> None:
        _scope.reset(self._before.pop())


custom_object_scope = CustomObjectScope


# ---- for those who write and read files ------------------------------------------------------------


def meant(identifier: Any) -> Any:
    """What the program calls by this name, or the identifier as it is."""
    found = get_registered_object(identifier)
    return identifier if found is None else found


def written_name(value: Any) -> str:
    """The name that goes into a file for a class or a function."""
    name, noted = get_registered_name(value), _noted.get()
    if noted is not None and noted.setdefault(name, value) is not value:
        raise ValueError(
            f"two classes or functions are called '{name}'; register one of them by another name"
        )
    return name


@contextlib.contextmanager
def noting() -> Iterator[dict[str, Any]]:
    """Notes what `written_name` is asked for, so that a copy needs no registration."""
    noted: dict[str, Any] = {}
    before = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(before)


def own_class(entry: Mapping[str, Any], kind: str) -> Any:
    """The class of the program's own that an entry of a file means; None for one of Keras's.

    Raises ValueError where it names one that the program has not.
    """
    name = entry["class_name"]
    registered = entry.get("registered_name", name)
    found = get_registered_object(registered)
    of_keras = str(entry.get("module", "keras")).startswith(("keras", "tf_keras"))
    if found is None and isinstance(registered, str) and not (registered == name and of_keras):
        raise ValueError(
            f"Unknown {kind} class '{registered}': it is none of Keras's; register the class with "
            "`register_keras_serializable`, or pass it in `custom_objects`"
        )
    return found
