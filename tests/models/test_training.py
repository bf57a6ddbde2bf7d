"""compile, fit, evaluate, predict and single batches; three steps of training against a NumPy twin."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support import Array, assert_same_bits

import tidegate
from tidegate import Sequential, callbacks, layers, metrics, optimizers, reference

RNG = np.random.default_rng(12)
X, Y = RNG.standard_normal((20, 6, 3)), RNG.standard_normal((20, 2))


def model(dtype: str = "float32", activation: str | None = None) -> Sequential:
    tidegate.utils.set_random_seed(1)
    return Sequential(
        [
            layers.Input((6, 3), dtype=dtype),
            layers.LSTM(5, return_sequences=True, dtype=dtype),
            layers.GRU(4, dtype=dtype),
            layers.Dense(2, activation=activation, dtype=dtype),
        ]
    )


def compiled(loss: str = "mse", metrics: Any = None, **options: Any) -> Sequential:
    net = model(**options)
    net.compile(optimizers.SGD(0.1), loss, metrics=metrics)
    return net


def test_training_follows_the_equations() -> None:
    """Three steps of SGD in float64 against the reference, by hand."""
    net = compiled(dtype="float64")
    chain = [
        reference.Recurrent("lstm", 5, return_sequences=True),
        reference.Recurrent("gru", 4),
        reference.Dense(2),
    ]
    weights: list[list[Array]] = [layer.get_weights() for layer in net.layers]
    rate = float(np.float32(0.1))
    for _ in range(3):
        y, kept = X, []
        for operator, values in zip(chain, weights, strict=True):
            y, *_, memory = operator.forward(y, values, keep=True)
            kept.append(memory)
        loss, gradient = np.mean((y - Y) ** 2), 2 * (y - Y) / y.size
        for k in (2, 1, 0):
            gradient, d_weights, *_ = chain[k].backward(kept[k], gradient)
            weights[k] = [w - rate * d for w, d in zip(weights[k], d_weights, strict=True)]
        assert net.train_on_batch(X, Y) == pytest.approx(loss, rel=1e-6)
    for actual, expected in zip(net.get_weights(), [w for layer in weights for w in layer], strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_fit_learns_and_remembers() -> None:
    net = model()
    net.compile("adam", "mse", metrics=["mae"])
    target = X.sum(axis=(1, 2))[:, None] / 5 * np.ones((1, 2))
    history = net.fit(X, target, batch_size=4, epochs=30, verbose=0, validation_data=(X, target))
    assert sorted(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert history.epoch == list(range(30))
    assert all(type(value) is float for values in history.history.values() for value in values)
    assert history.history["loss"][-1] < 0.7 * history.history["loss"][0]
    assert net.history is history


def test_evaluate_is_the_loss_of_predict() -> None:
    net = compiled(metrics=["mae"])
    predicted = net.predict(X, verbose=0)
    expected = [np.mean((predicted - Y) ** 2), np.mean(np.abs(predicted - Y))]
    for batch_size in (1, 7, 32):
        np.testing.assert_allclose(net.evaluate(X, Y, batch_size=batch_size, verbose=0), expected, rtol=1e-5)
    assert net.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss", "mae"}
    assert isinstance(compiled().evaluate(X, Y, verbose=0), float)
    np.testing.assert_allclose(net.test_on_batch(X, Y), expected, rtol=1e-5)


def test_a_loss_is_weighed_by_rows() -> None:
    """The last batch of 20 rows by 16 counts a quarter of the first."""
    net = compiled()
    net.optimizer.learning_rate = 0.0
    history = net.fit(X, Y, batch_size=16, verbose=0)
    assert history.history["loss"][0] == pytest.approx(net.evaluate(X, Y, verbose=0), rel=1e-6)


def test_train_on_batch_answers_from_before_the_step() -> None:
    net = compiled()
    before = net.evaluate(X, Y, verbose=0)
    assert net.train_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    assert net.evaluate(X, Y, verbose=0) < before
    assert net.train_on_batch(X, Y, return_dict=True).keys() == {"loss"}


def test_fit_without_shuffling_is_train_on_batch_in_order() -> None:
    net, other = compiled(), compiled()
    net.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for _ in range(2):
        for start in (0, 8, 16):
            other.train_on_batch(X[start : start + 8], Y[start : start + 8])
    for one, two in zip(net.get_weights(), other.get_weights(), strict=True):
        assert_same_bits(one, two)


def test_shuffling_is_repeatable_and_shuffles() -> None:
    def weights(shuffle: bool) -> Array:
        net = compiled()
        net.fit(X, Y, batch_size=8, epochs=2, shuffle=shuffle, verbose=0)
        return net.get_weights()[0]

    assert_same_bits(weights(True), weights(True))
    assert not np.array_equal(weights(True), weights(False))


def test_validation_split_takes_the_last_rows_before_shuffling() -> None:
    net, other = compiled(), compiled()
    history = net.fit(X, Y, validation_split=0.25, verbose=0)
    other.fit(X[:15], Y[:15], validation_data=(X[15:], Y[15:]), verbose=0)
    assert history.history == other.history.history
    for one, two in zip(net.get_weights(), other.get_weights(), strict=True):
        assert_same_bits(one, two)


def test_sample_weights() -> None:
    """Divided by the number of rows, not by the sum of the weights."""
    net = compiled()
    weight = np.arange(20.0)
    rows = np.mean((net.predict(X, verbose=0) - Y) ** 2, axis=1)
    assert net.evaluate(X, Y, sample_weight=weight, verbose=0) == pytest.approx(
        np.sum(weight * rows) / 20, rel=1e-5
    )
    frozen = compiled()
    before = frozen.get_weights()
    frozen.fit(X, Y, sample_weight=np.zeros(20), verbose=0)
    for one, two in zip(frozen.get_weights(), before, strict=True):
        assert_same_bits(one, two)


@pytest.mark.parametrize(
    ("loss", "activation", "y"),
    [
        ("mse", None, Y),
        ("mae", None, Y),
        ("binary_crossentropy", "sigmoid", (Y > 0).astype("int64")),
        ("categorical_crossentropy", "softmax", np.eye(2)[(Y[:, 0] > 0).astype(int)]),
        ("sparse_categorical_crossentropy", "softmax", (Y[:, 0] > 0).astype("int64")),
    ],
)
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_every_loss_goes_down(loss: str, activation: str | None, y: Array, optimizer: str) -> None:
    net = model(activation=activation)
    net.compile(optimizer, loss, metrics=["accuracy"] if activation else None)
    net.optimizer.learning_rate = 0.01
    history = net.fit(X, y, epochs=15, batch_size=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_initial_epoch_and_stop_training() -> None:
    net = compiled()
    assert net.fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]

    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    assert net.fit(X, Y, epochs=9, verbose=0, callbacks=[Stop()]).epoch == [0, 1]


def test_callbacks_are_called_in_order() -> None:
    calls: list[str] = []

    class Recorder(callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            calls.append("train begin")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            calls.append(f"epoch {epoch} begin")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert "loss" in logs
            calls.append(f"batch {batch}")

        def on_test_begin(self, logs: Any = None) -> None:
            calls.append("test")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            assert "val_loss" in logs
            calls.append(f"epoch {epoch} end")

        def on_train_end(self, logs: Any = None) -> None:
            calls.append("train end")

    net = compiled()
    net.fit(X, Y, batch_size=10, callbacks=[Recorder()], validation_data=(X, Y), verbose=0)
    assert calls == ["train begin", "epoch 0 begin", "batch 0", "batch 1", "test", "epoch 0 end", "train end"]


def test_early_stopping_restores_the_best_weights() -> None:
    net = compiled()
    net.optimizer.learning_rate = 50.0  # it can only get worse
    stopper = callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    history = net.fit(X, Y, epochs=20, verbose=0, callbacks=[stopper], batch_size=20)
    assert len(history.epoch) < 20


def test_early_stopping_knows_which_way_a_metric_of_the_model_is_better() -> None:
    labels = (Y > 0).astype("int64")
    net = model(activation="sigmoid")
    net.compile("sgd", "binary_crossentropy", metrics=[metrics.BinaryAccuracy(name="right")])
    stopper = callbacks.EarlyStopping("val_right", patience=50)
    history = net.fit(X, labels, validation_data=(X, labels), epochs=3, verbose=0, callbacks=[stopper])
    assert stopper.best == max(history.history["val_right"])


def test_a_metric_of_the_user_starts_anew_in_every_call() -> None:
    metric = metrics.MeanAbsoluteError()
    net = compiled(metrics=[metric])
    first = net.evaluate(X, Y, verbose=0)
    assert net.evaluate(X[:5], Y[:5], verbose=0) != first
    assert net.evaluate(X, Y, verbose=0) == first
    assert metric.result() == first[1]


def test_the_progress_line(capsys: pytest.CaptureFixture[str]) -> None:
    net = compiled()
    net.fit(X, Y, batch_size=10, epochs=2)
    text = capsys.readouterr().out
    assert "Epoch 1/2\n" in text
    assert "Epoch 2/2\n" in text
    line = "\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m"
    assert line in text
    assert re.search(r"\x1b\[1m\d+s\x1b\[0m \d+[mu]?s/step - loss: \d\.\d{4}", text)


def test_verbose_0_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    net = compiled(metrics=["mae"])
    net.fit(X, Y, verbose=0)
    net.predict(X, verbose=0)
    net.evaluate(X, Y, verbose=0)
    assert capsys.readouterr().out == ""
    net.fit(X, Y, batch_size=10, verbose=2, validation_data=(X, Y))
    line = capsys.readouterr().out
    number = r"\d+\.\d{4}"
    values = " - ".join(f"{name}: {number}" for name in ("loss", "mae", "val_loss", "val_mae"))
    wanted = rf"2/2 - \d+s - \d+[mu]?s/step - {values}\n"
    assert re.fullmatch(wanted, line), line


def test_learning_rates_are_float32() -> None:
    net = model()
    net.compile(optimizers.Adam(), "mse")
    assert net.optimizer.get_config()["learning_rate"] == 0.0010000000474974513


def test_accuracy_means_what_the_shapes_say() -> None:
    labels = (Y[:, 0] > 0).astype("int64")
    net = model(activation="softmax")
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    expected = np.mean(net.predict(X, verbose=0).argmax(1) == labels)
    assert net.evaluate(X, labels, verbose=0)[1] == pytest.approx(expected)
    net = model(activation="softmax")
    net.compile("sgd", "categorical_crossentropy", metrics=["acc"])
    assert net.evaluate(X, np.eye(2)[labels], verbose=0, return_dict=True)["acc"] == pytest.approx(expected)
