"""Saves the model as it trains: always, or when it has become better."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tidegate.callbacks.monitor import Monitor
from tidegate.inputs import positive_integer, warn
from tidegate.utils.progbar import write

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class ModelCheckpoint(Monitor):
    """Saves the model after every epoch, or every so many batches.

    Args:
        filepath: of a `.keras` or `.h5` file, or, with `save_weights_only`, a `.weights.h5` file;
            `{epoch:02d}`, `{batch}` (both from 1) and names in the logs, such as `{val_loss:.2f}`, are filled
            in. Directories that are not there are made.
        monitor: the name in the logs that `save_best_only` follows.
        verbose: 1 to say so when it saves.
        save_best_only: whether it saves only what is better than all before.
        save_weights_only: whether the file gets the weights and the optimizer's state only, as
            `model.save_weights` writes them.
        mode: whether less ("min") or more ("max") is better; "auto" asks the metric.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: what the first saved model has to be better than.
        period: how many epochs lie between two saves, with a warning: Keras 3 has it no longer.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        period: int | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath: str = os.fspath(filepath)
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5", ".hdf5")
        if not self.filepath.endswith(endings):
            known = " or ".join(f"`{each}`" for each in endings)
            raise ValueError(
                f"ModelCheckpoint: argument `filepath` must end in {known}; received {self.filepath!r}"
            )
        if self.filepath.endswith(".hdf5"):
            warn("ModelCheckpoint: Keras 3 refuses `.hdf5`, which is the same as `.h5`")
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = bool(save_weights_only)
        self.save_freq = save_freq
        if save_freq != "epoch":
            self.save_freq = positive_integer(save_freq, "save_freq", "ModelCheckpoint")
        if period is not None:
            warn("ModelCheckpoint: argument `period` is gone from Keras 3, which saves after every epoch")
        self._period = 1 if period is None else positive_integer(period, "period", "ModelCheckpoint")
        self.best = initial_value_threshold
        self._epoch = 0
        self._batches = 0  # since the last that was saved

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches >= self.save_freq:
            self._batches = 0
            self._save({"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch" and (epoch + 1) % self._period == 0:
            self._epoch = epoch
            self._save(logs or {})

    def _save(self, logs: dict[str, Any]) -> None:
        path = self._path(logs)
        if not self._due(path, logs):
            return
        if directory := os.path.dirname(path):
            os.makedirs(directory, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        self._say(f"finished saving model to {path}")

    def _path(self, logs: dict[str, Any]) -> str:
        try:
            path: str = self.filepath.format(**{"epoch": self._epoch + 1, **logs})
        except KeyError as error:
            names = ", ".join(("epoch", *logs))
            raise ValueError(
                f"ModelCheckpoint: argument `filepath` expected names among ({names}); "
                f"received {self.filepath!r}"
            ) from error
        return path

    def _due(self, path: str, logs: dict[str, Any]) -> bool:
        current = self.current(logs) if self.save_best_only else None
        if current is None:
            if not self.save_best_only:
                self._say(f"saving model to {path}")
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.better(current, self.best):
            self._say(f"{self.monitor} did not improve from {best}")
            return False
        self._say(f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, text: str) -> None:
        if self.verbose:
            write(f"\nEpoch {self._epoch + 1}: {text}\n")
