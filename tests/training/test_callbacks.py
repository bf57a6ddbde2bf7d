"""Callbacks: what those of Keras 3.15.1 do with the same losses, on models and scripts of ones; bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, callbacks, layers, optimizers
from tidegate.models import load_model

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_lists.json").read_text())


class Script:
    """Plays losses to a callback, as `fit` would."""

    def __init__(self, values: list[float]) -> None:
        self.values, self.stop_training, self.weights = values, False, -1
        self.optimizer = optimizers.SGD(0.1)
        self.saved: list[str] = []
        self.rates: list[float] = []

    def save(self, path: str, overwrite: bool) -> None:
        self.saved.append(path)

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
            callback.on_epoch_begin(epoch)
            for batch in range(3):
                callback.on_train_batch_end(batch, {"loss": value})
            callback.on_epoch_end(epoch, {"loss": value, name: value})
            self.rates.append(self.optimizer.learning_rate)
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


@pytest.mark.parametrize("figure", FIGURES["callbacks"], ids=lambda each: f"{each['class']}-{each['config']}")
def test_what_those_of_keras_do(figure: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(figure["values"])
    script.play(getattr(callbacks, figure["class"])(**figure["config"]))
    assert script.rates == figure["rates"]
    assert script.saved == figure["saved"]
    assert capsys.readouterr().out == figure["output"]


@pytest.mark.parametrize("figure", FIGURES["csv"], ids=lambda each: str(each["options"]))
def test_files_of_comma_separated_values(figure: dict[str, Any], tmp_path: Path) -> None:
    for _ in range(2):
        callback = callbacks.CSVLogger(tmp_path / "log.csv", **figure["options"])
        callback.on_train_begin()
        for epoch, logs in enumerate(figure["logs"]):
            callback.on_epoch_end(epoch, logs)
        callback.on_train_end()
    assert (tmp_path / "log.csv").read_bytes().decode() == figure["text"]


def small_model() -> Sequential:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


X, Y = np.random.default_rng(1).standard_normal((2, 12, 3)).astype("float32")


def test_a_schedule_sets_the_rate_and_the_history_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    model = small_model()
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1)
    history = model.fit(X, Y[:, 0], epochs=2, callbacks=[halve], verbose=0)
    assert history.history["learning_rate"] == [float(np.float32(0.005)), float(np.float32(0.0025))]
    rate = float(np.float32(0.01)) / 2
    text = f"\nEpoch 1: LearningRateScheduler setting learning rate to {rate}.\n"
    assert capsys.readouterr().out.startswith(text)
    of_epoch = callbacks.LearningRateScheduler(lambda epoch: 1.0 / (1 + epoch))
    model.fit(X, Y[:, 0], epochs=2, callbacks=[of_epoch], verbose=0)
    assert model.optimizer.learning_rate == 0.5
    with pytest.raises(ValueError, match=r"`schedule`.*float.*'fast'"):
        model.fit(X, Y[:, 0], callbacks=[callbacks.LearningRateScheduler(lambda e: "fast")], verbose=0)


def test_the_best_model_is_in_the_file(tmp_path: Path) -> None:
    model = small_model()
    path = tmp_path / "deep" / "best.keras"
    weights: list[np.ndarray] = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()[0]))
    best = callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True)
    history = model.fit(X, Y[:, 0], epochs=4, callbacks=[keep, best], verbose=0)
    np.testing.assert_array_equal(
        load_model(path).get_weights()[0], weights[int(np.argmin(history.history["loss"]))]
    )


def test_the_weights_alone_are_in_the_file(tmp_path: Path) -> None:
    model, other = small_model(), small_model()
    each = callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    model.fit(X, Y[:, 0], epochs=2, callbacks=[each], verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.weights.h5", "2.weights.h5"]
    other.load_weights(tmp_path / "2.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_a_loss_that_is_no_number_ends_training(capsys: pytest.CaptureFixture[str]) -> None:
    model = small_model()
    seen: list[int] = []
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    x = np.where(np.arange(12)[:, None] < 8, X, np.nan)
    stop = callbacks.TerminateOnNaN()
    model.fit(x, Y[:, 0], batch_size=4, epochs=3, shuffle=False, callbacks=[stop, count], verbose=0)
    assert seen == [0, 1, 2]
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="nan"):
        model.fit(x, Y[:, 0], callbacks=[callbacks.TerminateOnNaN(raise_error=True)], verbose=0)


def test_a_list_can_grow() -> None:
    several = callbacks.CallbackList(model=small_model())
    history = callbacks.History()
    several.append(history)
    assert several.callbacks == [history]
    assert several.history is history
    with pytest.raises(TypeError, match="`callbacks`"):
        several.append(print)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: callbacks.ModelCheckpoint("m.tf"), "`filepath`.*keras.*m.tf"),
        (
            lambda: callbacks.ModelCheckpoint("m.keras", save_weights_only=True),
            "`filepath`.*weights.h5.*m.ker",
        ),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_freq="batch"), "`save_freq`.*'batch'"),
        (lambda: callbacks.ModelCheckpoint("m.keras", mode="best"), "ModelCheckpoint.*`mode`.*'best'"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1), "`factor`.*1"),
        (lambda: callbacks.RemoteMonitor(), "RemoteMonitor is not supported; .*LambdaCallback"),
        (lambda: callbacks.OrbaxCheckpoint("folder"), "OrbaxCheckpoint is not supported; ModelCheckpoint"),
        (lambda: Script([1.0]).play(callbacks.ModelCheckpoint("{acc}.keras")), r"`filepath`.*epoch, loss"),
        (lambda: Script([1.0]).play(callbacks.ReduceLROnPlateau("score"), "score"), "`mode`.*score"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()


def test_a_number_that_is_not_in_the_logs() -> None:
    for callback in (
        callbacks.ReduceLROnPlateau(),
        callbacks.ModelCheckpoint("m.keras", save_best_only=True),
    ):
        script = Script([1.0])
        with pytest.warns(UserWarning, match="`monitor`.*val_loss"):
            script.play(callback, "loss")
    assert script.saved == ["m.keras"]  # as in Keras, rather than to lose it
