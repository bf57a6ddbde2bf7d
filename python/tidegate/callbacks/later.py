"""Callbacks of Keras that are refused by name."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate.callbacks.callback import Callback


class _Later(Callback):
    instead: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(f"The callback {type(self).__name__} is not supported; {self.instead}")


class OrbaxCheckpoint(_Later):
    instead = "ModelCheckpoint and BackupAndRestore save the model and the optimizer's state"


class RemoteMonitor(_Later):
    instead = "nothing here opens a connection, but a function in LambdaCallback can send the logs"
