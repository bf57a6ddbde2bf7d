"""A script of 2016, in the words of Keras 1, which today's Keras refuses."""

import numpy as np
from keras.layers.core import Activation, Dense, Dropout
from keras.layers.embeddings import Embedding
from keras.layers.recurrent import LSTM
from keras.models import Sequential
from keras.optimizers import RMSprop
from keras.preprocessing import sequence
from keras.utils.np_utils import to_categorical

np.random.seed(1337)
max_features, maxlen = 30, 15
X = [np.random.randint(1, max_features, np.random.randint(5, 20)) for _ in range(400)]
y = to_categorical([int(np.mean(words) > 15) for words in X], 2)
X = sequence.pad_sequences(X, maxlen=maxlen)

model = Sequential()
model.add(Embedding(max_features, 16, input_length=maxlen))
model.add(
    LSTM(output_dim=24, inner_activation="hard_sigmoid", dropout_W=0.1, dropout_U=0.1, consume_less="cpu")
)
model.add(Dropout(p=0.1))
model.add(Dense(output_dim=2, init="uniform"))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.01), metrics=["acc"])


def batches():
    while True:
        for start in range(0, 320, 32):
            yield X[start : start + 32], y[start : start + 32]


model.fit(X[:320], y[:320], batch_size=32, nb_epoch=4, verbose=0)
history = model.fit_generator(batches(), steps_per_epoch=10, epochs=4, verbose=0)
print("acc:", history.history["acc"][-1])
classes = model.predict_classes(X[320:], verbose=0)
print(f"result: keras_1 {np.mean(classes == y[320:].argmax(-1)):.3f}")
