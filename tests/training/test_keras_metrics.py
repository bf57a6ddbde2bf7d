"""All metrics of Keras 3.15: its figures over two batches, names, files, functions, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegate import Sequential, layers, metrics
from tidegate.models import load_model

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_lists.json").read_text())["metrics"]


def label(figure: dict[str, Any]) -> str:
    shape = np.shape(figure["batches"][0][1])
    return f"{figure['class']}-{figure['config']}-{shape}-{figure['sample_weight'] is None}"


@pytest.mark.parametrize("figure", FIGURES, ids=label)
def test_figures_of_keras(figure: dict[str, Any]) -> None:
    metric = getattr(metrics, figure["class"])(**figure["config"])
    for dtype in ("float32", "float64"):
        for y_true, y_pred in figure["batches"]:
            weight = None if figure["sample_weight"] is None else np.array(figure["sample_weight"])
            metric.update_state(np.array(y_true, dtype), np.array(y_pred, dtype), weight)
        np.testing.assert_allclose(metric.result(), figure["value"], rtol=2e-5, atol=1e-6)
        metric.reset_state()
    assert not np.any(metric.result())


@pytest.mark.parametrize("figure", FIGURES, ids=label)
def test_configurations(figure: dict[str, Any]) -> None:
    metric = getattr(metrics, figure["class"])(**figure["config"])
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    if figure["class"] != "SparseTopKCategoricalAccuracy":
        assert sorted(metric.get_config()) == figure["saved"]


@pytest.mark.parametrize("name", sorted({figure["class"] for figure in FIGURES}))
def test_every_class_is_in_the_table(name: str) -> None:
    assert metrics.NAMES[name] is metrics.CLASSES[name] is getattr(metrics, name)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("auc", metrics.AUC), ("mape", metrics.MeanAbsolutePercentageError),
        ("kl_divergence", metrics.KLDivergence),
        ("MSLE", metrics.MeanSquaredLogarithmicError), ("bce", metrics.BinaryCrossentropy),
        ("r2_score", metrics.R2Score), ("f1_score", metrics.F1Score), ("precision", metrics.Precision),
    ],
)  # fmt: skip
def test_names(name: str, cls: type[metrics.Metric]) -> None:
    assert type(metrics.get(name)) is cls
    assert metrics.get(name).name == name


def test_sum() -> None:
    total = metrics.Sum()
    total.update_state(np.array([1.0, 2, 3]))
    total.update_state(np.array([[1.0, 2], [3, 4]]), np.array([1, 0]))
    total.update_state(np.float32(4))
    assert total.result() == 13
    total.reset_state()
    assert total.result() == 0


def test_nan_is_above_no_threshold() -> None:
    metric = metrics.TruePositives(thresholds=[0.0, 0.5])
    metric.update_state(np.array([1.0, 1.0]), np.array([np.nan, 0.4]))
    np.testing.assert_array_equal(metric.result(), [1, 0])


X = np.random.default_rng(1).standard_normal((12, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def compiled(given: list[Any], weighted: list[Any] | None = None) -> Sequential:
    model = Sequential([layers.Input((3,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "mse", metrics=given, weighted_metrics=weighted)
    return model


def test_functions_of_arrays_are_metrics() -> None:
    def largest_error(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return np.abs(y_true - y_pred).max()

    def errors(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.abs(y_true - y_pred)

    wrapped = metrics.MeanMetricWrapper(lambda t, p, power: np.abs(t - p) ** power, name="cubes", power=3)
    model = compiled([largest_error, errors, wrapped], weighted=[errors])
    weight = np.arange(12.0)
    found = model.evaluate(X, Y, sample_weight=weight, verbose=0, return_dict=True)
    difference = np.abs(Y - model.predict(X, verbose=0))
    assert found["largest_error"] == pytest.approx(difference.max())
    assert found["errors"] == pytest.approx(difference.mean())
    assert found["cubes"] == pytest.approx((difference**3).mean())
    assert found["weighted_errors"] == pytest.approx(np.average(difference[:, 0], weights=weight))
    assert "errors" in model.fit(X, Y, verbose=0).history


def test_a_metric_of_several_numbers_in_training(capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled([metrics.Recall(thresholds=[0.0, 1.0], name="recall"), "auc"])
    history = model.fit(X, Y, epochs=2, verbose=2).history
    np.testing.assert_array_equal(history["recall"][1], [1, 0])
    assert 0 <= history["auc"][0] <= 1
    assert "recall: 0.5000" in capsys.readouterr().out


def test_files_keep_them(tmp_path: Path) -> None:
    model = compiled(
        [metrics.AUC(curve="PR", name="pr"), metrics.FBetaScore(beta=2.0, threshold=0.5), "recall"]
    )
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.get_compile_config() == model.get_compile_config()
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


ONES = np.ones((4, 3), "float32")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: metrics.get("persicion"), "Unknown metric 'persicion'.*precision"),
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), r"Precision.*`thresholds`.*\[0.5, 1.5\]"),
        (lambda: metrics.Precision(top_k=0), "Precision.*`top_k`.*0"),
        (lambda: metrics.Precision(class_id=3)(ONES, ONES), r"`class_id`.*\(4, 3\).*3"),
        (lambda: metrics.Precision()(ONES, ONES[:, :2]), r"same shape.*\(4, 2\)"),
        (lambda: metrics.Precision()(ONES, ONES, np.ones(3)), r"`sample_weight`.*\(4, 3\).*\(3,\)"),
        (lambda: metrics.AUC(curve="ROCK"), "AUC.*`curve`.*'ROCK'"),
        (lambda: metrics.AUC(summation_method="x"), "AUC.*`summation_method`.*'x'"),
        (lambda: metrics.AUC(num_thresholds=1), "AUC.*`num_thresholds`.*1"),
        (lambda: metrics.AUC(num_labels=2), "`multi_label`.*2"),
        (lambda: metrics.AUC(label_weights=[1, 2])(ONES, ONES), r"`label_weights`.*\(4, 3\)"),
        (lambda: metrics.AUC(multi_label=True)(ONES[:, 0], ONES[:, 0]), r"\[batch, labels\].*\(4,\)"),
        (lambda: metrics.PrecisionAtRecall(1.5), "PrecisionAtRecall.*`recall`.*1.5"),
        (lambda: metrics.F1Score(average="mean"), "`average`.*'mean'"),
        (lambda: metrics.FBetaScore(beta=0), "`beta`.*0"),
        (lambda: metrics.FBetaScore(threshold=2), "`threshold`.*2"),
        (lambda: metrics.F1Score()(ONES[0], ONES[0]), r"\[batch, classes\].*\(3,\)"),
        (lambda: metrics.R2Score(class_aggregation="sum"), "`class_aggregation`.*'sum'"),
        (lambda: metrics.R2Score(num_regressors=-1), "`num_regressors`.*-1"),
        (lambda: metrics.R2Score()(ONES[0], ONES[0]), r"\[batch, outputs\].*\(3,\)"),
        (lambda: metrics.IoU(3, [3]), r"IoU.*`target_class_ids`.*\[3\]"),
        (lambda: metrics.MeanIoU(0), "MeanIoU.*`num_classes`.*0"),
        (lambda: metrics.MeanIoU(2)(ONES, ONES[0]), r"as many classes.*\(3,\)"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), "`k`.*0"),
        (lambda: metrics.PearsonCorrelation()(ONES, ONES[:, :2]), r"\(4, 2\)"),
        (lambda: metrics.MeanMetricWrapper(lambda t, p: "good", "word")(ONES, ONES), "word.*numbers.*good"),
    ],
)
def test_bad_input_gets_one_sentence(make: Any, match: str) -> None:
    with pytest.raises((ValueError, TypeError), match=match):
        make()


def test_a_class_that_is_nowhere_is_not_in_the_mean() -> None:
    metric = metrics.MeanIoU(num_classes=5)
    assert metric(np.array([0, 1, 1]), np.array([0, 1, 0])) == pytest.approx(0.5, abs=1e-6)
