"""Optimizers: weights and saved state of Keras 3.15.1 after four steps; clipping, decay, state, arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import optimizers
from tidegate.variable import Variable

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_figures.json").read_text())["optimizers"]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: "-".join([figure["class"], *figure["config"]]))
def test_figures_of_keras(figure: dict[str, Any]) -> None:
    optimizer = getattr(optimizers, figure["class"])(**figure["config"])
    variables = [Variable(np.array(w, "float32"), f"w{k}") for k, w in enumerate(figure["start"])]
    optimizer.build(variables)
    for step in figure["gradients"]:
        optimizer.apply([np.array(g, "float32") for g in step], variables)
    for variable, expected in zip(variables, figure["end"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-5, atol=1e-6)
    for state, expected in zip(optimizer.variables, figure["saved"], strict=True):
        np.testing.assert_allclose(state, expected, rtol=1e-5, atol=1e-6)
    assert optimizer.iterations == 4


def test_gradients_are_left_alone_and_weights_replaced() -> None:
    variable, gradient = Variable(np.ones(3, "float32"), "w"), np.ones(3, "float32")
    before, version = variable.value, variable.version
    optimizers.Adam(clipnorm=0.1, weight_decay=0.1).apply([gradient], [variable])
    np.testing.assert_array_equal(gradient, 1)
    np.testing.assert_array_equal(before, 1)
    assert variable.value is not before
    assert variable.version == version + 1


def test_state_round_trip() -> None:
    def run(steps: int, optimizer: optimizers.Optimizer, variable: Variable) -> None:
        for _ in range(steps):
            optimizer.apply([np.array([1.0, -2.0], "float32") * variable.numpy()], [variable])

    first, second = Variable(np.ones(2, "float32"), "a"), Variable(np.ones(2, "float32"), "b")
    one, other = optimizers.Adam(0.1), optimizers.Adam(0.1)
    run(3, one, first)
    other.build([second])
    second.assign(first.numpy())
    other.set_variables(one.variables)
    run(2, one, first)
    run(2, other, second)
    np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_float64_weights() -> None:
    variable = Variable(np.ones(3), "w")
    optimizers.RMSprop(0.1).apply([np.full(3, 1e-3)], [variable])
    assert variable.dtype == np.float64
    rate = float(np.float32(0.1))
    np.testing.assert_allclose(variable.numpy(), 1 - rate * 1e-3 / np.sqrt(0.1 * 1e-6 + 1e-7), rtol=1e-12)


def test_configuration_round_trip() -> None:
    for optimizer in (
        optimizers.SGD(momentum=0.5),
        optimizers.Adam(amsgrad=True),
        optimizers.RMSprop(centered=True),
    ):
        twin = type(optimizer).from_config(optimizer.get_config())
        assert twin.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("sgd", "SGD"),
        ("SGD", "SGD"),
        ("rmsprop", "RMSprop"),
        ("adam", "Adam"),
        ("Adam", "Adam"),
        ("adamw", "AdamW"),
    ],
)
def test_names(name: str, cls: str) -> None:
    assert type(optimizers.get(name)).__name__ == cls
