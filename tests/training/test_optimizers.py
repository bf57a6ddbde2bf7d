"""Optimizers: weights and saved state of Keras 3.15.1 after some steps; clipping, decay, state, arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import optimizers
from tidegate.variable import Variable

DATA = Path(__file__).parent.parent / "data"
FIGURES = json.loads((DATA / "keras_figures.json").read_text())["optimizers"]
RUNS = json.loads((DATA / "keras_optimizers.json").read_text())


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


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float64", 1e-8, 1e-8), ("float32", 1e-4, 1e-5)])
@pytest.mark.parametrize(
    "run", RUNS["optimizers"], ids=lambda run: "-".join([run["class"], *run["arguments"]])
)
def test_runs_of_keras(run: dict[str, Any], dtype: str, rtol: float, atol: float) -> None:
    """50 steps of float64, 3 of float32: the weights, the state in the order of a file, and the averages."""
    figure, arguments = run[dtype], dict(run["arguments"])
    if run["class"] in ("Adafactor", "Muon") and dtype == "float64":
        rtol = atol = 1e-6  # Keras's means and norms on JAX are float32; twins have them to 1e-12
    exclude = arguments.pop("exclude", None)
    optimizer = getattr(optimizers, run["class"])(**arguments)
    if exclude:
        optimizer.exclude_from_weight_decay(var_names=exclude)
    named = zip(RUNS["names"], RUNS["start"], strict=True)
    variables = [Variable(np.array(value, dtype), name) for name, value in named]
    steps = figure["state"][0]
    for gradients in RUNS["gradients"][:steps]:
        optimizer.apply([np.array(g, dtype) for g in gradients], variables)
    for variable, expected in zip(variables, figure["end"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=rtol, atol=atol)
    for state, expected in zip(optimizer.variables, figure["state"], strict=True):
        np.testing.assert_allclose(state, expected, rtol=rtol, atol=atol)
    optimizer.finalize_variable_values(variables)
    for variable, expected in zip(variables, figure["final"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=rtol, atol=atol)
    assert list(optimizer.get_config()) == figure["config"]


def test_every_optimizer_has_a_run() -> None:
    assert {run["class"] for run in RUNS["optimizers"]} == set(optimizers.CLASSES)


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


@pytest.mark.parametrize(
    "run", RUNS["optimizers"], ids=lambda run: "-".join([run["class"], *run["arguments"]])
)
def test_configuration_round_trip(run: dict[str, Any]) -> None:
    arguments = {key: value for key, value in run["arguments"].items() if key != "exclude"}
    optimizer = getattr(optimizers, run["class"])(**arguments)
    assert type(optimizer).from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    twin = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(twin) is type(optimizer)
    assert twin.get_config() == optimizer.get_config()


@pytest.mark.parametrize("cls", optimizers.CLASSES.values(), ids=lambda cls: cls.__name__)
def test_names(cls: type[optimizers.Optimizer]) -> None:
    for name in (cls.__name__, cls.__name__.lower(), cls.__name__.upper()):
        assert type(optimizers.get(name)) is cls
    assert isinstance(optimizers.get(cls), cls)


@pytest.mark.parametrize("cls", optimizers.CLASSES.values(), ids=lambda cls: cls.__name__)
def test_every_optimizer_learns(cls: type[optimizers.Optimizer]) -> None:
    target, variable = np.array([[1.5, 0.2], [0.5, 2.0]]), Variable(np.ones((2, 2)), "w")
    optimizer = cls(learning_rate=1.0 if cls in (optimizers.Adadelta, optimizers.Ftrl) else 0.1)
    before = np.abs(variable.numpy() - target).sum()
    for _ in range(300):
        optimizer.apply([variable.numpy() - target], [variable])
    assert np.abs(variable.numpy() - target).sum() < 0.5 * before


def test_a_bad_gradient_stays_in_its_variable() -> None:
    for cls in optimizers.CLASSES.values():
        variables = [Variable(np.ones(3), "a"), Variable(np.ones(3), "b")]
        cls().apply([np.array([np.nan, np.inf, 1.0]), np.ones(3)], variables)
        assert np.isnan(variables[0].numpy()[0]), cls
        assert np.isfinite(variables[1].numpy()).all(), cls


def test_variables_excluded_from_weight_decay() -> None:
    variables = [Variable(np.ones(2), name) for name in ("kernel", "bias", "recurrent_kernel")]
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=variables[:1], var_names=["bias", "nothing"])
    optimizer.apply([np.zeros(2)] * 3, variables)
    for variable, expected in zip(variables, (1, 1, 0.95), strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-7)


def test_accumulated_gradients_are_one_step() -> None:
    """The learning rate follows the calls, the corrections of Adam the steps."""
    one, other = Variable(np.ones(3), "a"), Variable(np.ones(3), "b")
    whole, parts = optimizers.Adam(0.1), optimizers.Adam(0.1, gradient_accumulation_steps=4)
    rng = np.random.default_rng(6)
    for _ in range(3):
        gradients = rng.standard_normal((4, 3))
        whole.apply([gradients.mean(0)], [one])
        for k, g in enumerate(gradients):
            before = other.numpy()
            parts.apply([g], [other])
            assert (other.numpy() == before).all() == (k < 3)
    np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-12)
    assert (whole.iterations, parts.iterations, parts.batches) == (3, 3, 12)


def test_a_gradient_beyond_float32_is_clipped_in_silence() -> None:
    variable = Variable(np.ones(2, "float32"), "w")
    optimizers.SGD(1.0, clipnorm=1.0).apply([np.array([1e30, 0], "float32")], [variable])
    np.testing.assert_array_equal(
        variable.numpy(), 1, err_msg="its norm is infinite: nothing is left, as in Keras"
    )


def test_old_arguments() -> None:
    with pytest.warns(UserWarning, match="decay"):
        optimizers.SGD(0.1, decay=1e-6)
    with pytest.warns(UserWarning, match="lr"):
        assert optimizers.SGD(lr=0.5).learning_rate == 0.5


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("Ftrl", {"learning_rate_power": 0.1}, "learning_rate_power.*at most 0.*0.1"),
        ("Ftrl", {"initial_accumulator_value": -1}, "initial_accumulator_value.*at least 0.*-1"),
        ("Ftrl", {"l1_regularization_strength": -1}, "l1_regularization_strength.*-1"),
        ("Ftrl", {"l2_regularization_strength": -1}, "l2_regularization_strength.*-1"),
        ("Ftrl", {"l2_shrinkage_regularization_strength": -1}, "l2_shrinkage_regularization_strength.*-1"),
        ("Lion", {"beta_1": 0.0}, "beta_1.*above 0.*0.0"),
        ("AdamW", {"weight_decay": None}, "weight_decay"),
    ],
)
def test_bad_arguments(name: str, arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        getattr(optimizers, name)(**arguments)
