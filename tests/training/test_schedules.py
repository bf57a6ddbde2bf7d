"""Learning-rate schedules: the rates of Keras 3.15.1, as the rate of an optimizer, in files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, optimizers
from tidegate.models import load_model
from tidegate.optimizers import schedules
from tidegate.variable import Variable

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_optimizers.json").read_text())[
    "schedules"
]
EVERY = pytest.mark.parametrize(
    "figure", FIGURES, ids=lambda each: "-".join([each["class"], *each["arguments"]])
)


def made(figure: dict[str, Any]) -> schedules.LearningRateSchedule:
    return getattr(schedules, figure["class"])(**figure["arguments"])  # type: ignore[no-any-return]


@EVERY
def test_rates_of_keras(figure: dict[str, Any]) -> None:
    schedule = made(figure)
    np.testing.assert_allclose(
        [schedule(step) for step in range(len(figure["rates"]))], figure["rates"], rtol=1e-5, atol=1e-8
    )
    assert schedule.get_config() == figure["config"]
    assert list(schedule.get_config()) == list(figure["config"])


def test_every_schedule_has_figures() -> None:
    assert {figure["class"] for figure in FIGURES} == set(schedules.CLASSES)


@EVERY
def test_the_rate_of_an_optimizer(figure: dict[str, Any]) -> None:
    optimizer, variable = optimizers.SGD(made(figure)), Variable(np.zeros(1), "w")
    for step in range(12):
        before = variable.numpy()
        assert optimizer.learning_rate == float(np.float32(made(figure)(step)))
        rate = optimizer.learning_rate
        optimizer.apply([np.ones(1)], [variable])
        np.testing.assert_allclose(before - variable.numpy(), rate, rtol=1e-9, atol=1e-12)
    assert [each.shape for each in optimizer.variables] == [()], "the calls so far, and no rate"


@EVERY
def test_in_a_file(figure: dict[str, Any], tmp_path: Path) -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model.compile(optimizers.Adam(made(figure)), "mse")
    x, y = np.ones((4, 3), "float32"), np.zeros((4, 2), "float32")
    model.fit(x, y, batch_size=1, epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.optimizer.iterations == 8
    for each in (model, again):
        each.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_restart_is_not_put_off_by_rounding() -> None:
    schedule = schedules.CosineDecayRestarts(1.0, 1, t_mul=5.0)
    for restarts in range(1, 9):
        assert schedule((5**restarts - 1) // 4) == 1.0


def test_waves_that_get_shorter_have_an_end() -> None:
    schedule = schedules.CosineDecayRestarts(1.0, 8, t_mul=0.5)
    assert schedule(8) == 1.0
    assert math.isnan(schedule(16))


def test_values_that_are_not_finite_are_no_errors() -> None:
    optimizer = optimizers.SGD(schedules.PolynomialDecay(0.1, 3, power=-1.0))
    optimizer.batches = 3
    assert math.isinf(optimizer.learning_rate)


def test_a_function() -> None:
    optimizer = optimizers.SGD(lambda: 0.25)
    assert optimizer.learning_rate == 0.25
    config = optimizer.get_config()  # a file has the function's name, and nothing to make it again from
    assert config["learning_rate"]["config"] == "<lambda>"
    with pytest.raises(ValueError, match="function"):
        optimizers.SGD.from_config(config)


def test_a_scheduled_rate_cannot_be_set() -> None:
    optimizer = optimizers.SGD(schedules.CosineDecay(0.1, 10))
    with pytest.raises(TypeError, match="follows CosineDecay"):
        optimizer.learning_rate = 0.1
    optimizer = optimizers.SGD(0.1)
    optimizer.learning_rate = schedules.CosineDecay(0.5, 10)
    assert optimizer.learning_rate == 0.5


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("ExponentialDecay", (0.1, 0, 0.5), "decay_steps.*positive.*0"),
        ("InverseTimeDecay", (0.1, 10, "fast"), "InverseTimeDecay.*decay_rate.*fast"),
        ("PiecewiseConstantDecay", ([1, 2], [0.1, 0.2]), "one number more.*2 and 2"),
        ("PiecewiseConstantDecay", (["a"], [0.1, 0.2]), "boundaries.*a"),
        ("PolynomialDecay", (None, 10), "initial_learning_rate.*None"),
        ("CosineDecay", (0.1, -1), "decay_steps.*positive.*-1"),
        ("CosineDecayRestarts", (0.1, 10, 0.0), "t_mul.*positive.*0.0"),
    ],
)
def test_bad_arguments(name: str, arguments: tuple[Any, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        getattr(schedules, name)(*arguments)


def test_a_file_may_name_no_other_class() -> None:
    with pytest.raises(ValueError, match="Unknown schedule class 'system'"):
        optimizers.get(
            {"class_name": "SGD", "config": {"learning_rate": {"class_name": "system", "config": {}}}}
        )
