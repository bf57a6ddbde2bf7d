"""The nodes that operators, slices and `tidegate.ops` make of symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.graph import Tensor
from tidegate.layers.calling import Accepts, Place, Use, filled, leaves
from tidegate.layers.operation_gradients import GRADIENTS
from tidegate.layers.own import Own
from tidegate.passes import Pass
from tidegate.utils.naming import auto_name
from tidegate.variable import Array, Variable


class Operation(Own):
    """One use of an op. It runs in Python; `model.layers` does not have it, `model.operations` does.

    The gradients of the most common ops are in `operation_gradients.py`; autograd finds the others.

    Args:
        function: of `tidegate.ops`.
        name: counted up from the op's when not given.
    """

    counted = False

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name=name or auto_name(function.__name__))
        self.function = function

    @property
    def kind(self) -> str:
        """What Keras calls the class: `GetItem` of `get_item`."""
        return "".join(part.capitalize() for part in self.function.__name__.split("_"))

    @property
    def title(self) -> str:
        return f"{self.kind} `{self.name}`"

    @property
    def _accepts(self) -> Accepts:
        return Accepts.of(self.function, 0)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A node of a graph: some of the arguments are tensors."""
        if self.function.__name__ == "get_item" and isinstance(args[1], list):
            args = (args[0], tuple(args[1]))  # as files have them
        for each in leaves((args, kwargs)):
            if isinstance(each, Tensor) and each.dtype in ("float32", "float64"):
                self.dtype = each.dtype
        return super().__call__(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def _put_masks(self, going: Pass, inputs: Any, outputs: Any, mask: Any) -> None:
        """Masks do not go through operations."""

    def run(self, given: list[Array], masks: list[Array | None], **how: Any) -> tuple[list[Array], Any, Any]:
        if self.function.__name__ not in GRADIENTS or not how.get("keep"):
            return super().run(given, masks, **how)
        use = how.get("use") or Use((Place(0),), {}, (self.dtype,))
        outputs, mask, _ = super().run(given, masks, **{**how, "keep": False})
        return outputs, mask, (given, use)

    def backward(
        self, kept: Any, d_outputs: Any, *, need_d_inputs: bool = True, d_losses: float = 0.0
    ) -> tuple[Any, list[Array]]:
        if self.function.__name__ not in GRADIENTS:
            return super().backward(kept, d_outputs, need_d_inputs=need_d_inputs)
        given, use = kept
        arguments = self._accepts.bound(use.args, use.kwargs)
        values = self._accepts.bound(*filled(use, given))
        found = GRADIENTS[self.function.__name__](d_outputs, **values)
        d_inputs: list[Any] = [None] * len(given)
        for name, d in found.items():
            for place, d_one in zip(leaves(arguments.get(name)), leaves(d), strict=True):
                if isinstance(place, Place) and given[place.number].dtype.kind == "f":
                    d_inputs[place.number] = d_one
        return (d_inputs if len(given) > 1 else d_inputs[0]) if need_d_inputs else None, []

    def added_losses(self, kept: Any) -> list[float]:
        return []

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return {}
