"""Callbacks on a model of their own making: early stopping, functions, and their bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate import callbacks


class Script:
    """Plays losses to a callback, as `fit` would."""

    def __init__(self, values: list[float]) -> None:
        self.values, self.stop_training, self.weights = values, False, -1

    def get_weights(self) -> list[Any]:
        return [np.array(self.weights)]

    def set_weights(self, weights: list[Any]) -> None:
        self.weights = int(weights[0])

    def play(self, callback: callbacks.Callback, name: str = "val_loss") -> int:
        """How many epochs it ran."""
        callback.set_model(self)
        callback.on_train_begin()
        for epoch, value in enumerate(self.values):
            self.weights = epoch
            callback.on_epoch_end(epoch, {name: value})
            if self.stop_training:
                break
        callback.on_train_end()
        return epoch + 1


LOSSES = [5.0, 4.0, 3.0, 3.5, 3.2, 3.1, 2.0, 1.0]


@pytest.mark.parametrize(("patience", "epochs"), [(0, 4), (1, 4), (2, 5), (3, 6), (4, 8)])
def test_patience(patience: int, epochs: int) -> None:
    assert Script(LOSSES).play(callbacks.EarlyStopping(patience=patience)) == epochs


def test_the_best_weights_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(LOSSES)
    script.play(callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1))
    assert script.weights == 2
    text = capsys.readouterr().out
    assert text == "Epoch 5: early stopping\nRestoring model weights from the end of the best epoch: 3.\n"


def test_more_may_be_better() -> None:
    rising = [0.1, 0.5, 0.4, 0.3]
    assert Script(rising).play(callbacks.EarlyStopping("val_accuracy", patience=2), "val_accuracy") == 4
    assert Script(rising).play(callbacks.EarlyStopping("score", mode="max", patience=1), "score") == 3


def test_min_delta() -> None:
    assert Script([5, 4.9, 4.8, 4.7]).play(callbacks.EarlyStopping(min_delta=0.5, patience=2)) == 3


def test_a_name_that_is_not_there() -> None:
    with pytest.warns(UserWarning, match="val_loss"):
        Script([1.0]).play(callbacks.EarlyStopping(), "loss")


def test_functions() -> None:
    seen: list[int] = []
    Script(LOSSES).play(callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch)))
    assert seen == list(range(8))
    with pytest.raises((ValueError, TypeError), match=r"on_epoch_edn.*on_epoch_end"):
        callbacks.LambdaCallback(on_epoch_edn=print)
    with pytest.raises(ValueError, match="mode"):
        callbacks.EarlyStopping(mode="best")
