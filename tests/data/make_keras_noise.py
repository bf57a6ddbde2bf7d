"""Writes noise.keras and noise.npz: a model of layers that are noise in training, saved by Keras 3.15.1, with
its predictions; and prints the figures of tests/layers/test_noise_layers.py.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_noise.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(42)

model = keras.Sequential(
    [
        keras.Input((9,), dtype="int32"),
        layers.Embedding(11, 5, mask_zero=True),
        layers.SpatialDropout1D(0.3, seed=4),
        layers.GaussianNoise(0.2),
        layers.GRU(6, return_sequences=True),
        layers.AlphaDropout(0.4, noise_shape=(None, 1, 6)),
        layers.GaussianDropout(0.5, seed=2),
        layers.LSTM(5),
        layers.Dense(2),
    ]
)
model.set_weights([rng.standard_normal(w.shape).astype("float32") for w in model.get_weights()])
model.compile("sgd", "mse")
model.save(HERE / "noise.keras")
x = rng.integers(1, 11, (7, 9)).astype("int32")
x[np.arange(9) < rng.integers(0, 8, (7, 1))] = 0
np.savez(HERE / "noise.npz", x0=x, p0_0=model.predict(x, verbose=0))

for rate in (0.1, 0.3, 0.5, 0.9):
    y = layers.AlphaDropout(rate, seed=1)(np.full((1, 400), 0.7, "float32"), training=True)
    print(rate, *sorted(set(np.asarray(y).ravel().tolist())))
for layer in (layers.GaussianNoise(0.25, seed=1), layers.GaussianDropout(0.3, seed=1)):
    y = np.asarray(layer(np.full((200, 500), 3, "float32"), training=True))
    print(layer.name, y.mean(), y.std())
