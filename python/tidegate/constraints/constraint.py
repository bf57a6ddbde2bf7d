"""What constraints share: a weight goes in after the optimizer's step, and one that is allowed comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.inputs import integer
from tidegate.utils.configured import Configured

if TYPE_CHECKING:
    from tidegate.variable import Array


class Constraint(Configured):
    """Base of the constraints; to make one, write `__call__`."""

    def __call__(self, w: Array) -> Array:
        """The allowed weight that stands for `w`, in its shape and dtype."""
        raise NotImplementedError


def axes(value: Any, owner: str) -> Any:
    """An argument `axis`: an integer, or several of them."""
    if isinstance(value, (list, tuple)) and all(integer(each) is not None for each in value):
        return list(value)
    if integer(value) is None:
        raise ValueError(
            f"{owner}: argument `axis` expected an integer or a list of them; received {value!r}"
        )
    return value
