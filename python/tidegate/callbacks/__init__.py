"""What runs between batches and epochs: history, progress line, early stopping, and what the user adds."""

from __future__ import annotations

from typing import Any

from tidegate.callbacks.backup_and_restore import BackupAndRestore
from tidegate.callbacks.callback import Callback, CallbackList
from tidegate.callbacks.csv_logger import CSVLogger
from tidegate.callbacks.early_stopping import EarlyStopping
from tidegate.callbacks.history import History
from tidegate.callbacks.lambda_callback import LambdaCallback
from tidegate.callbacks.later import OrbaxCheckpoint, RemoteMonitor
from tidegate.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from tidegate.callbacks.model_checkpoint import ModelCheckpoint
from tidegate.callbacks.progbar_logger import ProgbarLogger
from tidegate.callbacks.swap_ema_weights import SwapEMAWeights
from tidegate.callbacks.tensor_board import TensorBoard
from tidegate.callbacks.terminate_on_nan import TerminateOnNaN
from tidegate.legacy import named

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
