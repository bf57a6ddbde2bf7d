"""Human activity from accelerometers: convolutions read short parts, an LSTM their order."""

import numpy as np
from keras import Sequential, utils
from keras.layers import LSTM, Conv1D, Dense, Dropout, Flatten, Input, MaxPooling1D, TimeDistributed

utils.set_random_seed(8)
rng = np.random.default_rng(8)

n_steps, n_length, n_features, n_outputs = 4, 16, 3, 3
labels = rng.integers(0, n_outputs, 360)
time = np.arange(n_steps * n_length)
signals = np.sin(time[None, :, None] * (0.2 + 0.25 * labels[:, None, None]) + rng.uniform(0, 6, (360, 1, 3)))
x = (signals + 0.3 * rng.normal(size=signals.shape)).astype("float32")
y = utils.to_categorical(labels)

model = Sequential([Input((None, n_length, n_features))])
model.add(TimeDistributed(Conv1D(filters=16, kernel_size=3, activation="relu")))
model.add(TimeDistributed(Conv1D(filters=16, kernel_size=3, activation="relu")))
model.add(TimeDistributed(Dropout(0.2)))
model.add(TimeDistributed(MaxPooling1D(pool_size=2)))
model.add(TimeDistributed(Flatten()))
model.add(LSTM(24))
model.add(Dense(n_outputs, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
parts = x.reshape(-1, n_steps, n_length, n_features)
model.fit(parts[:300], y[:300], epochs=10, batch_size=32, verbose=0)
_, distributed = model.evaluate(parts[300:], y[300:], verbose=0)

plain = Sequential()
plain.add(Conv1D(32, 5, padding="same", activation="relu", input_shape=(n_steps * n_length, n_features)))
plain.add(MaxPooling1D(4))
plain.add(LSTM(24))
plain.add(Dense(n_outputs, activation="softmax"))
plain.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
plain.fit(x[:300], y[:300], epochs=10, batch_size=32, verbose=0)
_, whole = plain.evaluate(x[300:], y[300:], verbose=0)
print("accuracy:", distributed, whole)
print(f"result: cnn_lstm {(distributed + whole) / 2:.3f}")
