"""Writes cells.keras and cells.npz: a model of cells in `RNN` and in `Bidirectional`, saved by Keras 3.15.1,
with its predictions and its weights after an epoch of training; and decoder.keras with decoder.npz: cells
called step by step, and stacked cells with states that are given and handed out.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_cells.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(48)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def masked(*shape: int) -> np.ndarray:
    """Rows of which some begin with padding, some end with it, and some have it in between."""
    x = normal(*shape)
    x[0, :2] = x[1, -2:] = x[2, 1] = 0
    return x


model = keras.Sequential(
    [
        keras.Input((6, 3)),
        layers.Masking(0.0),
        layers.RNN([layers.LSTMCell(5), layers.GRUCell(4), layers.LSTMCell(3)], return_sequences=True),
        layers.RNN(
            layers.GRUCell(4, reset_after=False, use_bias=False), return_sequences=True, go_backwards=True
        ),
        layers.RNN([layers.GRUCell(3), layers.SimpleRNNCell(4)], return_sequences=True, go_backwards=True),
        layers.Bidirectional(
            layers.RNN(
                [layers.SimpleRNNCell(3, activation="relu"), layers.LSTMCell(4)], return_sequences=True
            )
        ),
        layers.Bidirectional(layers.RNN(layers.LSTMCell(3)), merge_mode="sum"),
        layers.Dense(2),
    ]
)
model.set_weights([normal(*w.shape) / 2 for w in model.get_weights()])
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "cells.keras")
x, tx, ty = masked(7, 6, 3), masked(12, 6, 3), normal(12, 2)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
np.savez(HERE / "cells.npz", **arrays)

sequence, h, c = (
    keras.Input((5, 3), name="sequence"),
    keras.Input((4,), name="h"),
    keras.Input((4,), name="c"),
)
lstm = layers.LSTMCell(4, name="lstm")
stack = layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)], name="stack")
begun = layers.Dense(3, name="begun")(h)
cells = [layers.LSTMCell(4), layers.GRUCell(3)]
walk = layers.RNN(cells, return_state=True, name="walk")
y, of_lstm, of_gru = walk(sequence, initial_state=[[h, c], begun])
y, states = lstm(y, of_lstm)
y, states = lstm(of_gru, states)
y, of_stack = stack(begun, [states, of_gru])
decoder = keras.Model([sequence, h, c], [y, *of_stack[0], of_stack[1]])
decoder.set_weights([normal(*w.shape) / 2 for w in decoder.get_weights()])
decoder.compile(keras.optimizers.SGD(0.05), "mse")
decoder.save(HERE / "decoder.keras")
given = [normal(8, 5, 3), normal(8, 4), normal(8, 4)]
arrays = {f"x{k}": each for k, each in enumerate(given)}
arrays |= {f"p{k}": each for k, each in enumerate(decoder.predict(given, verbose=0))}
targets = [normal(8, 3), normal(8, 4), normal(8, 4), normal(8, 3)]
arrays |= {f"ty{k}": each for k, each in enumerate(targets)}
decoder.fit(given, targets, batch_size=4, epochs=2, shuffle=False, verbose=0)
arrays |= {f"tw{k}": weight for k, weight in enumerate(decoder.get_weights())}
np.savez(HERE / "decoder.npz", **arrays)
