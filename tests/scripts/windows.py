"""A series cut into windows by `tf.data`, as a course on time series teaches it."""

import numpy as np
import tensorflow as tf

tf.keras.backend.clear_session()
tf.random.set_seed(51)
np.random.seed(51)

time = np.arange(800, dtype="float32")
series = 10 + 0.01 * time + 4 * np.sin(2 * np.pi * time / 50) + np.random.normal(0, 0.5, 800)
series = ((series - 10) / 10).astype("float32")
split_time, window_size, batch_size = 600, 25, 32
x_train, x_valid = series[:split_time], series[split_time:]


def windowed_dataset(series, window_size, batch_size, shuffle_buffer):
    series = tf.expand_dims(series, axis=-1)
    ds = tf.data.Dataset.from_tensor_slices(series)
    ds = ds.window(window_size + 1, shift=1, drop_remainder=True)
    ds = ds.flat_map(lambda w: w.batch(window_size + 1))
    ds = ds.shuffle(shuffle_buffer)
    ds = ds.map(lambda w: (w[:-1], w[-1]))
    return ds.batch(batch_size).prefetch(1)


train_set = windowed_dataset(x_train, window_size, batch_size, shuffle_buffer=300)
for x, y in train_set.take(1):
    print(x.shape, y.shape, x.numpy().dtype)

model = tf.keras.models.Sequential(
    [
        tf.keras.layers.Input((window_size, 1)),
        tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(16, return_sequences=True)),
        tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(16)),
        tf.keras.layers.Dense(1),
    ]
)
model.compile(loss=tf.keras.losses.Huber(), optimizer=tf.keras.optimizers.Adam(0.005), metrics=["mae"])
model.fit(train_set, epochs=6, verbose=0)

ds = tf.data.Dataset.from_tensor_slices(x_valid[:, np.newaxis])
ds = ds.window(window_size, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(window_size))
forecast = model.predict(ds.batch(batch_size).prefetch(1), verbose=0)[:-1, 0]
print(f"result: windows {10 * tf.reduce_mean(tf.abs(forecast - x_valid[window_size:])).numpy():.3f}")
