"""Passengers of an airline, one month ahead, from windows of twelve months."""

import csv
import os
import tempfile

import keras
import numpy as np
from keras.layers import LSTM, Dense
from keras.models import Sequential

keras.utils.set_random_seed(7)

# A series such as that of Box and Jenkins: growth, and a year's ups and downs that grow with it.
path = os.path.join(tempfile.mkdtemp(), "airline-passengers.csv")
months = np.arange(144)
passengers = (110 + 2.6 * months) * (1 + 0.2 * np.sin(2 * np.pi * months / 12))
with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["Month", "Passengers"])
    writer.writerows([f"{1949 + m // 12}-{m % 12 + 1:02d}", round(p)] for m, p in enumerate(passengers))

dataset = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=1, dtype="float32")
low, high = dataset.min(), dataset.max()
scaled = (dataset - low) / (high - low)
train_size = int(len(scaled) * 0.67)
look_back = 12


def create_dataset(series, look_back):
    x, y = [], []
    for i in range(len(series) - look_back):
        x.append(series[i : i + look_back])
        y.append(series[i + look_back])
    return np.array(x)[:, :, np.newaxis], np.array(y)


x_train, y_train = create_dataset(scaled[:train_size], look_back)
x_test, y_test = create_dataset(scaled[train_size - look_back :], look_back)

model = Sequential()
model.add(LSTM(16, input_shape=(look_back, 1)))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer=keras.optimizers.Adam(learning_rate=0.01))
model.fit(x_train, y_train, epochs=60, batch_size=8, verbose=0)

predicted = model.predict(x_test, verbose=0)[:, 0] * (high - low) + low
rmse = np.sqrt(np.mean((predicted - dataset[train_size:]) ** 2))
print(f"result: airline {rmse:.2f}")
