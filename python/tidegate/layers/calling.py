"""How the `call` of a user's layer is called: which arguments hold arrays, and what else it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tidegate.derivatives import is_box
from tidegate.graph import Tensor
from tidegate.variable import Variable

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Place(NamedTuple):
    """Stands for the array at this place of a use's inputs."""

    number: int


class Use(NamedTuple):
    """How `call` is called.

    Attributes:
        args, kwargs: its arguments, with `Place`s for arrays.
        dtypes: of the arrays.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    dtypes: tuple[str, ...]


class Accepts(NamedTuple):
    """What a function takes.

    Attributes:
        signature: of it.
        names: the arguments that can be given by name.
    """

    signature: inspect.Signature
    names: tuple[str, ...]

    @classmethod
    @cache
    def of(cls, function: Callable[..., Any], skipped: int = 1) -> Accepts:
        """Without the first ones, which are `self` of a method."""
        parameters = list(inspect.signature(function).parameters.values())[skipped:]
        names = tuple(each.name for each in parameters if each.kind in _BY_NAME)
        return cls(inspect.Signature(parameters), names)

    def bound(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name; TypeError where they do not fit. Without `training` and `mask`
        where it does not take them.
        """
        given = {
            name: value for name, value in kwargs.items() if name != "training" or "training" in self.names
        }
        return dict(self.signature.bind(*args, **given).arguments)

    def spread(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """`bound`, with those arguments too that `**kwargs` takes."""
        found = self.bound(args, kwargs)
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                found |= found.pop(name, {})
        return found

    def default(self, name: str) -> Any:
        """None where it has none, or does not take the argument."""
        parameter = self.signature.parameters.get(name)
        return None if parameter is None or parameter.default is parameter.empty else parameter.default


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with what a function makes of its leaves; tuples stay tuples."""
    if isinstance(structure, Place):
        return function(structure)
    if isinstance(structure, dict):
        return {key: mapped(function, each) for key, each in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)([mapped(function, each) for each in structure])
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """The leaves in order; those of dictionaries as their keys are."""
    found: list[Any] = []
    mapped(found.append, structure)
    return found


def filled(use: Use | None, arrays: list[Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments of a use, with the arrays in their places."""
    if use is None:
        return (arrays[0],), {}

    def array(value: Any) -> Any:
        if not isinstance(value, Place):
            return value
        found, dtype = arrays[value.number], np.dtype(use.dtypes[value.number])
        return found if dtype.kind == "f" or is_box(found) else found.astype(dtype)

    return mapped(array, use.args), mapped(array, use.kwargs)


def mapped_shapes(function: Callable[[Any], Any], structure: Any) -> Any:
    """A structure of shapes with what a function makes of each; tuples of shapes become lists."""
    if isinstance(structure, dict):
        return {key: mapped_shapes(function, each) for key, each in structure.items()}
    if not isinstance(structure, (list, tuple)):
        raise ValueError(f"expected a shape, or a structure of shapes; received {structure!r:.200}")
    if all(axis is None or isinstance(axis, (int, np.integer)) for axis in structure):
        return function(tuple(structure))
    return [mapped_shapes(function, each) for each in structure]


def shape_arguments(function: Callable[..., Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """What `build` or `compute_output_shape` is called with.

    Args:
        shapes: of each argument of `call` that holds arrays, in order.

    Raises:
        ValueError: it takes several shapes, and not by the names of `call`'s arguments with `_shape` behind.
    """
    names = Accepts.of(function).names
    if len(names) == 1:
        return {names[0]: next(iter(shapes.values()), None)}
    found = {}
    for name in names:
        stem = name.removesuffix("_shape")
        if stem in shapes and stem != name:
            found[name] = shapes[stem]
        elif Accepts.of(function).signature.parameters[name].default is inspect.Parameter.empty:
            raise ValueError(
                f"{function.__qualname__}: argument `{name}` expected the name of an argument of `call` with "
                f"`_shape` behind it; those that hold arrays are {list(shapes)}"
            )
    return found


def is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, Tensor, Variable)) or is_box(value)


def arrays_in(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those arguments that hold arrays, but the mask."""
    return {
        name: value
        for name, value in arguments.items()
        if name != "mask" and any(map(is_array, leaves(value)))
    }


def shape_of(value: Any) -> Any:
    """With an open batch axis; None of what is no array."""
    if isinstance(value, Tensor):
        return value.shape
    return (None, *value.shape[1:])[: value.ndim] if is_array(value) else None


def some(masks: Any) -> Any:
    """A structure of masks; None where there is none in it."""
    return masks if any(mask is not None for mask in leaves(masks)) else None
