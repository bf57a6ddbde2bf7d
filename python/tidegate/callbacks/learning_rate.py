"""Change the optimizer's learning rate from epoch to epoch: by a function, or when nothing gets better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.callbacks.callback import Callback
from tidegate.callbacks.monitor import Monitor
from tidegate.utils.progbar import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.callbacks.callback import Logs


class LearningRateScheduler(Callback):
    """Sets the learning rate when an epoch begins, and adds it to the logs as "learning_rate".

    Args:
        schedule: a function of the epoch, from 0, and the present learning rate, or of the epoch alone; it
            gives a float.
        verbose: 1 to say so.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        try:
            rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        except TypeError:
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(
                f"LearningRateScheduler: argument `schedule` must give a float; received {rate!r} "
                f"for epoch {epoch}"
            )
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            write(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.\n")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class ReduceLROnPlateau(Monitor):
    """Lowers the learning rate after `patience` epochs without an improvement, and adds it to the logs.

    Args:
        monitor: the name in the logs, such as "val_loss".
        factor: below 1: what the learning rate is multiplied by.
        patience: how many epochs without an improvement are borne.
        verbose: 1 to say so.
        mode: whether less ("min") or more ("max") is better; "auto" asks the metric.
        min_delta: a smaller change is no improvement.
        cooldown: epochs after a change that do not count.
        min_lr: the learning rate does not go below this.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise ValueError(
                f"ReduceLROnPlateau: argument `factor` expected a number below 1; received {factor!r}"
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.current(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.better(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(self.model.optimizer, epoch)

    def _reduce(self, optimizer: Any, epoch: int) -> None:
        if optimizer.learning_rate <= np.float32(self.min_lr):
            return
        rate = max(optimizer.learning_rate * self.factor, self.min_lr)
        optimizer.learning_rate = rate
        if self.verbose:
            write(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.\n")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0
