"""Writes stateful.keras and stateful.npz: a model of stateful layers saved by Keras 3.15.1, and what its
calls, `predict`, `evaluate` and `fit` answer one after the other.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_stateful.py`): on JAX states do not
go on in `predict` and `fit`, on PyTorch there is no gradient. The tests only read the files.
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
        keras.Input(batch_shape=(2, 4, 3)),
        layers.Masking(0.0),
        layers.LSTM(4, stateful=True, return_sequences=True),
        layers.Bidirectional(layers.GRU(3, stateful=True, return_sequences=True)),
        layers.SimpleRNN(3, stateful=True, go_backwards=True),
        layers.Dense(1),
    ]
)
model.set_weights([normal(*weight.shape) / 2 for weight in model.get_weights()])
model.compile(keras.optimizers.SGD(0.1), "mse")
model.save(HERE / "stateful.keras")

x, y = normal(8, 4, 3), normal(8, 1)
x[3:5, :2] = 0  # rows that begin masked, in the first batch of `predict` and in the second
x[7, 1:] = 0
found: dict[str, np.ndarray] = {"x": x, "y": y}


def keep(event: str, result: object) -> None:
    found[event] = np.asarray(result)
    states = [state for layer in model.layers for state in getattr(layer, "states", None) or ()]
    found.update({f"{event}_state{k}": np.asarray(state) for k, state in enumerate(states)})


keep("call", model(x[:2]))
keep("predict", model.predict(x[2:6], batch_size=2, verbose=0))
keep("evaluate", model.evaluate(x[4:], y[4:], batch_size=2, verbose=0))
keep("fit", model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"])
found |= {f"weight{k}": weight for k, weight in enumerate(model.get_weights())}
model.layers[1].reset_states()
keep("reset", model(x[:2]))

layer = layers.LSTM(3, stateful=True)
layer(x[:2])
layer.set_weights([normal(*weight.shape) / 2 for weight in layer.get_weights()])
given = [normal(2, 3), normal(2, 3)]
found |= {f"layer_weight{k}": weight for k, weight in enumerate(layer.get_weights())}
found |= {f"layer_given{k}": state for k, state in enumerate(given)}
found["layer_begun"] = np.asarray(layer(x[:2], initial_state=given))
found["layer_going_on"] = np.asarray(layer(x[2:4]))

np.savez(HERE / "stateful.npz", **found)
