"""Ends training when a number in the logs has stopped getting better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.callbacks.monitor import Monitor
from tidegate.utils.progbar import write

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs
    from tidegate.variable import Array


class EarlyStopping(Monitor):
    """Stops `fit` after `patience` epochs without an improvement.

    Args:
        monitor: the name in the logs, such as "val_loss".
        min_delta: a smaller change is no improvement.
        patience: how many epochs without an improvement are borne.
        verbose: 1 to say so when it stops.
        mode: whether less ("min") or more ("max") is better; "auto" asks the metric, and takes a loss for
            "min".
        baseline: a value that has to be beaten too before the patience starts over.
        restore_best_weights: whether the model ends with the weights of its best epoch.
        start_from_epoch: epochs before this one are not looked at.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._forget()

    def _forget(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Array] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self.current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.better(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.verbose and self.stopped_epoch:
            write(f"Epoch {self.stopped_epoch + 1}: early stopping\n")
        if self.best_weights is not None:
            if self.verbose:
                write(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.\n")
            self.model.set_weights(self.best_weights)
