"""A stateful LSTM on long waves, one chunk after the other, its states reset between the epochs."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Dense, Input
from tensorflow.keras.models import Sequential

tf.keras.utils.set_random_seed(11)
batch_size, steps, chunks = 8, 20, 15
time = np.arange(steps * chunks + 1)
waves = np.stack([np.cos(time / (4 + row) + row) for row in range(batch_size)]).astype("float32")
x, y = waves[:, :-1, np.newaxis], waves[:, 1:, np.newaxis]

model = Sequential()
model.add(Input(batch_shape=(batch_size, steps, 1)))
model.add(LSTM(24, return_sequences=True, stateful=True))
model.add(Dense(1))
model.compile(loss="mse", optimizer="rmsprop")

for epoch in range(12):
    losses = []
    for chunk in range(chunks):
        at = slice(chunk * steps, (chunk + 1) * steps)
        losses.append(model.train_on_batch(x[:, at], y[:, at]))
    model.layers[0].reset_states()
print("last epoch:", np.mean(losses))

error = []
for chunk in range(chunks):
    at = slice(chunk * steps, (chunk + 1) * steps)
    error.append(np.mean((model.predict(x[:, at], batch_size=batch_size, verbose=0) - y[:, at]) ** 2))
print(f"result: stateful {np.mean(error):.4f}")
