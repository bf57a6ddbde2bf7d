"""Promise: what comes between, Ctrl-C, an exception in a callback or memory that is not there, reaches the
caller, and leaves a model that works and a history that is true."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

import tidegate
from tidegate import Sequential, callbacks, layers
from tidegate.utils.faults import uninterrupted

X = np.random.default_rng(1).standard_normal((64, 9, 5)).astype("float32")
Y = np.random.default_rng(2).standard_normal((64, 3)).astype("float32")


def make() -> Sequential:
    tidegate.utils.set_random_seed(3)
    model = Sequential([layers.Input((9, 5)), layers.LSTM(16), layers.Dropout(0.2), layers.Dense(3)])
    model.compile("adam", "mse")
    return model


def fit(model: Sequential, epochs: int, *watchers: callbacks.Callback, **others: Any) -> callbacks.History:
    return model.fit(X, Y, batch_size=8, epochs=epochs, callbacks=[*watchers], verbose=0, **others)


def assert_true(model: Sequential) -> None:
    """The history is that of the epochs that ended, and the model that of so many steps of a run like it."""
    assert model.history is not None
    assert len(model.history.history.get("loss", [])) == len(model.history.epoch)
    steps, twin = model.optimizer.iterations, make()
    assert steps // 8 in (len(model.history.epoch), len(model.history.epoch) + 1)
    count = iter(range(steps))

    class Enough(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if next(count) == steps - 1:
                self.model.stop_training = True

    if steps:
        fit(twin, steps // 8 + 1, Enough())
    for one, expected in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert_same_bits(one, expected)
    model.predict(X, verbose=0)
    fit(model, 1)


def test_ctrl_c_ends_fit_within_a_second() -> None:
    for delay in (0.01, 0.05, 0.1, 0.2, 0.3):
        model, sent = make(), []

        def kill(delay: float = delay, sent: list[float] = sent) -> None:
            time.sleep(delay)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(KeyboardInterrupt):
            fit(model, 1_000_000)
        late = time.monotonic() - sent[0]
        killer.join()
        assert late < 1
        assert_true(model)


def test_ctrl_c_waits_for_the_end_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make()
    take = tidegate.variable.Variable.take
    seen: list[str] = []

    def take_and_interrupt(variable: Any, value: Any) -> None:
        take(variable, value)
        seen.append(variable.name)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(tidegate.variable.Variable, "take", take_and_interrupt)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(model, 1)
    monkeypatch.undo()
    assert len(seen) == len(model.trainable_variables)
    assert model.optimizer.iterations == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert_true(model)


def test_threads_beside_the_main_one_train_too() -> None:
    model = make()
    worker = threading.Thread(target=fit, args=(model, 2))
    worker.start()
    worker.join()
    assert_true(model)


def test_a_handler_of_the_users_is_called_once() -> None:
    calls: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    try:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            assert not calls
        assert calls == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


MOMENTS = (
    "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_epoch_end",
    "on_test_begin", "on_test_batch_end", "on_test_end", "on_train_end",
)  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_exception_in_a_callback(moment: str) -> None:
    def fail(*given: Any) -> None:
        if given[0] in (1, {}) or not isinstance(given[0], int):
            raise LookupError("in a callback")

    model = make()
    with pytest.raises(LookupError, match="in a callback"):
        fit(model, 3, callbacks.LambdaCallback(**{moment: fail}), validation_data=(X, Y))
    if moment == "on_train_begin":
        assert model.history is not None
        fit(model, 1)
    elif moment != "on_epoch_end":  # the callbacks before it have counted the epoch
        assert_true(model)


CHILD = """
import resource, sys
import numpy as np
from tidegate import Sequential, layers

middle = layers.{layer}
model = Sequential([layers.Input((50, 32)), layers.LSTM(128, return_sequences=True), middle, layers.Dense(1)])
model.compile("adam", "mse")
x, y = np.ones((512, 50, 32), "float32"), np.ones((512, 50, 1), "float32")
model.train_on_batch(x[:64], y[:64])
model.predict(x[:64], verbose=0)
expected = model.predict(x[:2], verbose=0)
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + {mebibytes} * 2**20, -1))
calls = {{
    "fit": lambda: model.fit(x, y, batch_size=512, verbose=0),
    "train_on_batch": lambda: model.train_on_batch(x, y),
    "predict": lambda: model.predict(x, batch_size=512, verbose=0),
    "evaluate": lambda: model.evaluate(x, y, batch_size=512, verbose=0),
    "predict_on_batch": lambda: model.predict_on_batch(x),
}}
weights = model.get_weights()
for name, call in calls.items():
    try:
        call()
        print(name, "fine")
    except MemoryError as error:
        print(name, error)
        if name == "fit":
            assert all((a == b).all() for a, b in zip(model.get_weights(), weights))
            assert (model.predict(x[:2], verbose=0) == expected).all()
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
calls["fit"]()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("mebibytes", [2, 8, 20, 40, 80, 120])
@pytest.mark.parametrize("layer", ["GRU(64, return_sequences=True)", "BatchNormalization()"])
def test_memory_that_is_not_there(mebibytes: int, layer: str) -> None:
    """The sentence says how much was asked for and for what, and the process goes on."""
    program = CHILD.format(layer=layer, mebibytes=mebibytes)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    failed = {name: text for name, text in said.items() if text != "fine"}
    if mebibytes <= 8:
        assert set(failed) == set(said)
    purposes = dict.fromkeys(("fit", "train_on_batch"), "a training step on 512 rows")
    for name, text in failed.items():
        assert re.search(r"Unable to allocate [\d.]+ [KMG]iB", text), text
        if "for an array with shape" not in text:  # NumPy's own sentence, on the way to the step
            assert f"Sequential `sequential`: {purposes.get(name, 'the outputs of 512 rows')}: " in text
