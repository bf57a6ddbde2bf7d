"""Gradients of Python functions, by the package autograd, which is loaded when one is asked for.

A *box* is autograd's: an array that remembers what it was computed from. A Variable for which a box stands in
(`variable.standing_in`) is one to autograd's functions too.
"""

from __future__ import annotations

import sys
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.variable import Variable

if TYPE_CHECKING:
    from collections.abc import Callable


def autograd() -> Any:
    """The package, which has `make_vjp`.

    Raises:
        ImportError: it is not installed.
    """
    package = import_module("autograd")
    import_module("autograd.extend").Box.types.add(Variable)
    return package


def is_box(value: Any) -> bool:
    """Whether autograd follows what is computed from `value`; without autograd there is no such thing."""
    tracer = sys.modules.get("autograd.tracer")
    return tracer is not None and isinstance(value, tracer.Box)


def unboxed(value: Any) -> Any:
    """The array in a box, or in a box in a box; anything else as it is."""
    while is_box(value):
        value = value._value
    return value


class Primitive:
    """A function of arrays with its derivatives, which autograd follows where an argument is a box.

    Args:
        function: of arrays that come by place; what comes by name is no array.
        gradients: for each argument, `gradient(result, *args, **kwargs)`, which gives a function from the
            gradient of the result to that of the argument. Those after the last have none.
    """

    def __init__(self, function: Callable[..., Any], *gradients: Callable[..., Any] | None) -> None:
        self.function = function
        self.gradients = gradients

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self._followed if any(map(is_box, args)) else self.function
        return function(*args, **kwargs)

    @cached_property
    def _followed(self) -> Callable[..., Any]:
        extend = import_module("autograd.extend")
        # Around the function, since of a function of NumPy's autograd notes that it has been here.
        followed = extend.primitive(lambda *args, **kwargs: self.function(*args, **kwargs))
        extend.defvjp(followed, *self.gradients)
        return followed  # type: ignore[no-any-return]


def fitted(gradient: Any, like: Any) -> Any:
    """A gradient in the dtype of `like`, summed over the axes along which `like` was spread."""
    shape = np.shape(like)
    if np.shape(gradient) != shape:
        gradient = np.sum(gradient, axis=tuple(range(np.ndim(gradient) - len(shape))))
        spread = tuple(axis for axis, length in enumerate(shape) if length != np.shape(gradient)[axis])
        gradient = np.sum(gradient, axis=spread, keepdims=True)
    return np.asarray(gradient, like.dtype)


class Rearrangement(Primitive):
    """A function that moves, repeats or leaves out elements of its first argument, with zeros in between.

    Its gradient follows from itself: applied to the numbers of the elements, it says where each one went.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, self._gradient)

    def _gradient(self, y: Any, x: Any, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        def d_x(d_y: Any) -> Any:
            numbers = np.arange(1, x.size + 1).reshape(x.shape)  # from 1, since 0 is where no element went
            places = np.ravel(self.function(numbers, *args, **kwargs))
            sums = np.bincount(places, np.ravel(d_y), x.size + 1)[1:]
            return sums.reshape(x.shape).astype(x.dtype)

        return d_x
