"""Promise: Ctrl-C ends a native call of recurrent work within a second, however long it would take; and work
that is done in pieces for its sake has the bits of work that is not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from support import FORMS, Array, Case, assert_same_bits

import tidegate
from tidegate import Sequential, layers
from tidegate._native import core

FOREVER = Case("lstm", 32, 30_000, 8, 512, dtype="float32")  # 2 TFLOP


@contextmanager
def ctrl_c_after(seconds: float) -> Any:
    """Sends it, and fails where a second goes by until the end of the block."""
    sent: list[float] = []

    def send() -> None:
        time.sleep(seconds)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()
    assert time.monotonic() - sent[0] < 1


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("batch", [2, 32])
def test_a_forward_pass(threads: None, count: int, batch: int) -> None:
    core.set_num_threads(count)
    case = FOREVER.but(batch=batch, timesteps=30_000 * 32 // batch)
    data, operator = case.data(), case.operator(core)
    with ctrl_c_after(0.3), pytest.raises(KeyboardInterrupt):
        operator.forward(data.x, data.weights)
    first = operator.forward(data.x[:, :50].copy(), data.weights)[0]
    assert np.isfinite(first).all()


@pytest.mark.parametrize("count", [1, 2])
def test_a_backward_pass(threads: None, count: int) -> None:
    core.set_num_threads(count)
    case, long = (FOREVER.but(units=1024, timesteps=steps) for steps in (10, 300))
    data, long_data, operator = case.data(), long.data(), case.operator(core)
    _, _, kept = operator.forward(data.x, data.weights, None, None, True)
    expected, *_ = operator.backward(kept, data.d_y)
    _, _, kept_long = operator.forward(long_data.x, long_data.weights, None, None, True)
    with ctrl_c_after(0.05), pytest.raises(KeyboardInterrupt):
        operator.backward(kept_long, long_data.d_y)
    again, *_ = operator.backward(kept, data.d_y)
    assert_same_bits(again, expected)


def test_a_stateful_layer_in_predict() -> None:
    """Its states are then those from before."""
    model = Sequential([layers.Input(batch_shape=(32, None, 8)), layers.LSTM(512, stateful=True)])
    x = np.ones((32, 20_000, 8), "float32")
    model.predict(x[:, :3], verbose=0)
    before = model.carried[0].value
    with ctrl_c_after(0.3), pytest.raises(KeyboardInterrupt):
        model.predict(x, verbose=0)
    assert model.carried[0].value is before


def test_predict_and_evaluate() -> None:
    model = Sequential([layers.Input((3000, 8)), layers.Bidirectional(layers.GRU(256)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((256, 3000, 8), "float32"), np.ones((256, 1), "float32")
    calls: list[Callable[[], Any]] = [
        lambda: model.predict(x, batch_size=256, verbose=0),
        lambda: model.evaluate(x, y, batch_size=256, verbose=0),
        lambda: model(x),
    ]
    for call in calls:
        with ctrl_c_after(0.2), pytest.raises(KeyboardInterrupt):
            call()


@contextmanager
def counting_handler() -> Any:
    """A handler that raises nothing, called every 20 ms meanwhile."""
    calls: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: calls.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        yield calls
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mask", ["none", "holes"])
def test_work_in_pieces_has_the_same_bits(threads: None, form: str, mask: str) -> None:
    """A long pass on one thread and on three while handlers run, and chunks that are too short for pieces."""
    case = Case(form, 5, 1500, 30, 256, mask, return_sequences=True, dtype="float32")
    data, operator = case.data(), case.operator(core)
    whole: list[list[Array]] = []
    for count in (1, 3):
        core.set_num_threads(count)
        with counting_handler() as calls:
            y, states, kept = operator.forward(data.x, data.weights, None, data.mask, True)
            d_x, d_weights, _ = operator.backward(kept, data.d_y)
            plain, *_ = operator.forward(data.x, data.weights, None, data.mask)
        assert calls
        assert_same_bits(plain, y)
        whole.append([y, *states, d_x, *d_weights])
    for one, other in zip(*whole, strict=True):
        assert_same_bits(one, other)
    if mask != "none":
        return  # an output of a masked step repeats the one before it, which a chunk does not know
    states = None
    for start in range(0, 1500, 100):
        chunk = slice(start, start + 100)
        y, states, _ = operator.forward(data.x[:, chunk].copy(), data.weights, states, None)
        assert_same_bits(y, np.ascontiguousarray(whole[0][0][:, chunk]))


def test_a_handler_may_use_the_model() -> None:
    case = FOREVER.but(timesteps=1000)
    data, operator = case.data(), case.operator(core)
    small = case.but(timesteps=3).data()
    expected = operator.forward(small.x, small.weights)[0]
    found: list[Array] = []
    before = signal.signal(
        signal.SIGUSR1, lambda number, frame: found.append(operator.forward(small.x, small.weights)[0])
    )
    sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        operator.forward(data.x, data.weights)
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert_same_bits(found[0], expected)
    assert tidegate.get_num_threads() > 0
