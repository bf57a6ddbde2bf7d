"""A callback made of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.callbacks.callback import Callback
from tidegate.inputs import nearest

if TYPE_CHECKING:
    from collections.abc import Callable


class LambdaCallback(Callback):
    """Calls the functions it is given at the moments they are given for.

    Args:
        functions: by the name of a method of `Callback`, such as `on_epoch_end=lambda epoch, logs: ...`.
    """

    def __init__(self, **functions: Callable[..., None] | None) -> None:
        super().__init__()
        known = [name for name in dir(Callback) if name.startswith("on_")]
        for name, function in functions.items():
            if name not in known:
                raise ValueError(f"LambdaCallback: unrecognized argument `{name}`.{nearest(name, known)}")
            if function is not None:
                setattr(self, name, function)
