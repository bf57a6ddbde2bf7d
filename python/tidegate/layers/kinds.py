"""The kinds of arguments that layers have: what values each takes, and how they look in a configuration."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate.inputs import Shape, integer, positive_integer


class Kind:
    """Takes anything; the base of the others."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        """The value to keep as the layer's attribute; raises ValueError or TypeError."""
        return value

    def write(self, value: Any) -> Any:
        """The value as it stands in `get_config`."""
        return value


class PositiveInteger(Kind):
    def read(self, value: Any, name: str, owner: str) -> int:
        return positive_integer(value, name, owner)


class Flag(Kind):
    """A bool, or an integer in its place."""

    def read(self, value: Any, name: str, owner: str) -> bool:
        if not isinstance(value, (bool, np.bool_)) and integer(value) is None:
            raise TypeError(f"{owner}: argument `{name}` must be True or False; received {value!r}")
        return bool(value)


class Activation(Kind):
    """A name or a function of `tidegate.activations`; the function is kept."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        from tidegate import activations

        return activations.get(value)

    def write(self, value: Any) -> str:
        from tidegate import activations

        return activations.serialize(value)


class Initializer(Kind):
    """A name, a configuration or an instance of `tidegate.initializers`; the instance is kept."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        from tidegate import initializers

        if value is None:
            raise ValueError(f"{owner}: argument `{name}` must be an initializer or its name; received None")
        return initializers.get(value)

    def write(self, value: Any) -> Any:
        from tidegate import initializers

        return initializers.serialize(value)


class Regularizer(Kind):
    """A name, a configuration or an instance of `tidegate.regularizers`, or None; the instance is kept."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        from tidegate import regularizers

        return regularizers.get(value)

    def write(self, value: Any) -> Any:
        from tidegate import regularizers

        return regularizers.serialize(value)


class Constraint(Kind):
    """A name, a configuration or an instance of `tidegate.constraints`, or None; the instance is kept."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        from tidegate import constraints

        return constraints.get(value)

    def write(self, value: Any) -> Any:
        from tidegate import constraints

        return constraints.serialize(value)


class Name(Kind):
    """A string that can be part of a variable's path, or None."""

    def read(self, value: Any, name: str, owner: str) -> str | None:
        if value is not None and (not isinstance(value, str) or not value or "/" in value):
            raise ValueError(f"{owner}: argument `{name}` must be a string without `/`; received {value!r}")
        return value


class DType(Kind):
    """ "float32" or "float64", also as a NumPy dtype or as the policy that a Keras file holds."""

    others: ClassVar[tuple[str, ...]] = ()

    def read(self, value: Any, name: str, owner: str) -> str:
        given = value
        if isinstance(value, dict) and isinstance(value.get("config"), dict):
            given = value["config"].get("name")
        found = "float32" if given is None else str(getattr(given, "__name__", given))
        if found not in ("float32", "float64", *self.others):
            raise ValueError(
                f"{owner}: argument `{name}` does not support this value yet; "
                f"expected 'float32' or 'float64', received {value!r}"
            )
        return found

    def write(self, value: str) -> Any:
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": value},
            "registered_name": None,
        }


class DTypeName(DType):
    """The same, saved as a plain name."""

    def write(self, value: str) -> Any:
        return value


class InputDType(DTypeName):
    """The same, or an integer type, or strings."""

    others = ("string", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


class InputShape(Kind):
    """A tuple of axis lengths, None for any length; or None."""

    def read(self, value: Any, name: str, owner: str) -> Shape | None:
        if value is None:
            return None
        if isinstance(value, (list, tuple)):
            axes = tuple(integer(axis) for axis in value)
            if all(
                given is None if axis is None else axis >= 0 for axis, given in zip(axes, value, strict=True)
            ):
                return axes
        raise ValueError(
            f"{owner}: argument `{name}` must be a tuple of lengths and None; received {value!r}"
        )


class Optional(Kind):
    """None, or what another kind takes."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def read(self, value: Any, name: str, owner: str) -> Any:
        return None if value is None else self.kind.read(value, name, owner)

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)


class Later(Kind):
    """An argument of Keras that this version refuses by name when it asks for something."""

    def __init__(self, only: Any) -> None:
        self.only = only

    def read(self, value: Any, name: str, owner: str) -> Any:
        if value is None or value == self.only:
            return self.only
        raise ValueError(
            f"{owner}: argument `{name}` is not supported yet; expected {self.only!r}, received {value!r}"
        )
