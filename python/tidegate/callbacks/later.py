"""Callbacks of Keras that this version refuses by name."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate.callbacks.callback import Callback


class _Later(Callback):
    instead: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(f"The callback {type(self).__name__} is not supported yet; {self.instead}")


class BackupAndRestore(_Later):
    instead = "ModelCheckpoint saves the model and the optimizer's state, and `fit` takes `initial_epoch`"


class RemoteMonitor(_Later):
    instead = "LambdaCallback can send the logs"


class SwapEMAWeights(_Later):
    instead = "no optimizer keeps means of the weights"


class TensorBoard(_Later):
    instead = "CSVLogger writes the logs into a file"
