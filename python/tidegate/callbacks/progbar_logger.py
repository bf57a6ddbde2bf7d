"""Feeds the progress bar: one a training epoch, one a call of `evaluate` or `predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.callbacks.callback import Callback
from tidegate.utils.progbar import Progbar, write

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class ProgbarLogger(Callback):
    """Writes the progress line of `verbose` 1 or 2; validation during `fit` only adds its numbers to it."""

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self._seen = 0
        self._bar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs = None) -> None:
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._start()
        if self.verbose and self.epochs > 1:
            write(f"Epoch {epoch + 1}/{self.epochs}\n")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._show(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._in_fit:
            self._show(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._show(batch, None)  # the logs are the predictions

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(logs)

    def _start(self) -> Progbar:
        self._seen = 0
        self._bar = Progbar(self.target, verbose=self.verbose)
        return self._bar

    def _show(self, batch: int, logs: Logs) -> None:
        bar = self._bar or self._start()
        self._seen = batch + 1
        if self.verbose == 1:
            bar.update(self._seen, logs, finalize=False)

    def _finish(self, logs: Logs) -> None:
        bar = self._bar or self._start()
        if self.target is None:
            self.target = bar.target = self._seen
        bar.update(self.target, logs, finalize=True)
