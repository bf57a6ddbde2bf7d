"""Ends training when the loss is no number any more."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tidegate.callbacks.callback import Callback
from tidegate.utils.progbar import write

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class TerminateOnNaN(Callback):
    """Stops `fit` after a batch that leaves the loss infinite or NaN.

    Args:
        raise_error: whether it raises RuntimeError instead.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"TerminateOnNaN: the loss is {loss} after batch {batch}")
        write(f"Batch {batch}: Invalid loss, terminating training\n")
        self.model.stop_training = True
