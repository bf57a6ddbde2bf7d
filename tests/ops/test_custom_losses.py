"""Losses of the user's, written with ops, the old backend and operators: functions and classes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from custom_losses import custom_losses

from tidegate import Sequential, activations, layers, losses, ops, optimizers
from tidegate import backend as K
from tidegate.variable import Variable

DATA = json.loads((Path(__file__).parents[1] / "data" / "keras_custom_losses.json").read_text())
X, Y, WEIGHT = (np.array(DATA[key], "float32") for key in ("x", "y", "weight"))
NAMES = [name for name in DATA if isinstance(DATA[name], dict)]
rng = np.random.default_rng(4)
TRUE = (rng.random((5, 3)) < 0.5).astype("float64")
PRED = rng.random((5, 3)) * 0.8 + 0.1


def k_rmse(y_true: Any, y_pred: Any) -> Any:
    return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1))


def k_weighted_bce(y_true: Any, y_pred: Any) -> Any:
    p = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
    return -K.mean(3.0 * y_true * K.log(p) + (1 - y_true) * K.log(1 - p), axis=-1)


def k_huber(y_true: Any, y_pred: Any) -> Any:
    error = y_true - y_pred
    linear = 0.25 * (K.abs(error) - 0.125)
    return K.mean(K.switch(K.less(K.abs(error), 0.25), 0.5 * K.square(error), linear), axis=-1)


def k_dice(y_true: Any, y_pred: Any) -> Any:
    both = K.sum(K.flatten(y_true) * K.flatten(y_pred))
    return 1 - (2.0 * both + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)


OURS = custom_losses(ops, losses.Loss)
OLD = {"rmse": k_rmse, "weighted_bce": k_weighted_bce, "huber": k_huber, "dice": k_dice}


def trained(loss: Any, weight: Any) -> tuple[list[Any], list[float]]:
    model = Sequential([layers.Input((4, 3)), layers.LSTM(5), layers.Dense(3, activation="sigmoid")])
    model.set_weights([np.array(each, "float32") for each in DATA["before"]])
    model.compile(optimizers.Adam(0.05), loss)
    history = model.fit(X, Y, batch_size=6, epochs=3, shuffle=False, sample_weight=weight, verbose=0)
    return model.get_weights(), history.history["loss"]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_trained_as_by_keras(name: str) -> None:
    own, _, weighted = name.partition(", ")
    weights, values = trained(OURS[own], WEIGHT if weighted else None)
    for one, other in zip(weights, DATA[name]["after"], strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values, DATA[name]["losses"], rtol=1e-5)


@pytest.mark.parametrize("name", OLD)
def test_the_old_backend_gives_the_same(name: str) -> None:
    weights, values = trained(OLD[name], None)
    for one, other in zip(weights, DATA[name]["after"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values, DATA[name]["losses"], rtol=1e-5)


@pytest.mark.parametrize("weight", [None, np.arange(5.0)], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", [*OURS])
def test_gradient_is_the_derivative(name: str, weight: Any) -> None:
    loss = losses.get(OURS[name])
    if name == "dice" and weight is not None:
        weight = 2.0
    value, gradient = loss.value_and_gradient(TRUE, PRED, weight)
    assert value == loss(TRUE, PRED, weight)
    assert gradient.dtype == np.float64
    for place in np.ndindex(PRED.shape):
        step = np.zeros_like(PRED)
        step[place] = 1e-6
        difference = (loss(TRUE, PRED + step, weight) - loss(TRUE, PRED - step, weight)) / 2e-6
        assert gradient[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_masks_and_weights_of_timesteps() -> None:
    true, pred = rng.random((2, 4, 3)), rng.random((2, 4, 3))
    mask = np.array([[True, True, False, False], [False, True, True, True]])

    class Squared(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean((y_true - y_pred) ** 2, axis=-1)

    ours, builtin = losses.get(Squared()), losses.get("mse")
    for arguments in (
        {"mask": mask},
        {"sample_weight": rng.random((2, 4))},
        {"sample_weight": rng.random(2), "mask": mask},
    ):
        value, gradient = ours.value_and_gradient(true, pred, **arguments)
        expected, d_pred = builtin.value_and_gradient(true, pred, **arguments)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, d_pred, rtol=1e-12, atol=1e-15)


def test_variables_and_arrays_around_it_are_constants() -> None:
    scale, shift = Variable(np.array([1.0, 2.0, 3.0]), "scale"), np.array([0.5, 0.0, -0.5])

    def shifted(y_true: Any, y_pred: Any) -> Any:
        return K.mean(scale * K.square(y_pred + shift - y_true), axis=-1)

    _, gradient = losses.get(shifted).value_and_gradient(TRUE, PRED)
    np.testing.assert_allclose(gradient, 2 * scale.numpy() * (PRED + shift - TRUE) / 15, rtol=1e-12)


OTHER_ARGUMENTS = ("categorical_generalized_cross_entropy", "circle", "ctc")
FUNCTIONS = {name: each for name, each in losses.FUNCTIONS.items() if name not in OTHER_ARGUMENTS}
LABELS = np.array([0.0, 2, 1, 1, 0])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_losses_inside_of_losses(name: str) -> None:
    true = LABELS if name.startswith("sparse") else TRUE

    def penalized(y_true: Any, y_pred: Any) -> Any:
        return FUNCTIONS[name](y_true, y_pred) * 2 + ops.sum(y_pred**2) * 0.1

    loss, plain = losses.get(penalized), losses.get(name)
    _, gradient = loss.value_and_gradient(true, PRED)
    np.testing.assert_allclose(gradient, 2 * plain.value_and_gradient(true, PRED)[1] + 0.2 * PRED, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", None])
def test_objects_inside_of_losses(reduction: str | None) -> None:
    class Cube(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean((y_pred - y_true) ** 3, axis=-1)

    inner, weight = (losses.MeanSquaredError(reduction=reduction), Cube(reduction=reduction)), np.arange(5.0)

    def both(y_true: Any, y_pred: Any) -> Any:
        return inner[0](y_true, y_pred) + 0.5 * inner[1](y_true, y_pred, sample_weight=weight)

    _, gradient = losses.get(both).value_and_gradient(TRUE, PRED)
    share = {"sum_over_batch_size": 1 / 15, "sum": 1 / 3, None: 1 / 15}[reduction]
    expected = 2 * (PRED - TRUE) + 1.5 * weight[:, None] * (PRED - TRUE) ** 2
    np.testing.assert_allclose(gradient, share * expected, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in activations.NAMES if name != "linear"])
def test_activations_inside_of_losses(name: str) -> None:
    function, x = getattr(activations, name), PRED - 0.45

    def activated(y_true: Any, y_pred: Any) -> Any:
        return function(y_pred) * 2 + function(y_pred, **ARGUMENTS.get(name, {}))

    values = function(x) * 2 + function(x, **ARGUMENTS.get(name, {}))
    loss = losses.get(activated)
    assert loss(TRUE, x) == pytest.approx(values.mean(), rel=1e-12)
    _, gradient = loss.value_and_gradient(TRUE, x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        difference = (loss(TRUE, x + step) - loss(TRUE, x - step)) / 2e-6
        assert gradient[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


ARGUMENTS: dict[str, dict[str, Any]] = {
    "elu": {"alpha": 0.5},
    "gelu": {"approximate": True},
    "leaky_relu": {"negative_slope": 0.5},
    "relu": {"negative_slope": 0.25, "max_value": 0.3, "threshold": -0.1},
    "softmax": {"axis": 0},
    "squareplus": {"b": 2},
}


def test_what_does_not_depend_on_predictions_has_no_gradient() -> None:
    for function in (lambda y_true, y_pred: K.mean(y_true), lambda y_true, y_pred: ops.round(y_pred)[:, 0]):
        assert not losses.get(function).value_and_gradient(TRUE, PRED)[1].any()


def test_a_function_without_a_gradient_is_named() -> None:
    def by_math(y_true: Any, y_pred: Any) -> Any:
        return math.sqrt(((y_pred - y_true) ** 2).sum())

    def by_sort(y_true: Any, y_pred: Any) -> Any:
        return np.sort(y_pred, axis=-1)[:, 0]

    def by_numpy(y_true: Any, y_pred: Any) -> Any:
        return np.where(y_pred > y_true, y_pred, 0).mean(-1)

    for function, told in ((by_math, r"`return math\.sqrt"), (by_sort, "of NumPy"), (by_numpy, "of NumPy")):
        with pytest.raises(
            TypeError, match=rf"{function.__name__}: the gradient .*`tidegate\.ops`"
        ) as caught:
            losses.get(function).value_and_gradient(TRUE, PRED)
        assert caught.match(told)


def test_a_class_needs_autograd_only_for_its_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autograd", None)
    assert OURS["confident"](TRUE, PRED) > 0
    with pytest.raises(ImportError, match=r"'confident'.*tidegate\[autograd\]"):
        losses.get(OURS["confident"])


def test_plain_arrays_load_no_autograd() -> None:
    program = (
        "import sys, numpy as np\n"
        "from tidegate import ops, losses, backend as K\n"
        "ops.softmax(ops.matmul(np.ones((2, 3)), np.ones((3, 2))))\n"
        "K.mean(K.square(ops.concatenate([[1.], [2.]])))\n"
        "assert not [name for name in sys.modules if name.startswith('autograd')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
