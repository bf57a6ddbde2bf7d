"""Attention over the steps of an LSTM, as a layer that the script writes itself."""

import keras
import numpy as np
from keras import layers, ops

keras.utils.set_random_seed(14)
rng = np.random.default_rng(14)


class AttentionLayer(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.W = self.add_weight(
            name="att_weight", shape=(input_shape[-1], self.units), initializer="glorot_uniform"
        )
        self.b = self.add_weight(name="att_bias", shape=(self.units,), initializer="zeros")
        self.u = self.add_weight(name="att_vector", shape=(self.units, 1), initializer="glorot_uniform")
        super().build(input_shape)

    def call(self, x):
        scores = ops.matmul(ops.tanh(ops.matmul(x, self.W) + self.b), self.u)
        weights = ops.softmax(scores, axis=1)
        return ops.sum(x * weights, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


# One step of twenty carries the answer, and says so.
x = rng.normal(size=(600, 20, 3)).astype("float32")
place, y = rng.integers(0, 20, 600), rng.integers(0, 2, 600)
x[:, :, 2] = 0
x[np.arange(600), place, 2] = 3
x[np.arange(600), place, 0] = 2.0 * y - 1

inputs = keras.Input(shape=(20, 3))
h = layers.LSTM(24, return_sequences=True)(inputs)
h = AttentionLayer(16)(h)
outputs = layers.Dense(1, activation="sigmoid")(h)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x[:500], y[:500], batch_size=32, epochs=12, verbose=0)
print(f"result: attention {model.evaluate(x[500:], y[500:], verbose=0)[1]:.3f}")
