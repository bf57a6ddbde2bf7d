"""One run of bench_fit.py in a process of its own, which imports one of the libraries; prints JSON.

    python fit_child.py LIBRARY JIT_COMPILE TASK SEED THREADS STARTED DATA.npz

What the libraries are asked for is the same, word for word. STARTED is the time of the monotonic clock at
which the process was started, so that its imports count.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
SAMPLE = 100  # characters


class Task(NamedTuple):
    layers: Callable[[Any, Arrays], list[Any]]  # from the library's `layers` and the data
    loss: str
    learning_rate: float  # of Adam
    batch_size: int
    epochs: int
    metric: Callable[[Any, Arrays], float]  # from the model and the data


def rmse(model: Any, data: Arrays) -> float:
    """Of the forecasts one month ahead, in thousands of passengers."""
    mean, deviation = data["scale"]
    changes = np.asarray(model.predict(data["test_x"], verbose=0))[:, 0] * deviation + mean
    return float(np.sqrt(np.mean((data["last_month"] * np.exp(changes) - data["truth"]) ** 2)))


def accuracy(model: Any, data: Arrays) -> float:
    """In percent."""
    classes = model.predict(data["test_x"], verbose=0).argmax(axis=-1)
    return float(100 * np.mean(classes == data["test_y"]))


def bits(model: Any, data: Arrays) -> float:
    """Cross-entropy of a character that was not seen in training, given those before it in its window."""
    probabilities = model.predict(data["test_x"], verbose=0)
    of_truth = np.take_along_axis(probabilities, data["test_y"][..., np.newaxis], axis=-1)
    return float(-np.mean(np.log2(of_truth)))


TASKS = {
    "airline": Task(
        lambda layers, data: [layers.Input((12, 1)), layers.LSTM(32), layers.Dense(1)],
        loss="mse",
        learning_rate=0.001,
        batch_size=4,
        epochs=500,
        metric=rmse,
    ),
    "vowels": Task(
        lambda layers, data: [
            layers.Input((None, data["x"].shape[2])),
            layers.Masking(),
            layers.LSTM(64),
            layers.Dense(9, activation="softmax"),
        ],
        loss="sparse_categorical_crossentropy",
        learning_rate=0.001,
        batch_size=8,
        epochs=250,
        metric=accuracy,
    ),
    "characters": Task(
        lambda layers, data: [
            layers.Input((data["x"].shape[1],)),
            layers.Embedding(len(data["alphabet"]), 32),
            layers.LSTM(128, return_sequences=True),
            layers.Dense(len(data["alphabet"]), activation="softmax"),
        ],
        loss="sparse_categorical_crossentropy",
        learning_rate=0.005,
        batch_size=32,
        epochs=15,
        metric=bits,
    ),
}


def sample(model: Any, data: Arrays, seed: int) -> str:
    """What the model writes after the first window of the test."""
    draw, ids = np.random.default_rng(seed), list(data["test_x"][0])
    window = len(ids)
    for _ in range(SAMPLE):
        probabilities = model.predict_on_batch(np.array([ids[-window:]]))[0, -1].astype("f8")
        ids.append(int(draw.choice(len(probabilities), p=probabilities / probabilities.sum())))
    return "".join(data["alphabet"][ids[window:]])


def main() -> None:
    library, jit_compile, name, seed, threads, started, file = sys.argv[1:]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])  # all that a library goes by
    layers, models, optimizers, utils = (
        import_module(f"{library}.{part}") for part in ("layers", "models", "optimizers", "utils")
    )
    task = TASKS[name]
    with np.load(file) as arrays:
        data = dict(arrays)

    ready = time.monotonic()
    utils.set_random_seed(int(seed))
    model = models.Sequential(task.layers(layers, data))
    jit = {"jit_compile": True} if jit_compile == "True" else {}
    model.compile(optimizers.Adam(task.learning_rate), task.loss, **jit)
    model.fit(data["x"], data["y"], batch_size=task.batch_size, epochs=task.epochs, verbose=0)
    metric = task.metric(model, data)
    end = time.monotonic()

    text = sample(model, data, int(seed)) if "alphabet" in data else ""
    print(json.dumps({"metric": metric, "fit": end - ready, "whole": end - float(started), "text": text}))


if __name__ == "__main__":
    main()
