"""A function as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.inputs import short, warn
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.calling import Accepts, mapped_shapes
from tidegate.layers.kinds import Kind
from tidegate.layers.own import Own

_NAMELESS = "<lambda>"


class _Function(Kind):
    """A function, or the entry that a file has of one."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        if isinstance(value, dict) and value.get("class_name") == "__lambda__":
            raise ValueError(
                f"{owner}: argument `{name}` is a Python lambda in a file, and code in files is never run; "
                "name the function, and pass it in `custom_objects`"
            )
        if isinstance(value, dict) and value.get("class_name") == "function":
            from tidegate.saving import deserialize_keras_object

            value = deserialize_keras_object(value)
        if not callable(value):
            raise ValueError(f"{owner}: argument `{name}` must be a function; received {short(value)}")
        return value

    def write(self, value: Any) -> Any:
        if getattr(value, "__name__", "") == _NAMELESS:
            warn(
                "a Lambda layer of a Python lambda is saved without it, since files hold no code; to load "
                f"it, pass the function as `custom_objects={{{_NAMELESS!r}: ...}}`, or give it a name"
            )
        from tidegate.saving import objects

        return objects.serialize(value)


class _OrFunction(_Function):
    """The same, or something else."""

    def read(self, value: Any, name: str, owner: str) -> Any:
        return super().read(value, name, owner) if callable(value) or _is_entry(value) else value

    def write(self, value: Any) -> Any:
        return super().write(value) if callable(value) else value


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") in ("function", "__lambda__")


class Lambda(Own):
    """A function of arrays, written with `tidegate.ops`, operators and slices, as a layer without weights.

    Args:
        function: of an array or a structure of them; of `mask` and `training` too where it takes them.
        output_shape: without the batch axis, or a function of the input's shape; found by a try when None.
        mask: that goes on with the output, or a function of the inputs and their mask.
        arguments: more of the function's, by name.

    Files have the function's name, "<lambda>" of a Python lambda: it must be in `custom_objects`, or
    registered, to be loaded.

    Example:
        >>> Lambda(lambda x: x[:, -1, :])(np.zeros((2, 10, 3))).shape
        (2, 3)
    """

    arguments = (
        Argument("function", REQUIRED, _Function()),
        Argument("output_shape", None, _OrFunction()),
        Argument("mask", None, _OrFunction()),
        Argument("arguments", None, Kind()),
    )

    function: Callable[..., Any]
    output_shape: Any
    mask: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.more: dict[str, Any] = vars(self).pop("arguments") or {}
        self.supports_masking = self.mask is not None

    def get_config(self) -> dict[str, Any]:
        written = {"function": _Function().write(self.function)}
        for name in ("output_shape", "mask"):
            if getattr(self, name) is not None:
                written[name] = _OrFunction().write(getattr(self, name))
        common = {
            argument.name: argument.kind.write(getattr(self, argument.name)) for argument in self.common[:3]
        }
        return {**common, **written, "arguments": self.more}

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        taken = Accepts.of(self.function, 0).names
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.more, **{name: given[name] for name in given if name in taken})

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.output_shape):
            return self.output_shape(input_shape)
        first: list[Any] = []
        mapped_shapes(first.append, input_shape)
        return mapped_shapes(lambda shape: (first[0][0], *shape), self.output_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask
