"""Writes keras_progress.json: the text that Keras 3.15.1 shows of fits, evaluations and predictions, with a
clock that moves on by 0.3 s each time somebody looks.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_progress.py`); the tests only read the file.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
X, Y = np.arange(24, dtype="float32").reshape(12, 2) / 24, np.ones((12, 1), "float32")

# (title, method, source of `x`, further arguments)
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("one epoch", "fit", "arrays", {"batch_size": 5}),
    ("validation", "fit", "arrays", {"batch_size": 4, "epochs": 2, "validation_split": 0.5}),
    ("many steps", "fit", "arrays", {"batch_size": 1}),
    ("later epochs", "fit", "arrays", {"batch_size": 5, "initial_epoch": 3, "epochs": 5}),
    ("unknown length", "fit", "generator", {}),
    ("known from the second epoch", "fit", "generator", {"epochs": 2}),
    ("steps", "fit", "generator", {"epochs": 2, "steps_per_epoch": 2}),
    ("evaluate", "evaluate", "arrays", {"batch_size": 4}),
    ("evaluate a generator", "evaluate", "generator", {}),
    ("predict", "predict", "arrays", {"batch_size": 4}),
    ("predict a generator", "predict", "generator", {}),
]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        self.now += 0.3
        return self.now


class Talks(keras.callbacks.Callback):
    """What it does in every batch, nothing, keeps Keras on JAX from drawing the bar in another thread."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Any = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        print(f"epoch {epoch} has ended")


def shown(method: str, source: str, verbose: int, given: dict[str, Any]) -> str:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[0.5], [0.25]]), np.array([0.125])])
    model.compile(keras.optimizers.SGD(0.0625), "mse", metrics=["mae"])
    arguments = {**given, "verbose": verbose, "callbacks": [Talks()]}
    if method == "fit":
        arguments["shuffle"] = False
    both = [X, Y] if method != "predict" else [X]
    if source == "generator":
        batches = [tuple(each[i : i + 4] for each in both) for i in range(0, 12, 4)]
        both = [(batch for batch in batches)]
    keras.src.utils.progbar.time = Clock()
    with contextlib.redirect_stdout(io.StringIO()) as text, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(model, method)(*both, **arguments)
    return text.getvalue()


if __name__ == "__main__":
    cases = [
        {
            "title": title, "method": method, "source": source, "arguments": given,
            "text": {verbose: shown(method, source, verbose, given) for verbose in (1, 2)},
        }
        for title, method, source, given in CASES
    ]  # fmt: skip
    figures = {"keras": keras.__version__, "x": X.tolist(), "cases": cases}
    (HERE / "keras_progress.json").write_text(json.dumps(figures, indent=1) + "\n")
