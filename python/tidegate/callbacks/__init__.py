"""What runs between batches and epochs: history, progress line, early stopping, and what the user adds."""

from __future__ import annotations

from tidegate.callbacks.callback import Callback, CallbackList
from tidegate.callbacks.early_stopping import EarlyStopping
from tidegate.callbacks.history import History
from tidegate.callbacks.lambda_callback import LambdaCallback
from tidegate.callbacks.progbar_logger import ProgbarLogger

__all__ = ["Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "ProgbarLogger"]
