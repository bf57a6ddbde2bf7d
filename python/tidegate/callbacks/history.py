"""What `fit` returns: the numbers of every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.callbacks.callback import Callback
from tidegate.utils.faults import uninterrupted

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class History(Callback):
    """`history` maps each name in the logs to its values, one an epoch; `epoch` lists the epochs, from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        with uninterrupted():
            self.epoch.append(epoch)
            for name, value in (logs or {}).items():
                self.history.setdefault(name, []).append(value)
            self.model.history = self
