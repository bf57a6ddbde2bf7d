"""Stacked LSTMs on the turbines' last hours, with the callbacks that everybody uses, and the best model loaded."""

import os
import tempfile

import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from keras.layers import LSTM, BatchNormalization, Dense, Dropout
from keras.models import Sequential, load_model
from keras.utils import set_random_seed

set_random_seed(4)
rng = np.random.default_rng(4)

# Sensors that drift the faster, the sooner a turbine fails.
life = rng.uniform(0, 1, 400)
drift = np.linspace(0, 1, 30)[None, :, None] * (1 - life)[:, None, None]
x = (drift * np.array([1.0, -0.5, 0.8, 0.2]) + 0.05 * rng.normal(size=(400, 30, 4))).astype("float32")
y = (life < 0.5).astype("float32")

path = os.path.join(tempfile.mkdtemp(), "best_model.keras")
callbacks = [
    EarlyStopping(monitor="val_loss", min_delta=0, patience=5, verbose=0, mode="min"),
    ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2, min_lr=1e-5, verbose=0),
    ModelCheckpoint(path, monitor="val_loss", save_best_only=True, mode="min", verbose=0),
]
model = Sequential()
model.add(LSTM(32, input_shape=(30, 4), return_sequences=True))
model.add(Dropout(0.2))
model.add(LSTM(16, return_sequences=False))
model.add(BatchNormalization())
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(
    x[:300], y[:300], epochs=12, batch_size=20, validation_split=0.1, verbose=2, callbacks=callbacks
)
print("epochs:", len(history.history["loss"]), sorted(history.history))

best = load_model(path)
scores = best.evaluate(x[300:], y[300:], verbose=0)
print(f"result: stacked {scores[1]:.3f}")
