"""Following a computation of boxes, so that the gradients of several arrays come of it at once.

autograd's nodes and rules are used, its front door is not: that numbers what it follows by one counter, which
threads would disturb.
"""

from __future__ import annotations

import itertools
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.derivatives import autograd, is_box, unboxed
from tidegate.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.variable import Array

    # From arrays to outputs, and to what makes the outputs' gradients those of the arrays.
    Function = Callable[[list[Array]], tuple[list[Array], Callable[[list[Array]], list[Array | None]]]]

_numbers = itertools.count()  # `next` on it is one step, also between threads


@cache
def available() -> bool:
    """Whether autograd is installed."""
    try:
        autograd()
    except ImportError:
        return False
    return True


class Trace:
    """One computation that is followed from some arrays on.

    Raises:
        ImportError: autograd is not installed.
    """

    def __init__(self) -> None:
        self._parts = _parts()
        self._number = next(_numbers)

    def box(self, array: Array) -> Any:
        """The array as one that is followed."""
        parts = self._parts
        return parts.new_box(np.asarray(array), self._number, parts.VJPNode.new_root())

    def gradients(self, ends: list[Any], d_ends: list[Array | None], starts: list[Any]) -> list[Array | None]:
        """Of every box among `starts`, from those of the results; None where no result depends on it."""
        pairs = [
            (end._node, d_end)
            for end, d_end in zip(ends, d_ends, strict=True)
            if d_end is not None and is_box(end) and end._trace == self._number
        ]
        last = self._parts.VJPNode.new_root()
        last.parents, last.vjp = [node for node, _ in pairs], lambda d: d
        sums: dict[int, Any] = {id(last): ([d_end for _, d_end in pairs], False)}
        found: dict[int, Array] = {}
        for node in self._parts.toposort(last):
            d = sums.pop(id(node))[0]
            if not node.parents:
                found[id(node)] = d
            for parent, d_parent in zip(node.parents, node.vjp(d), strict=True):
                sums[id(parent)] = self._parts.add_outgrads(sums.get(id(parent)), d_parent)
        return [found.get(id(start._node)) if is_box(start) else None for start in starts]


def applied(function: Function, arrays: list[Any]) -> list[Any]:
    """The outputs of a function that has a backward of its own, on arrays of which some are followed."""
    outputs = _parts().apply(_Use(function), *arrays)
    return list(outputs) if isinstance(unboxed(outputs), tuple) else [outputs]


class _Use:
    """One use of such a function; `pull` is there once it is computed."""

    __slots__ = ("function", "pull")

    def __init__(self, function: Function) -> None:
        self.function = function
        self.pull: Any = None

    def forward(self, *arrays: Array) -> Any:
        outputs, self.pull = self.function(list(arrays))
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def backward(self, places: tuple[int, ...], arrays: tuple[Any, ...], d: Any) -> list[Array]:
        """The gradients of the arrays at these places."""
        found = [None, *self.pull(list(d) if isinstance(d, (list, tuple)) else [d])]
        return [np.zeros_like(arrays[each]) if found[each] is None else found[each] for each in places]


@cache
def _parts() -> Any:
    """What is used of autograd; ImportError where it is not installed."""
    autograd()
    core, tracer, util = (import_module(f"autograd.{name}") for name in ("core", "tracer", "util"))
    box = import_module("autograd.numpy.numpy_boxes").ArrayBox
    box.register(Value)
    core.VSpace.register(Value, core.VSpace.mappings[np.ndarray])
    apply = tracer.primitive(lambda use, *arrays: use.forward(*arrays))
    core.defvjp_argnums(
        apply, lambda places, outputs, args, kwargs: lambda d: args[0].backward(places, args, d)
    )
    return SimpleNamespace(
        VJPNode=core.VJPNode, add_outgrads=core.add_outgrads, apply=apply,
        new_box=tracer.new_box, toposort=util.toposort,
    )  # fmt: skip
