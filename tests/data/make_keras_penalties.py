"""Writes penalties.keras and penalties.npz: a model with regularizers and constraints saved by Keras 3.15.1,
its predictions, its weights after an epoch of training, and what `evaluate` says then.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_penalties.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import constraints, layers, regularizers

HERE = Path(__file__).parent
rng = np.random.default_rng(42)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((9, 4)),
        layers.Conv1D(
            5, 3, activation="tanh", bias_regularizer="l1", bias_constraint="non_neg",
            kernel_regularizer="l2", kernel_constraint=constraints.MaxNorm(1.5, [0, 1]),
        ),
        layers.BatchNormalization(beta_regularizer=regularizers.L1(0.02), gamma_constraint="non_neg"),
        layers.GRU(
            6, return_sequences=True, recurrent_regularizer=regularizers.OrthogonalRegularizer(0.1),
            kernel_constraint=constraints.MinMaxNorm(0.5, 1.0, rate=0.7, axis=1),
        ),
        layers.Bidirectional(
            layers.LSTM(
                4, return_sequences=True, kernel_regularizer=regularizers.L1L2(0.01, 0.02),
                recurrent_constraint="unit_norm", bias_regularizer=regularizers.L2(0.03),
            )
        ),
        layers.LayerNormalization(gamma_regularizer=regularizers.L2(0.05), beta_constraint="max_norm"),
        layers.SimpleRNN(
            5, return_sequences=True, kernel_constraint="max_norm", recurrent_regularizer="l1",
            bias_constraint="min_max_norm",
        ),
        layers.TimeDistributed(
            layers.Dense(
                3, kernel_regularizer=regularizers.OrthogonalRegularizer(0.05, mode="columns"),
                kernel_constraint=constraints.UnitNorm(axis=0),
            )
        ),
        layers.Dense(2, kernel_regularizer="l1l2", trainable=False),
    ]
)  # fmt: skip
model.set_weights([normal(*weight.shape) for weight in model.get_weights()])
variance = model.layers[1].moving_variance
variance.assign(np.abs(np.asarray(variance)))
model.compile(keras.optimizers.Adam(0.01), "mse")
model.save(HERE / "penalties.keras")
x, tx, ty = normal(7, 9, 4), normal(12, 9, 4), normal(12, 7, 2)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
arrays["evaluate"] = np.array(model.evaluate(tx, ty, batch_size=4, verbose=0))
np.savez(HERE / "penalties.npz", **arrays)
