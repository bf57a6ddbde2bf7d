"""Nested lists, tuples and dictionaries, as models take their inputs and give their outputs.

The leaves of a dictionary come in the order of its sorted keys, as in Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tidegate.inputs import nearest


def listed(value: Any) -> list[Any]:
    """What is one thing, or a list of several, as a list."""
    return value if isinstance(value, list) else [value]


def plain(values: list[Any]) -> Any:
    """The inverse of `listed`."""
    return values if len(values) > 1 else values[0]


def nested(value: Any) -> bool:
    """Whether it is a structure, and no leaf."""
    return isinstance(value, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """The leaves in order."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for each in structure for leaf in flatten(each)]
    return [structure]


def pack(structure: Any, leaves: list[Any]) -> Any:
    """The same structure with other leaves; tuples become lists."""
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], leaves) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        return [_pack(each, leaves) for each in structure]
    return next(leaves)


class Leaves(NamedTuple):
    """The inputs or the outputs of a model.

    Attributes:
        structure: in which they come.
        names: of the layers that they come from, leaf by leaf.
    """

    structure: Any
    names: list[str]

    def labels(self) -> list[str]:
        """What logs call them: by their keys where they are in a dictionary, else by the layers."""
        return [
            "/".join([*keys, name] if by_place or not keys else keys)
            for (keys, by_place), name in zip(_paths(self.structure), self.names, strict=True)
        ]

    def spread(self, value: Any, argument: str) -> list[Any]:
        """What belongs to each leaf, in order; None where nothing does.

        Args:
            value: in the same structure, or a list with something for each leaf, or a dictionary of names.
            argument: its name, for messages.

        Raises:
            ValueError: another structure, or a name that is not there.
        """
        structure, names = self
        if len(names) == 1 and not nested(value):
            return [value]
        if isinstance(value, dict) and not isinstance(structure, dict):
            return [value.get(name) for name in _known(value, names, argument)]
        if isinstance(value, (list, tuple)) and len(value) == len(names):
            deep = isinstance(structure, (list, tuple)) and any(nested(each) for each in structure)
            if not deep or not any(nested(each) for each in value):
                return list(value)
        return _along(value, structure, argument)


def _paths(
    structure: Any, keys: tuple[str, ...] = (), by_place: bool = False
) -> list[tuple[list[str], bool]]:
    """Of every leaf, the keys that lead to it, and whether the last step to it is a place in a list."""
    if isinstance(structure, dict):
        return [path for key in sorted(structure) for path in _paths(structure[key], (*keys, str(key)))]
    if isinstance(structure, (list, tuple)):
        return [path for each in structure for path in _paths(each, keys, True)]
    return [(list(keys), by_place)]


def _along(value: Any, structure: Any, argument: str) -> list[Any]:
    """The parts of `value` at the leaves of `structure`."""
    if not nested(structure):
        return [value]
    if value is None:
        return [None] * len(flatten(structure))
    if isinstance(structure, dict):
        if isinstance(value, dict):
            keys = sorted(_known(value, list(structure), argument))
            return [leaf for key in keys for leaf in _along(value.get(key), structure[key], argument)]
    elif isinstance(value, (list, tuple)) and len(value) == len(structure):
        pairs = zip(value, structure, strict=True)
        return [leaf for each, below in pairs for leaf in _along(each, below, argument)]
    raise ValueError(
        f"argument `{argument}` expected the structure {_shown(structure)} of the model; "
        f"received {_shown(value)}"
    )


def _known(value: dict[Any, Any], names: list[str], argument: str) -> list[str]:
    for key in value:
        if key not in names:
            raise ValueError(
                f"argument `{argument}` expected the names {names}; "
                f"received {key!r}.{nearest(str(key), names)}"
            )
    return names


def _shown(structure: Any) -> str:
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{key!r}: {_shown(each)}" for key, each in structure.items()) + "}"
    if isinstance(structure, (list, tuple)):
        parts = [_shown(each) for each in structure[:8]]
        return f"[{', '.join([*parts, '...'] if len(structure) > 8 else parts)}]"
    return "*"
