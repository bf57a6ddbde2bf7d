"""Text, character by character: an LSTM learns a verse and then writes on."""

import random
import sys

import numpy as np
from keras.callbacks import LambdaCallback
from keras.layers import LSTM, Dense, Input
from keras.models import Sequential
from keras.optimizers import RMSprop
from keras.utils import set_random_seed

set_random_seed(5)
text = "the tide comes in, the tide goes out, and the gate stands open to the sea. " * 12
chars = sorted(set(text))
char_indices = {c: i for i, c in enumerate(chars)}
indices_char = dict(enumerate(chars))

maxlen, step = 20, 2
sentences = [text[i : i + maxlen] for i in range(0, len(text) - maxlen, step)]
next_chars = [text[i + maxlen] for i in range(0, len(text) - maxlen, step)]
x = np.zeros((len(sentences), maxlen, len(chars)), dtype=bool)
y = np.zeros((len(sentences), len(chars)), dtype=bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        x[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1

model = Sequential([Input((maxlen, len(chars))), LSTM(48), Dense(len(chars), activation="softmax")])
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(learning_rate=0.01))


def sample(preds, temperature=1.0):
    preds = np.asarray(preds).astype("float64")
    preds = np.log(preds) / temperature
    exp_preds = np.exp(preds)
    preds = exp_preds / np.sum(exp_preds)
    return np.argmax(np.random.multinomial(1, preds, 1))


def on_epoch_end(epoch, _):
    if epoch % 4 != 3:
        return
    start = random.randint(0, len(text) - maxlen - 1)
    sentence = text[start : start + maxlen]
    sys.stdout.write(sentence + "|")
    for _ in range(20):
        x_pred = np.zeros((1, maxlen, len(chars)))
        for t, char in enumerate(sentence):
            x_pred[0, t, char_indices[char]] = 1.0
        next_char = indices_char[sample(model.predict(x_pred, verbose=0)[0], 0.5)]
        sentence = sentence[1:] + next_char
        sys.stdout.write(next_char)
    print()


history = model.fit(
    x, y, batch_size=32, epochs=8, verbose=0, callbacks=[LambdaCallback(on_epoch_end=on_epoch_end)]
)
print(f"result: characters {history.history['loss'][-1]:.3f}")
