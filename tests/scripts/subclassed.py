"""A model as a class of its own, with a `call`."""

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(13)
rng = np.random.default_rng(13)


class Classifier(keras.Model):
    def __init__(self, units, classes, **kwargs):
        super().__init__(**kwargs)
        self.embedding = layers.Embedding(30, 16)
        self.encoder = layers.GRU(units)
        self.dropout = layers.Dropout(0.1)
        self.classifier = layers.Dense(classes, activation="softmax")

    def call(self, inputs, training=False):
        x = self.embedding(inputs)
        x = self.encoder(x)
        x = self.dropout(x, training=training)
        return self.classifier(x)


x = rng.integers(1, 30, (600, 12))
y = (x[:, 0] > 15).astype("int32") + (x[:, -1] > 15).astype("int32")
model = Classifier(32, 3)
model.compile(
    optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
model.fit(x[:500], y[:500], batch_size=32, epochs=12, verbose=0)
print("weights:", len(model.get_weights()))
print(f"result: subclassed {model.evaluate(x[500:], y[500:], verbose=0)[1]:.3f}")
