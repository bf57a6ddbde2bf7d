"""Losses that are functions of the user's, with gradients by autograd."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import autograd.numpy as np
import numpy
import pytest
from support import assert_same_bits

from tidegate import Sequential, layers, losses
from tidegate.models import load_model

rng = numpy.random.default_rng(5)
Y, P = rng.random((2, 6, 3)) * 0.8 + 0.1
WEIGHT = rng.random(6)


def mean_squared(y_true: Any, y_pred: Any) -> Any:
    return ((y_pred - y_true) ** 2).mean(axis=-1)


def entropy(y_true: Any, y_pred: Any) -> Any:
    return -np.sum(y_true * np.log(y_pred), axis=-1)


def one_number(y_true: Any, y_pred: Any) -> Any:
    return np.sqrt(np.mean(np.square(np.tanh(y_pred) - y_true)))


def each_number(y_true: Any, y_pred: Any) -> Any:
    return np.where(y_pred > y_true, 0.3, 0.7) * np.abs(y_pred - y_true)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("function", [mean_squared, entropy, one_number, each_number])
def test_gradient_is_the_derivative(function: Any, weight: Any) -> None:
    if weight is not None and function is each_number:
        weight = rng.random((6, 3))
    loss = losses.get(function)
    assert loss.name == function.__name__
    value, gradient = loss.value_and_gradient(Y, P, weight)
    assert value == loss(Y, P, weight)
    for k in numpy.ndindex(P.shape):
        step = numpy.zeros_like(P)
        step[k] = 1e-6
        difference = (loss(Y, P + step, weight) - loss(Y, P - step, weight)) / 2e-6
        assert gradient[k] == pytest.approx(difference, rel=1e-6, abs=1e-9)


def model(loss: Any) -> Sequential:
    made = Sequential([layers.Input((4, 2)), layers.LSTM(5), layers.Dense(3)])
    made.compile("adam", loss=loss)
    return made


X = rng.standard_normal((6, 4, 2)).astype("float32")


def test_it_trains_as_the_loss_of_that_name() -> None:
    ours, custom = model("mse"), model(mean_squared)
    custom.set_weights(ours.get_weights())
    for each in (ours, custom):
        each.fit(X, Y, epochs=3, shuffle=False, verbose=0)
    for one, other in zip(ours.get_weights(), custom.get_weights(), strict=True):
        assert one.dtype == other.dtype
        numpy.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_targets_get_the_rank_of_predictions() -> None:
    value = losses.get(mean_squared)(Y[:, 0], P[:, :1])
    assert value == pytest.approx(numpy.square(Y[:, 0] - P[:, 0]).mean())


def test_files_have_its_name_but_not_the_function(tmp_path: Path) -> None:
    saved = model(mean_squared)
    saved.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras", compile=False)
    assert_same_bits(again.predict(X, verbose=0), saved.predict(X, verbose=0))
    with pytest.raises(ValueError, match="Unknown loss 'mean_squared'"):
        load_model(tmp_path / "model.keras")


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
def test_functions_that_autograd_does_not_know() -> None:
    def by_numpy(y_true: Any, y_pred: Any) -> Any:  # the gradient of this would be zeros
        return numpy.where(y_pred > y_true, y_pred, 0)

    def by_math(y_true: Any, y_pred: Any) -> Any:
        return math.sqrt(((y_pred - y_true) ** 2).sum())

    for function in (by_numpy, by_math):
        with pytest.raises(TypeError, match=rf"{function.__name__}: .*`autograd\.numpy`"):
            losses.get(function).value_and_gradient(Y, P)
    with pytest.raises(TypeError, match=r"nothing\(y_true, y_pred\)` must hold real numbers"):
        losses.get(nothing)(Y, P)


def nothing(y_true: Any, y_pred: Any) -> None:
    pass


def test_without_autograd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autograd", None)
    with pytest.raises(ImportError, match=r"'mean_squared'.*tidegate\[autograd\]"):
        model(mean_squared)
