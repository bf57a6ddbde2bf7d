"""The temperature of tomorrow, from hourly measurements of several instruments."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(1)
rng = np.random.default_rng(1)

hours = np.arange(3000)
temperature = (
    10 * np.sin(2 * np.pi * hours / 24) + 4 * np.sin(2 * np.pi * hours / 400) + rng.normal(size=3000)
)
pressure = 990 + 8 * np.cos(2 * np.pi * hours / 400) + rng.normal(size=3000)
wind = np.abs(rng.normal(size=3000)) * 3
raw_data = np.stack([temperature, pressure, wind], axis=1)

num_train, num_val = 1500, 750
mean = raw_data[:num_train].mean(axis=0)
raw_data -= mean
std = raw_data[:num_train].std(axis=0)
raw_data /= std

sampling_rate, sequence_length, batch_size = 2, 24, 64
delay = sampling_rate * (sequence_length + 12 - 1)


def dataset_of(start, end, shuffle):
    return keras.utils.timeseries_dataset_from_array(
        raw_data[:-delay],
        targets=raw_data[delay:, 0],
        sampling_rate=sampling_rate,
        sequence_length=sequence_length,
        shuffle=shuffle,
        batch_size=batch_size,
        start_index=start,
        end_index=end,
    )


train_dataset = dataset_of(0, num_train, True)
val_dataset = dataset_of(num_train, num_train + num_val, False)
test_dataset = dataset_of(num_train + num_val, None, False)

for samples, targets in train_dataset:
    print("samples shape:", samples.shape)
    print("targets shape:", targets.shape)
    break

errors = [np.abs(samples[:, -1, 0] - targets).mean() for samples, targets in test_dataset.take(5)]
print(f"naive MAE: {np.mean(errors) * std[0]:.2f}")

inputs = keras.Input(shape=(sequence_length, raw_data.shape[-1]))
x = layers.LSTM(16)(inputs)
x = layers.Dropout(0.1)(x)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.RMSprop(0.005), loss="mse", metrics=["mae"])
history = model.fit(train_dataset, epochs=6, validation_data=val_dataset, verbose=2)
print(len(history.history["val_mae"]), "epochs")
print(f"result: weather {model.evaluate(test_dataset, verbose=0)[1] * std[0]:.3f}")
