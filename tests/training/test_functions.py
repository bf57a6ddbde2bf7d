"""The public lists of Keras 3.15.1, and its activations and metrics as functions, and STFT: its figures."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, activations, initializers, layers, metrics

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_functions.json").read_text())
DTYPES = pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-6), ("float32", 1e-5)])


def named(figure: dict[str, Any]) -> str:
    return "-".join([figure["name"], *map(str, figure["arguments"])])


# Aliases of modules that are older than Keras 3, and classes that nobody finds by a word.
NOT_EXPORTED = {"optimizers": {"legacy"}}
NOT_FOUND = {
    "constraints": {"Constraint", "constraint"},
    "initializers": {"Initializer", "initializer"},
    "losses": {"Loss", "LossFunctionWrapper"},
    "metrics": {"Metric", "metric"},
    "optimizers": {"optimizer", "optimizermap"},
    "regularizers": {"Regularizer", "regularizer"},
}


@pytest.mark.parametrize("module", FIGURES["exported"])
def test_everything_that_keras_exports_is_here(module: str) -> None:
    names = set(dir(importlib.import_module(f"tidegate.{module}")))
    assert set(FIGURES["exported"][module]) - names == NOT_EXPORTED.get(module, set())


@pytest.mark.parametrize("module", FIGURES["strings"])
def test_everything_is_found_by_its_words(module: str) -> None:
    get = importlib.import_module(f"tidegate.{module}").get
    for name in FIGURES["strings"][module]:
        try:
            get(name)
            known = True
        except ValueError as error:
            known = not str(error).startswith("Unknown")
        except TypeError as error:  # what it needs cannot be in a word
            known = "missing" in str(error)
        assert known == (name not in NOT_FOUND.get(module, set())), name


@DTYPES
@pytest.mark.parametrize("figure", FIGURES["activations"], ids=named)
def test_activations_with_arguments(figure: dict[str, Any], dtype: str, tolerance: float) -> None:
    x = np.array(figure["x"], dtype)
    y = getattr(activations, figure["name"])(x, **figure["arguments"])
    assert y.dtype == dtype
    np.testing.assert_allclose(y, figure["value"], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", sorted(activations.variants.VARIANTS))
def test_arguments_have_the_defaults_of_the_native_function(name: str) -> None:
    x = np.linspace(-3, 3, 25).reshape(5, 5)
    given = getattr(activations, name)
    np.testing.assert_allclose(activations.variants.VARIANTS[name](x), given(x), rtol=1e-12, atol=1e-15)


@DTYPES
@pytest.mark.parametrize("figure", FIGURES["metrics"], ids=named)
def test_metrics_as_functions(figure: dict[str, Any], dtype: str, tolerance: float) -> None:
    y_true, y_pred = np.array(figure["y_true"]), np.array(figure["y_pred"], dtype)
    values = getattr(metrics, figure["name"])(y_true, y_pred, **figure["arguments"])
    assert values.dtype == dtype
    np.testing.assert_allclose(values, figure["value"], rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("figure", FIGURES["stft"], ids=lambda figure: str(figure["arguments"]))
def test_stft(figure: dict[str, Any], dtype: str) -> None:
    initializer = initializers.STFT(**figure["arguments"])
    values = initializer(figure["shape"], dtype)
    assert values.dtype == dtype
    np.testing.assert_allclose(values, figure["value"], rtol=0, atol=5e-6)  # Keras's pi is of float32
    assert list(initializer.get_config()) == figure["config"]
    twin = initializers.deserialize(initializers.serialize(initializer))
    assert twin is not None
    np.testing.assert_array_equal(twin(figure["shape"], dtype), values)


def test_functions_as_metrics_of_a_model(tmp_path: Path) -> None:
    from tidegate.models import load_model

    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    given = [metrics.mean_absolute_error, metrics.huber, metrics.MeanMetricWrapper(metrics.log_cosh, "mine")]
    model.compile("sgd", "mse", metrics=given)
    x, y = np.random.default_rng(2).standard_normal((2, 5, 3)).astype("float32")
    expected = model.evaluate(x, y[:, :2], verbose=0, return_dict=True)
    assert sorted(expected) == ["huber", "loss", "mean_absolute_error", "mine"]
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").evaluate(x, y[:, :2], verbose=0, return_dict=True) == expected
    assert type(metrics.get(metrics.mean_absolute_error)) is metrics.MeanAbsoluteError


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: activations.glu(np.ones(3)), "glu: argument `x`.*even.*3"),
        (lambda: activations.get("glu"), "`glu` is a function only"),
        (lambda: activations.get(activations.sparsemax), "`sparsemax` is a function only"),
        (lambda: initializers.STFT("both"), "`side`.*'both'"),
        (lambda: initializers.STFT(scaling="l2"), "`scaling`.*'l2'"),
        (lambda: initializers.STFT(window="haan"), "`window`.*'haan'.*`hann`"),
        (lambda: initializers.STFT()((4, 5)), r"`shape`.*\(4, 5\)"),
        (lambda: initializers.STFT(window=[1.0])((4, 1, 5)), r"`window` expected 4 values.*\(1,\)"),
        (lambda: metrics.MeanMetricWrapper.from_config({"fn": "os.system"}), "`fn`.*os.system"),
    ],
)
def test_bad_input_gets_one_sentence(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
    with pytest.raises(TypeError, match=r"tanh: only the argument `x`.*alpha"):
        activations.tanh(1.0, alpha=2)
    with pytest.raises(TypeError, match=r"relu.*alpha"):
        activations.relu(1.0, alpha=2)
