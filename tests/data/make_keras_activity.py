"""Writes activity.keras and activity.npz: a model with penalties on what its layers put out, saved by Keras
3.15.1, its predictions, its weights after an epoch of training, and what `evaluate` says then.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_activity.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers, regularizers

HERE = Path(__file__).parent
rng = np.random.default_rng(42)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((9, 4)),
        layers.Conv1D(5, 3, activation="tanh", activity_regularizer="l1"),
        layers.BatchNormalization(activity_regularizer=regularizers.L2(0.02)),
        layers.GRU(6, return_sequences=True, activity_regularizer=regularizers.L1L2(0.01, 0.02)),
        layers.Bidirectional(
            layers.LSTM(4, return_sequences=True), activity_regularizer=regularizers.L2(0.05)
        ),
        layers.ActivityRegularization(l1=0.03, l2=0.04),
        layers.SimpleRNN(5, activity_regularizer=regularizers.L2(0.1), kernel_regularizer="l2"),
        layers.Dense(3, activity_regularizer=regularizers.OrthogonalRegularizer(0.3)),
    ]
)
model.set_weights([normal(*weight.shape) for weight in model.get_weights()])
variance = model.layers[1].moving_variance
variance.assign(np.abs(np.asarray(variance)))
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "activity.keras")
x, tx, ty = normal(7, 9, 4), normal(14, 9, 4), normal(14, 3)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
arrays["evaluate"] = np.array(model.evaluate(tx, ty, batch_size=4, verbose=0))
np.savez(HERE / "activity.npz", **arrays)
