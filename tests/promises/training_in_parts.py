"""A process of test_resume.py: trains with every optimizer, all the way, to an interruption, or on from it.

    python training_in_parts.py whole|begin|backup|file FOLDER THREADS

Weights and losses go into FOLDER/<part>.npz.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import tidegate
from tidegate import Sequential, callbacks, layers, optimizers
from tidegate.models import load_model

EPOCHS, STOPPED_IN = 4, 2
SCHEDULE = optimizers.schedules.CosineDecay(0.02, 15)
# By name, so that each has a file; learning rates large enough to change bits everywhere.
OPTIMIZERS: dict[str, Any] = {
    **{name: (lambda cls=cls: cls(learning_rate=0.01)) for name, cls in optimizers.CLASSES.items()},
    "averages": lambda: optimizers.Adam(0.01, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=7),
    "accumulated": lambda: optimizers.RMSprop(SCHEDULE, gradient_accumulation_steps=3, clipnorm=0.5),
    "scaled": lambda: optimizers.LossScaleOptimizer(optimizers.Nadam(0.01), dynamic_growth_steps=4),
    "several": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.SGD(0.05, momentum=0.9), {".*kernel": optimizers.Lion(0.001)})
    ),
}


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.standard_normal((40, 9, 5)).astype("float32"), rng.integers(0, 3, 40)


def compiled(optimizer: Any) -> Sequential:
    tidegate.utils.set_random_seed(7)
    model = Sequential(
        [
            layers.Input((9, 5)),
            layers.Conv1D(6, 3, padding="causal"),
            layers.Dropout(0.2),
            layers.BatchNormalization(),
            layers.Bidirectional(layers.LSTM(7, return_sequences=True, kernel_regularizer="l2")),
            layers.LayerNormalization(),
            layers.Dropout(0.3, noise_shape=(None, 1, None)),
            layers.GRU(9, return_sequences=True),
            layers.TimeDistributed(layers.Dense(4, kernel_constraint="max_norm")),
            layers.SimpleRNN(5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Interruption(Exception):
    pass


class Stop(callbacks.Callback):
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == (STOPPED_IN, 1):
            raise Interruption


def train(part: str, name: str, folder: Path) -> list[Any]:
    """The weights, and the losses of the last epochs."""
    backup = callbacks.BackupAndRestore(folder / f"{name}-backup")
    file = str(folder / f"{name}-{{epoch}}.keras")
    model, arguments = compiled(OPTIMIZERS[name]()), {"epochs": EPOCHS, "batch_size": 8, "verbose": 0}
    if part == "begin":
        arguments["callbacks"] = [backup, callbacks.ModelCheckpoint(file), Stop()]
        try:
            model.fit(*data(), **arguments)
        except Interruption:
            return []
    if part == "backup":
        arguments["callbacks"] = [backup]
    if part == "file":
        model = load_model(file.format(epoch=STOPPED_IN))
        arguments["initial_epoch"] = STOPPED_IN
    history = model.fit(*data(), **arguments)
    return [*model.get_weights(), np.array(history.history["loss"][STOPPED_IN - EPOCHS :])]


def trained(part: str, folder: Path) -> dict[str, Any]:
    """Every array by the optimizer's name and a number."""
    return {
        f"{name}-{place}": array
        for name in OPTIMIZERS
        for place, array in enumerate(train(part, name, folder))
    }


if __name__ == "__main__":
    tidegate.set_num_threads(int(sys.argv[3]))
    np.savez(Path(sys.argv[2]) / f"{sys.argv[1]}.npz", **trained(sys.argv[1], Path(sys.argv[2])))
