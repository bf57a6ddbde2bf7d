"""Sequence to sequence: an encoder's states begin the decoder, which is taught, and then writes alone."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(6)
rng = np.random.default_rng(6)

# The task: write a word backwards. 0 begins, 1 ends.
tokens, length, latent_dim = 8, 4, 64
words = rng.integers(2, tokens, (1500, length))
encoder_input_data = tf.one_hot(words, tokens).numpy()
written = np.concatenate([np.zeros((1500, 1), int), words[:, ::-1], np.ones((1500, 1), int)], axis=1)
decoder_input_data = tf.one_hot(written[:, :-1], tokens).numpy()
decoder_target_data = tf.one_hot(written[:, 1:], tokens).numpy()

encoder_inputs = tf.keras.layers.Input(shape=(None, tokens))
encoder = tf.keras.layers.LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]

decoder_inputs = tf.keras.layers.Input(shape=(None, tokens))
decoder_lstm = tf.keras.layers.LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = tf.keras.layers.Dense(tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = tf.keras.models.Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit([encoder_input_data, decoder_input_data], decoder_target_data, batch_size=64, epochs=15, verbose=0)

encoder_model = tf.keras.models.Model(encoder_inputs, encoder_states)
state_input_h = tf.keras.layers.Input(shape=(latent_dim,))
state_input_c = tf.keras.layers.Input(shape=(latent_dim,))
states_inputs = [state_input_h, state_input_c]
outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=states_inputs)
decoder_model = tf.keras.models.Model(
    [decoder_inputs, *states_inputs], [decoder_dense(outputs), state_h, state_c]
)


def decode_sequence(input_seq):
    states_value = encoder_model.predict(input_seq, verbose=0)
    token, decoded = 0, []
    while token != 1 and len(decoded) < length + 1:
        target_seq = np.zeros((1, 1, tokens))
        target_seq[0, 0, token] = 1.0
        output_tokens, h, c = decoder_model.predict([target_seq, *states_value], verbose=0)
        token = int(np.argmax(output_tokens[0, -1, :]))
        decoded.append(token)
        states_value = [h, c]
    return decoded


right = [decode_sequence(encoder_input_data[i : i + 1]) == [*words[i][::-1], 1] for i in range(20)]
print("right:", sum(right), "of 20")
print(f"result: encoder_decoder {np.mean(right):.3f}")
