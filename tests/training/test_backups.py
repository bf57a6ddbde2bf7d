"""BackupAndRestore and SwapEMAWeights: what is saved, when, and what a run that goes on makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, callbacks, layers, optimizers
from tidegate.models import load_model
from tidegate.utils import set_random_seed

X, Y = np.random.default_rng(1).standard_normal((2, 12, 3)).astype("float32")


class Interrupt(Exception):
    pass


def make(optimizer: Any = "adam") -> Sequential:
    set_random_seed(5)
    model = Sequential([layers.Input((3,)), layers.Dropout(0.3), layers.Dense(3)])
    model.compile(optimizer, "mse")
    return model


def stop_at(epoch: int, batch: int = 1) -> callbacks.Callback:
    now: list[int] = []

    def in_batch(at: int, logs: Any) -> None:
        if (now[-1], at) == (epoch, batch):
            raise Interrupt

    return callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: now.append(epoch), on_train_batch_end=in_batch
    )


def fit(model: Sequential, *watchers: Any, epochs: int = 5) -> callbacks.History:
    return model.fit(X, Y, batch_size=4, epochs=epochs, callbacks=[*watchers], verbose=0)


def assert_same_weights(model: Sequential, other: Sequential) -> None:
    for one, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        assert_same_bits(one, expected)


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    whole, folder = make(), tmp_path / "backup"
    expected = fit(whole)
    with pytest.raises(Interrupt):
        fit(make(), callbacks.BackupAndRestore(folder), stop_at(3))
    assert sorted(path.name for path in folder.iterdir()) == [
        "epoch-3-iteration-9.weights.h5",
        "training_metadata.json",
    ]
    model = make()
    history = fit(model, callbacks.BackupAndRestore(folder))
    assert history.epoch == [3, 4]
    assert history.history["loss"] == expected.history["loss"][3:]
    assert_same_weights(model, whole)
    assert not folder.exists()


def test_a_backup_inside_of_an_epoch_begins_it_again(tmp_path: Path) -> None:
    with pytest.raises(Interrupt):
        fit(make(), callbacks.BackupAndRestore(tmp_path, save_freq=4), stop_at(3))
    assert json.loads((tmp_path / "training_metadata.json").read_text()) == [{"epoch": 2, "iteration": 8}]
    model = make()
    assert fit(model, callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)).epoch == [2, 3, 4]
    assert model.optimizer.iterations == 8 + 9
    assert tmp_path.exists()


def damaged(folder: Path, double: bool) -> callbacks.BackupAndRestore:
    """What goes on from an interrupted run whose last backup is damaged."""
    with pytest.raises(Interrupt):
        fit(make(), callbacks.BackupAndRestore(folder, double_checkpoint=double), stop_at(3))
    (folder / "epoch-3-iteration-9.weights.h5").write_bytes(b"nothing")
    return callbacks.BackupAndRestore(folder, double_checkpoint=double)


def test_a_damaged_backup(tmp_path: Path) -> None:
    again = damaged(tmp_path, double=False)
    with pytest.raises(ValueError, match=r"epoch-3-iteration-9\.weights\.h5: the weights are damaged"):
        fit(make(), again)
    for text in ("{", '{"epoch": 3}', '[{"epoch": -1, "iteration": 2}]', '[{"epoch": "../x"}]', "[" * 5000):
        (tmp_path / "training_metadata.json").write_text(text)
        with pytest.raises(ValueError, match=r"training_metadata\.json is damaged"):
            fit(make(), again)


def test_the_last_backup_but_one_is_taken_where_the_last_is_damaged(tmp_path: Path) -> None:
    again = damaged(tmp_path, double=True)
    again.save_freq = 1
    with pytest.raises(Interrupt):
        fit(make(), again, stop_at(2, batch=0))
    assert json.loads((tmp_path / "training_metadata.json").read_text()) == [
        {"epoch": 2, "iteration": 7},
        {"epoch": 2, "iteration": 6},
    ]
    (tmp_path / "epoch-2-iteration-7.weights.h5").unlink()
    (tmp_path / "epoch-2-iteration-6.weights.h5").rename(tmp_path / "epoch-2-iteration-7.weights.h5")
    assert fit(make(), callbacks.BackupAndRestore(tmp_path)).epoch == [2, 3, 4]


def test_evaluations_see_the_means(tmp_path: Path) -> None:
    def model_with_means() -> Sequential:
        return make(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))

    plain, seen = model_with_means(), model_with_means()
    expected: list[float] = []

    def evaluate_means(epoch: int, logs: Any) -> None:
        twin = make("sgd")
        twin.set_weights(plain.optimizer.slots["average"])
        expected.append(twin.evaluate(X, Y, 4, verbose=0))

    fit(plain, callbacks.LambdaCallback(on_epoch_end=evaluate_means))
    history = seen.fit(X, Y, 4, 5, verbose=0, callbacks=[callbacks.SwapEMAWeights()], validation_data=(X, Y))
    assert history.history["val_loss"] == expected
    assert_same_weights(seen, plain)


@pytest.mark.parametrize("stops", [False, True])
def test_a_checkpoint_gets_the_means(tmp_path: Path, stops: bool) -> None:
    """Also where training ends before its last epoch."""
    model = make(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))
    watchers: list[Any] = [
        callbacks.SwapEMAWeights(swap_on_epoch=True),
        callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
    ]
    if stops:
        watchers.append(callbacks.EarlyStopping("loss", min_delta=1e9, patience=2))
    history = fit(model, *watchers)
    assert len(history.epoch) == (3 if stops else 5)
    plain = make(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))
    means: list[Any] = []
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: means.append([a.copy() for a in plain.optimizer.slots["average"]])
    )
    fit(plain, keep, epochs=len(history.epoch))
    for epoch, expected in enumerate(means):
        for one, other in zip(
            load_model(tmp_path / f"{epoch + 1}.keras").get_weights(), expected, strict=True
        ):
            assert_same_bits(one, other)
    assert_same_weights(model, plain)


def test_predictions_see_the_means_and_leave_the_weights() -> None:
    model = make(optimizers.SGD(0.1, use_ema=True))
    swap = callbacks.SwapEMAWeights()
    model.predict(X, callbacks=[swap], verbose=0)  # there are no means before the first step
    model.train_on_batch(X, Y)
    model.train_on_batch(X, Y)
    before = model.get_weights()
    plain = model.predict(X, verbose=0)
    assert (model.predict(X, callbacks=[swap], verbose=0) != plain).any()
    for one, other in zip(model.get_weights(), before, strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: callbacks.BackupAndRestore(""), "`backup_dir`.*''"),
        (lambda: callbacks.BackupAndRestore("b", save_freq="batch"), "`save_freq`.*'batch'"),
        (lambda: fit(make("sgd"), callbacks.SwapEMAWeights()), "SwapEMAWeights.*use_ema=True"),
    ],
)
def test_bad_input_gets_one_sentence(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
