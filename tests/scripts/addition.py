"""Sums of numbers, read and written as text: an encoder, `RepeatVector`, a decoder."""

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(2)
DIGITS, MAXLEN = 1, 3
chars = "0123456789+ "


class CharacterTable:
    def __init__(self, chars):
        self.char_indices = {c: i for i, c in enumerate(sorted(chars))}
        self.indices_char = {i: c for i, c in enumerate(sorted(chars))}

    def encode(self, text, num_rows):
        x = np.zeros((num_rows, len(self.char_indices)))
        for i, c in enumerate(text):
            x[i, self.char_indices[c]] = 1
        return x

    def decode(self, x, calc_argmax=True):
        if calc_argmax:
            x = x.argmax(axis=-1)
        return "".join(self.indices_char[i] for i in x)


ctable = CharacterTable(chars)
sums = [(a, b) for a in range(10) for b in range(10)] * 8
x = np.array([ctable.encode(f"{a}+{b}"[::-1], MAXLEN) for a, b in sums])
y = np.array([ctable.encode(str(a + b).ljust(DIGITS + 1), DIGITS + 1) for a, b in sums])
indices = np.arange(len(y))
np.random.shuffle(indices)
x, y = x[indices], y[indices]

model = keras.Sequential()
model.add(layers.Input((MAXLEN, len(chars))))
model.add(layers.LSTM(64))
model.add(layers.RepeatVector(DIGITS + 1))
for _ in range(1):
    model.add(layers.LSTM(64, return_sequences=True))
model.add(layers.Dense(len(chars), activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
model.summary()
model.fit(x, y, batch_size=32, epochs=30, verbose=0)

for i in range(3):
    question, answer = ctable.decode(x[i]), ctable.decode(y[i])
    guess = ctable.decode(model.predict(x[i : i + 1], verbose=0)[0])
    print("Q", question[::-1], "T", answer, "correct" if answer == guess else "wrong", guess)
print(f"result: addition {model.evaluate(x, y, verbose=0)[1]:.3f}")
