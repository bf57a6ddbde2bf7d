"""Whether a review is kind: words, padded sequences, an embedding and an LSTM."""

import random

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Dense, Embedding, SpatialDropout1D
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer

random.seed(3)
tf.keras.utils.set_random_seed(3)

GOOD = ["a", "wonderful", "touching", "film;", "great", "cast,", "superb", "story", "and", "lovely", "music"]
BAD = ["a", "boring", "dreadful", "film;", "weak", "cast,", "awful", "story", "and", "noisy", "music"]
EITHER = [
    "the",
    "of",
    "it",
    "was",
    "this",
    "in",
    "we",
    "saw",
    "on",
    "a",
    "rainy",
    "evening",
    "with",
    "friends",
    "who",
    "like",
    "movies",
]


def review(kind):
    words = random.choices(GOOD if kind else BAD, k=4) + random.choices(EITHER, k=random.randint(4, 16))
    random.shuffle(words)
    return " ".join(words)


labels = np.array([i % 2 for i in range(600)])
texts = [review(label) for label in labels]

max_features, maxlen = 100, 24
tokenizer = Tokenizer(num_words=max_features, split=" ")
tokenizer.fit_on_texts(texts)
X = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=maxlen)
print("vocabulary:", len(tokenizer.word_index), "data:", X.shape)

model = Sequential()
model.add(Embedding(max_features, 16, input_length=maxlen))
model.add(SpatialDropout1D(0.2))
model.add(LSTM(24, dropout=0.1, recurrent_dropout=0.1))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X[:500], labels[:500], epochs=10, batch_size=32, verbose=2, validation_split=0.1)
score, acc = model.evaluate(X[500:], labels[500:], verbose=0, batch_size=32)
print(f"result: reviews {acc:.3f}")
