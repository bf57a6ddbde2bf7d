"""Writes keras_lists.json: what Keras 3.15.1's regularizers and constraints make of arrays, its callbacks of
the losses of some epochs, and its metrics of two batches.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_lists.py`); the tests only read the file.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
rng = np.random.default_rng(42)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}),
    ("L1", {"l1": 0.25}),
    ("L2", {}),
    ("L2", {"l2": 0.25}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.9, "max_value": 2.1, "rate": 0.25, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
]


def regularizer_figure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    x = normal(4, 6)
    value = getattr(keras.regularizers, name)(**config)(keras.ops.convert_to_tensor(x))
    return {"class": name, "config": config, "x": x.tolist(), "value": float(value)}


def constraint_figure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    w = normal(4, 6)
    value = getattr(keras.constraints, name)(**config)(keras.ops.convert_to_tensor(w))
    return {"class": name, "config": config, "w": w.tolist(), "value": np.asarray(value).tolist()}


def one_hot(*shape: int) -> np.ndarray:
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])]


def uniform(*shape: int) -> np.ndarray:
    return rng.uniform(0.01, 0.99, shape).astype("float32")


def bits(*shape: int) -> np.ndarray:
    return rng.integers(0, 2, shape).astype("float32")


def labels(*shape: int) -> np.ndarray:
    return rng.integers(0, 4, shape).astype("float32")


COLUMNS, SEQUENCES = (8, 4), (6, 5, 3)
NUMBERS = [(normal, normal, COLUMNS), (normal, normal, SEQUENCES)]
SHARES = [(uniform, uniform, COLUMNS), (uniform, uniform, SEQUENCES)]
CHOICES = [(one_hot, uniform, COLUMNS), (one_hot, uniform, SEQUENCES)]
YES_AND_NO = [(bits, uniform, (8, 1)), (bits, uniform, COLUMNS), (bits, uniform, SEQUENCES)]
CLASSES = [(labels, labels, (8,))]
# Class, configurations, and how targets and predictions of what shapes are made.
METRICS: list[tuple[str, list[dict[str, Any]], Any]] = [
    *((name, [{}], NUMBERS) for name in (
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "RootMeanSquaredError",
        "LogCoshError", "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation",
    )),
    ("MeanSquaredLogarithmicError", [{}], SHARES),
    ("R2Score", [
        {}, {"class_aggregation": None}, {"class_aggregation": "variance_weighted_average"},
        {"num_regressors": 2},
    ], NUMBERS[:1]),
    ("Hinge", [{}], YES_AND_NO),
    ("SquaredHinge", [{}], YES_AND_NO),
    ("CategoricalHinge", [{}], CHOICES),
    ("KLDivergence", [{}], SHARES),
    ("Poisson", [{}], SHARES),
    ("BinaryCrossentropy", [{}, {"from_logits": True, "label_smoothing": 0.2}], YES_AND_NO),
    ("CategoricalCrossentropy", [{}, {"from_logits": True, "label_smoothing": 0.2}], CHOICES),
    ("SparseCategoricalCrossentropy", [{}, {"from_logits": True}], [(labels, uniform, None)]),
    ("Accuracy", [{}], CLASSES),
    ("BinaryAccuracy", [{}, {"threshold": 0.3}], YES_AND_NO),
    ("CategoricalAccuracy", [{}], CHOICES),
    ("SparseCategoricalAccuracy", [{}], [(labels, uniform, None)]),
    ("TopKCategoricalAccuracy", [{"k": 1}, {"k": 2}], CHOICES),
    ("SparseTopKCategoricalAccuracy", [{"k": 2}], [(labels, uniform, None)]),
    *((name, [{}, {"thresholds": 0.3}, {"thresholds": [0.7, 0.2, 0.5]}], YES_AND_NO) for name in (
        "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives",
    )),
    *((name, [
        {}, {"thresholds": [0.7, 0.2]}, {"top_k": 2}, {"class_id": 1}, {"top_k": 2, "class_id": 0},
    ], YES_AND_NO[1:]) for name in ("Precision", "Recall")),
    ("SensitivityAtSpecificity", [{"specificity": 0.5}, {"specificity": 0.7, "class_id": 1}], YES_AND_NO[1:]),
    ("SpecificityAtSensitivity", [
        {"sensitivity": 0.5}, {"sensitivity": 0.6, "num_thresholds": 1},
    ], YES_AND_NO),
    ("PrecisionAtRecall", [{"recall": 0.5}, {"recall": 0.9, "num_thresholds": 20}], YES_AND_NO),
    ("RecallAtPrecision", [{"precision": 0.5}, {"precision": 0.6, "class_id": 2}], YES_AND_NO[1:]),
    ("AUC", [
        *({"curve": curve, "summation_method": method} for curve in ("ROC", "PR", "PRGAIN")
          for method in ("interpolation", "minoring", "majoring")),
        {"thresholds": [0.6, 0.2, 0.7]}, {"num_thresholds": 7, "from_logits": True},
    ], YES_AND_NO),
    ("AUC", [
        {"multi_label": True}, {"multi_label": True, "label_weights": [0.1, 0.2, 0.3, 0.5], "curve": "PR"},
        {"label_weights": [0.1, 0.2, 0.3, 0.5]},
    ], YES_AND_NO[1:2]),
    ("F1Score", [{}, {"average": "micro"}, {"average": "macro"}, {"average": "weighted"}], CHOICES[:1]),
    ("FBetaScore", [{"beta": 2.0, "threshold": 0.4}, {"beta": 0.5, "average": "macro"}], YES_AND_NO[1:2]),
    ("IoU", [{"num_classes": 4, "target_class_ids": [0, 2]}], CLASSES),
    ("MeanIoU", [{"num_classes": 4}, {"num_classes": 3, "ignore_class": 1}], CLASSES),
    ("BinaryIoU", [{}, {"target_class_ids": [1], "threshold": 0.3}], [(bits, uniform, (8,))]),
    ("OneHotIoU", [{"num_classes": 4, "target_class_ids": [1, 2]}], CHOICES[:1]),
    ("OneHotMeanIoU", [{"num_classes": 4}], CHOICES[:1]),
]  # fmt: skip


def metric_figures() -> list[dict[str, Any]]:
    figures = []
    for name, configs, kinds in METRICS:
        for config in configs:
            for make_true, make_pred, shape in kinds:
                batches = [
                    (make_true(*(shape or (8,))).tolist(), make_pred(*(shape or COLUMNS)).tolist())
                    for _ in range(2)
                ]
                for weights in (None, rng.integers(1, 4, shape[:1] if shape else (8,)).tolist()):
                    metric = getattr(keras.metrics, name)(**config)
                    for y_true, y_pred in batches:
                        given = None if weights is None else np.array(weights, "int32")
                        if given is not None and len(np.shape(y_pred)) == 3 and name in PER_STEP:
                            given = given[:, None] * np.ones(np.shape(y_pred)[1], "int32")
                        metric.update_state(np.array(y_true, "float32"), np.array(y_pred, "float32"), given)
                    if name == "AUC" and "from_logits" in config and shape == SEQUENCES:
                        continue  # a prediction of these is on a threshold, but for rounding
                    value = np.asarray(metric.result()).tolist()
                    figures.append({
                        "class": name, "config": config, "batches": batches, "sample_weight": weights,
                        "value": value, "saved": sorted(metric.get_config()),
                    })  # fmt: skip
    return figures


# Those that in Keras want a weight for every vector of predictions.
PER_STEP = (
    "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "Precision", "Recall", "AUC",
    "SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision",
)  # fmt: skip


class Script:
    """A model to callbacks: it plays losses to them, as `fit` would, and says what they did."""

    def __init__(self, values: list[float]) -> None:
        self.values, self.stop_training, self.saved = values, False, []
        self.optimizer = keras.optimizers.SGD(0.1)
        self.metrics: list[Any] = []

    def jax_state_sync(self) -> None: ...

    def save(self, path: str, overwrite: bool) -> None:
        self.saved.append(path)

    def play(self, callback: keras.callbacks.Callback) -> dict[str, Any]:
        callback.set_model(self)
        rates, output = [], io.StringIO()
        with contextlib.redirect_stdout(output):
            callback.on_train_begin()
            for epoch, value in enumerate(self.values):
                callback.on_epoch_begin(epoch)
                for batch in range(3):
                    callback.on_train_batch_end(batch, {"loss": value})
                callback.on_epoch_end(epoch, {"loss": value, "val_loss": value})
                rates.append(float(self.optimizer.learning_rate))
            callback.on_train_end()
        return {"values": self.values, "rates": rates, "saved": self.saved, "output": output.getvalue()}


LOSSES = [5.0, 4.0, 3.0, 3.5, 3.2, 3.1, 2.99995, 2.0, 2.5, 2.5, 2.5, 2.5]
CALLBACKS: list[tuple[str, dict[str, Any]]] = [
    ("ReduceLROnPlateau", {"patience": 1}),
    ("ReduceLROnPlateau", {"patience": 2, "verbose": 1, "cooldown": 2, "factor": 0.3}),
    ("ReduceLROnPlateau", {"patience": 1, "verbose": 1, "min_lr": 0.02, "mode": "max"}),
    ("ReduceLROnPlateau", {"patience": 1, "min_delta": 0.0, "monitor": "loss"}),
    ("ModelCheckpoint", {"filepath": "{epoch:02d}-{val_loss:.2f}.keras", "verbose": 1}),
    ("ModelCheckpoint", {"filepath": "best.keras", "verbose": 1, "save_best_only": True}),
    ("ModelCheckpoint", {"filepath": "{epoch}.keras", "save_best_only": True, "mode": "max"}),
    ("ModelCheckpoint", {"filepath": "{epoch}-{batch}.keras", "save_freq": 5}),
    (
        "ModelCheckpoint",
        {"filepath": "{epoch}.keras", "save_best_only": True, "initial_value_threshold": 2.5, "verbose": 1},
    ),
    ("TerminateOnNaN", {}),
]


def callback_figure(name: str, config: dict[str, Any]) -> dict[str, Any]:
    played = Script(LOSSES).play(getattr(keras.callbacks, name)(**config))
    return {"class": name, "config": config, **played}


def csv_figure(logs: list[dict[str, float]], **options: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        for _ in range(2):  # the second time after the first
            callback = keras.callbacks.CSVLogger(path, **options)
            callback.on_train_begin()
            for epoch, each in enumerate(logs):
                callback.on_epoch_end(epoch, each)
            callback.on_train_end()
        return {"logs": logs, "options": options, "text": path.read_bytes().decode()}


CSV: list[dict[str, Any]] = [
    {"logs": [{"loss": 0.5, "accuracy": 0.25}, {"loss": 0.125, "val_loss": 2.0}]},
    {"logs": [{"loss": 0.5, "val_loss": 0.25}, {"loss": 0.125}], "separator": ";", "append": True},
]

figures = {
    "regularizers": [regularizer_figure(*each) for each in REGULARIZERS],
    "constraints": [constraint_figure(*each) for each in CONSTRAINTS],
    "callbacks": [callback_figure(*each) for each in CALLBACKS],
    "csv": [csv_figure(**each) for each in CSV],
    # In as few digits as float32 needs.
    "metrics": json.loads(
        json.dumps(metric_figures()), parse_float=lambda text: float(str(np.float32(text)))
    ),
}
(HERE / "keras_lists.json").write_text(json.dumps(figures) + "\n")
