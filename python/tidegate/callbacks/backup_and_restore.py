"""Backs the training up, so that a run that was killed goes on where it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from tidegate.callbacks.callback import Callback
from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.saving.replacing import replacing

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs

_INDEX = "training_metadata.json"


class BackupAndRestore(Callback):
    """Saves weights and the optimizer's state as training goes on, and begins the next `fit` from there.

    The folder has a `.weights.h5` file for a backup, and an index that says which; the index is replaced when
    the file is complete, so that a run may be killed at any moment. With `utils.set_random_seed` the run that
    goes on gives the bits of one that was never interrupted. A backup inside of an epoch begins that epoch
    again, with the weights that it had come to.

    Args:
        backup_dir: a folder that nothing else uses.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: whether the last backup but one is kept too, for when the last is damaged.
        delete_checkpoint: whether the folder is deleted when `fit` has come to its end.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        if not self.backup_dir:
            raise ValueError(
                f"BackupAndRestore: argument `backup_dir` expected a folder; received {backup_dir!r}"
            )
        self.save_freq = save_freq
        if save_freq != "epoch":
            self.save_freq = positive_integer(save_freq, "save_freq", "BackupAndRestore")
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._batches = 0  # since the last backup
        self._backups: list[dict[str, int]] = []  # newest first: the epoch to begin with, and the iteration

    def on_train_begin(self, logs: Logs = None) -> None:
        self._backups, self._batches = self._read_index(), 0
        for place, backup in enumerate(self._backups):
            try:
                self._restore(backup)
                self._backups = self._backups[place:]
                return
            except ValueError:
                if place + 1 == len(self._backups):
                    raise

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches >= self.save_freq:
            self._batches = 0
            self._save(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)

    def _save(self, epoch: int) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        backup = {"epoch": epoch, "iteration": self.model.optimizer.batches}
        self.model.save_weights(self._path(backup))
        others = [each for each in self._backups if each != backup]
        kept = 1 if self.double_checkpoint else 0
        self._backups = [backup, *others[:kept]]
        with replacing(os.path.join(self.backup_dir, _INDEX)) as file:
            file.write(json.dumps(self._backups).encode())
        for old in others[kept:]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(old))

    def _restore(self, backup: dict[str, int]) -> None:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.model.load_weights(self._path(backup))
        self.model.first_epoch = backup["epoch"]

    def _path(self, backup: dict[str, int]) -> str:
        name = f"epoch-{backup['epoch']}-iteration-{backup['iteration']}.weights.h5"
        return os.path.join(self.backup_dir, name)

    def _read_index(self) -> list[dict[str, int]]:
        path = os.path.join(self.backup_dir, _INDEX)
        try:
            with open(path, "rb") as file:
                found = json.loads(file.read(1 << 16))
            return [
                {key: non_negative_integer(each[key], key, path) for key in ("epoch", "iteration")}
                for each in found
            ]
        except FileNotFoundError:
            return []
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged; delete the folder to begin anew: {error}") from error
