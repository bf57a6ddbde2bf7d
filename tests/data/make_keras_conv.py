"""Writes conv.keras and conv.npz: a model of convolutions and of averages of windows, saved by Keras 3.15.1,
with its predictions and its weights after an epoch of training.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_conv.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(43)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((23, 4)),
        layers.Conv1D(6, 3, activation="relu", padding="causal", dilation_rate=2),
        layers.AveragePooling1D(3, strides=1, padding="same"),
        layers.Conv1D(9, 4, strides=2, padding="same", groups=3, use_bias=False),
        layers.AveragePooling1D(2),
        layers.Conv1D(5, 2, strides=2, padding="causal", activation="tanh"),
        layers.Conv1D(4, 2, activation="softmax"),
        layers.AveragePooling1D(2, strides=3, padding="same"),
        layers.LSTM(5),
        layers.Dense(2),
    ]
)
model.set_weights([normal(*w.shape) for w in model.get_weights()])
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "conv.keras")
x, tx, ty = normal(7, 23, 4), normal(12, 23, 4), normal(12, 2)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
np.savez(HERE / "conv.npz", **arrays)
