"""A tag for every word: padded sentences, whose padding nobody counts, read in both directions."""

import keras
import numpy as np
from keras.layers import GRU, Bidirectional, Dense, Embedding, Input, TimeDistributed
from keras.models import Model
from keras.utils import pad_sequences

keras.utils.set_random_seed(10)
rng = np.random.default_rng(10)

n_words, n_tags, max_len = 40, 3, 18
sentences = [rng.integers(1, n_words, rng.integers(4, max_len + 1)) for _ in range(500)]
# A word's tag hangs on its neighbours on both sides.
tags = [
    [
        (s[i] + (s[i - 1] > 20 if i else 0) + (s[i + 1] > 20 if i + 1 < len(s) else 0)) % 3
        for i in range(len(s))
    ]
    for s in sentences
]
X = pad_sequences(sentences, maxlen=max_len, padding="post")
y = pad_sequences(tags, maxlen=max_len, padding="post")

inputs = Input(shape=(max_len,))
x = Embedding(input_dim=n_words, output_dim=24, mask_zero=True)(inputs)
x = Bidirectional(GRU(32, return_sequences=True))(x)
outputs = TimeDistributed(Dense(n_tags, activation="softmax"))(x)
model = Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
model.fit(X[:400], y[:400], batch_size=32, epochs=12, verbose=0)

predicted = model.predict(X[400:], verbose=0).argmax(-1)
right = (predicted == y[400:])[X[400:] != 0]
print(f"result: tagger {right.mean():.3f}")
