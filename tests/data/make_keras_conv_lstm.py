"""Writes conv_lstm.keras and conv_lstm.npz: a model of ConvLSTM1D saved by Keras 3.15.1, with its predictions
and its weights after an epoch of training; and what a layer makes of initial states (with a mask there is an
error, on JAX).

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_conv_lstm.py`); the tests only read the files. The
arrays have the names that `cases.json` explains.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(49)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((5, 9, 3)),
        layers.ConvLSTM1D(4, 3, padding="same", return_sequences=True),
        layers.ConvLSTM1D(5, 4, strides=2, padding="same", activation="relu", return_sequences=True),
        layers.ConvLSTM1D(3, 2, dilation_rate=2, go_backwards=True, use_bias=False),
        layers.Flatten(),
        layers.Dense(2),
    ]
)
model.set_weights([normal(*w.shape) / 3 for w in model.get_weights()])
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "conv_lstm.keras")
x, tx, ty = normal(7, 5, 9, 3), normal(12, 5, 9, 3), normal(12, 2)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}

layer = layers.ConvLSTM1D(4, 3, strides=2, return_sequences=True, return_state=True, go_backwards=True)
states = [normal(3, 4, 4), normal(3, 4, 4)]
layer.build((3, 5, 9, 3))
layer.set_weights([normal(*w.shape) / 3 for w in layer.get_weights()])
outputs = layer(x[:3], initial_state=states)
arrays |= {f"layer_w{k}": weight for k, weight in enumerate(layer.get_weights())}
arrays |= {f"layer_s{k}": state for k, state in enumerate(states)}
arrays |= {f"layer_y{k}": np.asarray(output) for k, output in enumerate(outputs)}
np.savez(HERE / "conv_lstm.npz", **arrays)
