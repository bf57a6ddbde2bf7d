"""Lets evaluations and other callbacks see the running means of the weights instead of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.callbacks.callback import Callback

if TYPE_CHECKING:
    from tidegate.callbacks.callback import Logs


class SwapEMAWeights(Callback):
    """Puts the means that an optimizer with `use_ema=True` keeps in the place of the weights, and back.

    That is so while `evaluate`, `predict` and the validation of `fit` run.

    Args:
        swap_on_epoch: whether the means also stay from the end of an epoch to the beginning of the next, for
            callbacks that come later in the list, such as a ModelCheckpoint.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._show(means=False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._show(means=self.swap_on_epoch)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._show(means=True)

    def on_test_end(self, logs: Logs = None) -> None:
        self._show(means=False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._show(means=True)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._show(means=False)

    def _show(self, means: bool) -> None:
        optimizer = self.model.optimizer
        if optimizer is None or not optimizer.averages:
            raise ValueError("SwapEMAWeights: the model's optimizer expected `use_ema=True`")
        optimizer.show_averages(means)
