"""An LSTM autoencoder that a generator feeds, and what it cannot reproduce: the anomalies."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(9)
rng = np.random.default_rng(9)
timesteps, features = 20, 2


def windows(count, strange=False):
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    time = np.arange(timesteps)[None, :] / 3
    wave = np.stack([np.sin(time + phase), np.cos(time + phase)], axis=-1)
    if strange:
        wave[:, timesteps // 2 :, 0] *= -1
    return (wave + 0.05 * rng.normal(size=wave.shape)).astype("float32")


def batches(batch_size):
    while True:
        x = windows(batch_size)
        yield x, x


model = keras.Sequential(
    [
        keras.Input((timesteps, features)),
        layers.LSTM(24, activation="tanh"),
        layers.RepeatVector(timesteps),
        layers.LSTM(24, return_sequences=True),
        layers.TimeDistributed(layers.Dense(features)),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mae")
model.fit(batches(32), steps_per_epoch=20, epochs=12, verbose=0)


def reconstruction_error(x):
    return np.mean(np.abs(model.predict(x, verbose=0) - x), axis=(1, 2))


threshold = np.quantile(reconstruction_error(windows(200)), 0.99)
found = np.mean(reconstruction_error(windows(100, strange=True)) > threshold)
print("threshold:", threshold)
print(f"result: autoencoder {found:.3f}")
