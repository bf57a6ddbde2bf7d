"""Writes layers.keras and layers.npz: a model of the layers around the recurrent ones, saved by Keras 3.15.1,
with its predictions and its weights after an epoch of training.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_layers.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(42)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((9, 4)),
        layers.GRU(6, return_sequences=True),
        layers.Activation("softsign"),
        layers.BatchNormalization(momentum=0.9),
        layers.MaxPooling1D(3, strides=2, padding="same"),
        layers.Dropout(0.0, noise_shape=(None, 1, 6), seed=3),
        layers.LayerNormalization(epsilon=0.01),
        layers.Permute((2, 1)),
        layers.Flatten(),
        layers.Reshape((5, -1)),
        layers.BatchNormalization(center=False, scale=False),
        layers.MaxPooling1D(),
        layers.GlobalMaxPooling1D(),
        layers.RepeatVector(3),
        layers.LSTM(5, return_sequences=True),
        layers.LayerNormalization(center=False),
        layers.GlobalAveragePooling1D(),
        layers.Dense(2),
        layers.Activation("softmax"),
    ]
)
model.set_weights(
    [0.5 + np.abs(normal(*w.shape)) if w.ndim == 1 else normal(*w.shape) for w in model.get_weights()]
)
model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
model.save(HERE / "layers.keras")
x, tx, ty = normal(7, 9, 4), normal(12, 9, 4), rng.integers(0, 2, 12)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
np.savez(HERE / "layers.npz", **arrays)
