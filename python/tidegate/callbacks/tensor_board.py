"""Writes the numbers of training where TensorBoard finds them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tidegate.callbacks.callback import Callback
from tidegate.callbacks.event_file import EventFile
from tidegate.inputs import positive_integer, warn

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class TensorBoard(Callback):
    """Scalars for TensorBoard, with the tags of Keras: losses, metrics and the learning rate of every epoch.

    They are in `train` and `validation` under the folder. Nothing but scalars is written; arguments that ask
    for more are accepted with a warning.

    Args:
        log_dir: the folder.
        update_freq: "epoch"; "batch" or a number of batches for the numbers of so many batches too.
        histogram_freq, write_images, write_steps_per_second, profile_batch, embeddings_freq,
            embeddings_metadata: not written.
        write_graph: not written, without a warning, since it is the default.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        others = {
            "histogram_freq": histogram_freq,
            "write_images": write_images,
            "write_steps_per_second": write_steps_per_second,
            "profile_batch": profile_batch,
            "embeddings_freq": embeddings_freq,
            "embeddings_metadata": embeddings_metadata,
        }
        for name, value in others.items():
            if value:
                warn(f"TensorBoard: argument `{name}` is ignored: scalars only")
        self.log_dir = os.fspath(log_dir)
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch":
            self.update_freq = positive_integer(self.update_freq, "update_freq", "TensorBoard")
        self._files: dict[str, EventFile] = {}
        self._batches = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._close()
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.update_freq != "epoch" and self._batches % self.update_freq == 0:
            self._write("train", "batch_{}", logs, self._batches)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        trained = {name: value for name, value in logs.items() if not name.startswith("val_")}
        rates = self.model.optimizer.learning_rates()
        self._write("train", "epoch_{}", {**trained, **rates}, epoch)
        held_out = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        self._write("validation", "epoch_{}", held_out, epoch)

    def on_test_end(self, logs: Logs = None) -> None:
        self._write("validation", "evaluation_{}_vs_iterations", logs, self.model.optimizer.iterations)

    def on_train_end(self, logs: Logs = None) -> None:
        self._close()

    def _write(self, part: str, tag: str, logs: Logs, step: int) -> None:
        numbers = {
            tag.format(name): float(value)
            for name, value in (logs or {}).items()
            if not getattr(value, "ndim", 0)  # a metric for each class is several
        }
        if numbers:
            if part not in self._files:
                self._files[part] = EventFile(os.path.join(self.log_dir, part))
            self._files[part].write(numbers, step)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}
