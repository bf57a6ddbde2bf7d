"""LossScaleOptimizer and MultiOptimizer: Keras's figures, files, averages, bad input; and Muon's two ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits

from tidegate import Sequential, callbacks, layers, optimizers
from tidegate.models import load_model
from tidegate.variable import Variable

RUNS = json.loads((Path(__file__).parent.parent / "data" / "keras_optimizers.json").read_text())
X = np.random.default_rng(4).standard_normal((6, 5, 3)).astype("float32")
Y = np.random.default_rng(5).standard_normal((6, 2)).astype("float32")


def several(**first: Any) -> optimizers.MultiOptimizer:
    return optimizers.MultiOptimizer(
        optimizers.OptimizerMap(
            optimizers.SGD(0.1, momentum=0.9), {".*/lstm_cell/.*": optimizers.Adam(0.01, **first)}
        )
    )


def scaled(**inner: Any) -> optimizers.LossScaleOptimizer:
    return optimizers.LossScaleOptimizer(optimizers.Adam(0.01, **inner), dynamic_growth_steps=2)


def make(optimizer: Any) -> Sequential:
    model = Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(2)])
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("run", RUNS["around_others"], ids=lambda run: run["optimizer"]["class_name"])
def test_runs_of_keras(run: dict[str, Any]) -> None:
    optimizer = optimizers.deserialize(run["optimizer"])
    assert optimizers.serialize(optimizer) == run["optimizer"]
    named = zip(RUNS["names"], RUNS["start"], strict=True)
    variables = [Variable(np.array(value), name) for name, value in named]
    optimizer.build(variables)
    for count, step in enumerate(RUNS["gradients"][:7]):
        gradients = [optimizer.scale_loss(np.array(g)) for g in step]
        if count == 3 and isinstance(optimizer, optimizers.LossScaleOptimizer):
            gradients[0] *= np.inf
        optimizer.apply(gradients, variables)
    assert optimizer.batches == 7
    for variable, expected in zip(variables, run["end"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-8, atol=1e-8)
    # The first number is of the calls, which Keras's LossScaleOptimizer does not count.
    for state, expected in zip(optimizer.variables[1:], run["state"][1:], strict=True):
        np.testing.assert_allclose(state, expected, rtol=1e-8, atol=1e-8)
    optimizer.finalize_variable_values(variables)
    for variable, expected in zip(variables, run["final"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("make_optimizer", [several, scaled])
@pytest.mark.parametrize("steps", [0, 3])
def test_training_resumes_where_it_stopped(tmp_path: Path, make_optimizer: Any, steps: int) -> None:
    model = make(make_optimizer())
    for _ in range(steps):
        model.train_on_batch(X, Y)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert loaded.optimizer.batches == steps
    for _ in range(3):
        assert loaded.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize("make_optimizer", [several, scaled])
def test_means_of_the_weights(make_optimizer: Any) -> None:
    """They are shown and taken over as those of the optimizer inside are."""
    model = make(make_optimizer(use_ema=True, ema_momentum=0.5))
    model.train_on_batch(X, Y)
    model.train_on_batch(X, Y)
    optimizer, before = model.optimizer, model.get_weights()
    seen = model.predict(X, callbacks=[callbacks.SwapEMAWeights()], verbose=0)
    for one, other in zip(model.get_weights(), before, strict=True):
        assert_same_bits(one, other)
    optimizer.finalize_variable_values(model.trainable_variables)
    assert (model.get_weights()[0] != before[0]).any()
    assert_same_bits(model.predict(X, verbose=0), seen)


def test_a_step_that_is_not_finite_is_left_out() -> None:
    optimizer, variable = scaled(), Variable(np.ones(3, "float32"), "w")
    assert optimizer.scale_loss(1.0) == 2.0**15
    for gradient, scale in ((np.nan, 2.0**14), (1.0, 2.0**14), (1.0, 2.0**15), (np.inf, 2.0**14)):
        before = variable.numpy()
        optimizer.apply([np.full(3, gradient, "float32")], [variable])
        assert optimizer.dynamic_scale == scale
        assert (variable.numpy() == before).all() == (not np.isfinite(gradient))
    assert (optimizer.iterations, optimizer.batches) == (2, 4)
    optimizer.learning_rate = 0.5
    assert optimizer.inner_optimizer.learning_rate == 0.5


def test_which_optimizer_a_weight_has() -> None:
    first, second, default = optimizers.Adam(), optimizers.Lion(), optimizers.SGD()
    found = optimizers.OptimizerMap(default, {"a/.*": first})
    found["a/b"] = second
    assert [found["a/b"], found["a/c"], found["b"]] == [second, first, default]
    assert (list(found), len(found)) == (["a/.*", "a/b"], 2)
    found[".*/c"] = second
    with pytest.raises(ValueError, match=r"`a/c` expected at most one key.*\['a/\.\*', '\.\*/c'\]"):
        found["a/c"]
    del found[".*/c"]
    assert found["a/c"] is first


def test_a_function_says_which_optimizer() -> None:
    fast, slow = optimizers.SGD(1.0), optimizers.SGD(0.1)
    optimizer = optimizers.MultiOptimizer(lambda variable: fast if variable.name == "a" else slow)
    variables = [Variable(np.zeros(1), name) for name in ("a", "b")]
    optimizer.apply([np.ones(1), np.ones(1)], variables)
    np.testing.assert_allclose([variable.numpy()[0] for variable in variables], [-1, -0.1], rtol=1e-7)
    assert optimizer.optimizers == [fast, slow]
    rates = {f"learning_rate_{each.name}": each.learning_rate for each in (fast, slow)}
    assert optimizer.learning_rates() == rates
    with pytest.raises(ValueError, match=r"cannot be saved.*function"):
        optimizer.get_config()


def test_muon_against_its_twin() -> None:
    """In float64, where the norm of Keras's is not."""
    rng = np.random.default_rng(6)
    variable, w, v = Variable(np.ones((3, 5)), "w"), np.ones((3, 5)), np.zeros((3, 5))
    optimizer = optimizers.Muon(0.5, weight_decay=0.1, momentum=0.75, rms_rate=0.25)
    for _ in range(3):
        g = rng.standard_normal((3, 5))
        v = 0.75 * v + g
        x = g + 0.75 * v
        x /= np.linalg.norm(x) + 1e-7
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        w = w - 0.5 * 0.1 * w - 0.5 * 0.25 * np.sqrt(5) * x
        optimizer.apply([g], [variable])
    np.testing.assert_allclose(variable.numpy(), w, rtol=1e-12)


def test_a_transposed_matrix_has_a_transposed_step() -> None:
    """Muon's, whose smaller axis comes first on the way; and vectors follow Adam."""
    rng = np.random.default_rng(6)
    wide, tall = Variable(np.ones((3, 5)), "w"), Variable(np.ones((5, 3)), "w")
    one, other = optimizers.Muon(0.1), optimizers.Muon(0.1)
    for _ in range(3):
        g = rng.standard_normal((3, 5))
        one.apply([g], [wide])
        other.apply([np.ascontiguousarray(g.T)], [tall])
    np.testing.assert_allclose(wide.numpy().T, tall.numpy(), rtol=1e-12)
    singular = np.linalg.svd((wide.numpy() - 1) / 0.1, compute_uv=False)
    assert singular.max() < 4 * singular.min()
    variables = [Variable(np.ones(shape), name) for name, shape in (("embeddings", (2, 3)), ("bias", (3,)))]
    one, other = optimizers.Muon(0.1, weight_decay=0.5), optimizers.AdamW(0.1)
    twins = [Variable(np.ones(variable.shape), variable.name) for variable in variables]
    for _ in range(3):
        gradients = [rng.standard_normal(variable.shape) for variable in variables]
        one.apply(gradients, variables)
        other.apply(gradients, twins)
    for variable, twin in zip(variables, twins, strict=True):
        assert_same_bits(variable.numpy(), twin.numpy())


ADAM = {"class_name": "Adam", "config": {}}


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: optimizers.LossScaleOptimizer("adam"), "`inner_optimizer` expected an optimizer.*'adam'"),
        (lambda: optimizers.LossScaleOptimizer(several()), "`inner_optimizer`.*none around others"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), 0), "`initial_scale`.*0"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), 1, 0), "`dynamic_growth_steps`.*0"),
        (lambda: optimizers.MultiOptimizer(optimizers.SGD()), "`optimizer_map`.*OptimizerMap or a function"),
        (lambda: optimizers.OptimizerMap(scaled()), "`default_optimizer`.*none around others"),
        (lambda: optimizers.OptimizerMap(optimizers.SGD(), {"(": optimizers.SGD()}), "no regular expression"),
        (
            lambda: optimizers.OptimizerMap(optimizers.SGD(), {3: optimizers.SGD()}),
            "a key expected.*3",
        ),
        (lambda: optimizers.OptimizerMap(optimizers.SGD(), {"a": 3}), "`a` expected an optimizer.*3"),
        (lambda: several().set_variables([np.zeros(())]), "has 6 variables; received 1"),
        (lambda: optimizers.Muon(ns_steps=-1), "`ns_steps`.*-1"),
        (lambda: optimizers.deserialize({"class_name": "MultiOptimizer", "config": {}}), "optimizer map"),
        (
            lambda: optimizers.Muon.from_config({"exclude_layers": ["(a*)*b"]}),
            r"three repetitions.*\(a\*\)\*b",
        ),
        (
            lambda: optimizers.OptimizerMap.from_config({"optimizer_map": {".*a.*b.*c.*": ADAM}}),
            "OptimizerMap: a pattern in a file expected at most three repetitions",
        ),
        (
            lambda: optimizers.deserialize(
                {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": "adam"}}
            ),
            "optimizer expected a dictionary.*'adam'",
        ),
    ],
)
def test_bad_input_gets_one_sentence(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


def test_a_learning_rate_that_is_not_there() -> None:
    optimizer = several()
    for act in (lambda: optimizer.learning_rate, lambda: setattr(optimizer, "learning_rate", 0.1)):
        with pytest.raises(AttributeError, match="no learning rate of its own"):
            act()
