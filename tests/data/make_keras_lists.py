"""Writes keras_lists.json: what Keras 3.15.1's regularizers and constraints make of arrays, and its callbacks
of the losses of some epochs.

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
}
(HERE / "keras_lists.json").write_text(json.dumps(figures) + "\n")
