"""Metrics of the user's: classes with Variables, and functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, metrics, ops
from tidegate.variable import Variable

rng = np.random.default_rng(3)
X = rng.standard_normal((20, 3)).astype("float32")
Y = (rng.random((20, 1)) < 0.5).astype("float32")


class TruePositives(metrics.Metric):
    def __init__(self, name: str = "positives", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.count = self.add_weight(shape=(), initializer="zeros", name="tp")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        hits = ops.cast(ops.logical_and(ops.equal(y_true, 1), ops.greater(y_pred, 0.5)), self.dtype)
        if sample_weight is not None:
            hits = ops.multiply(hits, ops.reshape(sample_weight, (-1, 1)))
        self.count.assign_add(ops.sum(hits))

    def result(self) -> Any:
        return self.count


class Spread(metrics.Metric):
    """Several results by name, of a state of several elements."""

    def __init__(self) -> None:
        super().__init__()
        self.bounds = self.add_variable(2, "zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.bounds.assign(ops.stack([ops.min(y_pred), ops.max(y_pred)]))

    def result(self) -> Any:
        return {"lowest": self.bounds[0], "highest": self.bounds[1]}


def within(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.cast(ops.less(ops.abs(y_true - y_pred), 0.5), "float32"), axis=-1)


@pytest.fixture
def model() -> Sequential:
    made = Sequential([layers.Input((3,)), layers.Dense(1, activation="sigmoid")])
    made.compile(
        "sgd", "mse", metrics=[TruePositives(), Spread(), within], weighted_metrics=[TruePositives("own")]
    )
    return made


def test_they_say_what_they_have_seen(model: Sequential) -> None:
    weight = np.arange(20.0)
    logs = model.evaluate(X, Y, batch_size=20, sample_weight=weight, verbose=0, return_dict=True)
    p = model.predict(X, verbose=0)
    hits = (Y == 1) & (p > 0.5)
    assert logs["positives"] == hits.sum()
    assert logs["own"] == (hits[:, 0] * weight).sum()
    assert (logs["lowest"], logs["highest"]) == (p.min(), p.max())
    assert logs["within"] == pytest.approx((np.abs(Y - p) < 0.5).mean())
    assert all(type(value) is float for value in logs.values())


def test_each_epoch_begins_anew(model: Sequential) -> None:
    once = model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True)
    assert model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True) == once
    history = model.fit(X, Y, epochs=2, verbose=0).history
    assert max(history["positives"]) <= Y.sum()


def test_weights_of_a_metric() -> None:
    metric = TruePositives(dtype="float64")
    (count,) = metric.variables
    assert isinstance(count, Variable)
    assert (count.name, count.shape, count.dtype) == ("tp", (), np.float64)
    assert float(metric([[1], [0], [1]], np.array([[0.9], [0.8], [0.2]]))) == 1
    metric.reset_state()
    assert float(count) == 0
    assert metric.add_weight((2,), "ones").numpy().tolist() == [1, 1]
