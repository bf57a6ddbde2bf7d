"""Writes the numbers of every epoch into a file of comma-separated values."""

from __future__ import annotations

import csv
import os
from typing import IO, TYPE_CHECKING, Any

from tidegate.callbacks.callback import Callback

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class CSVLogger(Callback):
    """A line for each epoch: its number, from 0, and the numbers in the logs in alphabetical order.

    The columns are those of the first epoch, and where that has no validation the names with "val_" too; a
    number that is not there is "NA".

    Args:
        filename: of the file.
        separator: between the values.
        append: whether what is in the file stays.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._columns: list[str] = []
        self._file: IO[str] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.on_train_end()
        self._columns = []
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        assert self._file is not None  # opened when training began
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.sep)
        if not self._columns:
            self._columns = sorted(logs)
            if not any(name.startswith("val_") for name in logs):
                self._columns += [f"val_{name}" for name in self._columns]
            if not self._file.tell():
                writer.writerow(["epoch", *self._columns])
        writer.writerow([epoch, *(_plain(logs.get(name, "NA")) for name in self._columns)])
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _plain(value: Any) -> Any:
    """Several numbers, as a metric for each class gives them, as one text."""
    return f'"[{", ".join(map(str, value))}]"' if getattr(value, "ndim", 0) else value
