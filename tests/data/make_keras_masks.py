"""Writes embedding.keras, masking.keras, merged_masks.keras and their .npz: models that make masks, saved by
Keras 3.15.1, with predictions, weights after an epoch of training, and what `evaluate` says then.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_masks.py`); the tests only read the files. The
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


def padded(x: np.ndarray, value: float) -> np.ndarray:
    """Rows of all lengths, filled up on the left, on the right, or with holes."""
    for row, steps in enumerate(x):
        length = rng.integers(1, len(steps))
        steps[[slice(length), slice(-length, None), slice(1, None, 2)][row % 3]] = value
    return x


def write(name: str, model: keras.Model, x: np.ndarray, tx: np.ndarray, ty: np.ndarray) -> None:
    model.set_weights([normal(*weight.shape) for weight in model.get_weights()])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(HERE / f"{name}.keras")
    arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
    history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
    arrays["tloss"] = np.array(history.history["loss"][0])
    arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
    arrays["evaluate"] = np.array(model.evaluate(tx, ty, batch_size=4, verbose=0))
    np.savez(HERE / f"{name}.npz", **arrays)


tagger = [
    keras.Input((9,), dtype="int32"),
    layers.Embedding(11, 5, mask_zero=True),
    layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
    layers.LayerNormalization(),
    layers.SimpleRNN(5, return_sequences=True),
    layers.Dropout(0.0),
    layers.TimeDistributed(layers.Dense(3, activation="softmax")),
]
ids = [padded(rng.integers(1, 11, (rows, 9)), 0).astype("int32") for rows in (7, 12)]
write("embedding", keras.Sequential(tagger), ids[0], ids[1], rng.integers(0, 3, (12, 9)))

averager = [
    keras.Input((9, 4)),
    layers.Masking(0.5),
    layers.GRU(6, return_sequences=True),
    layers.Activation("softsign"),
    layers.GlobalAveragePooling1D(),
    layers.Dense(3, activation="softmax"),
]
x, tx = (padded(normal(rows, 9, 4), 0.5) for rows in (7, 12))
write("masking", keras.Sequential(averager), x, tx, rng.integers(0, 3, 12))

entrance = keras.Input((9,))
table = layers.Embedding(11, 5, mask_zero=True)(entrance)
walked = layers.LSTM(5, return_sequences=True)(table)
added = layers.Add()([table, walked])
asked = layers.Attention()([added, walked], use_causal_mask=True)
parts = [asked, layers.Embedding(11, 4)(entrance), added]
both = layers.Bidirectional(layers.GRU(3, return_sequences=True))(layers.Concatenate()(parts))
tags = layers.TimeDistributed(layers.Dense(3, activation="softmax"))(both)
ids = [padded(rng.integers(1, 11, (rows, 9)), 0).astype("float32") for rows in (7, 12)]
write("merged_masks", keras.Model(entrance, tags), ids[0], ids[1], rng.integers(0, 3, (12, 9)))
