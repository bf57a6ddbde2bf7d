"""Layers and models as users write them, once for Keras and once for Tidegate: the module is an argument."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def defined(keras: Any) -> SimpleNamespace:
    """The classes and functions, over `keras.layers` and `keras.ops`."""
    layers, ops = keras.layers, keras.ops

    class SumAttention(layers.Layer):  # weights by `build`, arithmetic on them
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(name="w", shape=(input_shape[-1], 1), initializer="random_normal")
            self.b = self.add_weight(name="b", shape=(input_shape[1], 1), initializer="zeros")
            super().build(input_shape)

        def call(self, x: Any) -> Any:
            scores = ops.softmax(ops.tanh(ops.matmul(x, self.w) + self.b), axis=1)
            return ops.sum(x * scores, axis=1)

    class DenseAttention(layers.Layer):  # Dense scores, softmax over time, a weighted sum
        def __init__(self, units: int = 4, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.project = layers.Dense(units, activation="tanh")
            self.score = layers.Dense(1, use_bias=False)

        def call(self, inputs: Any, mask: Any = None) -> Any:
            scores = self.score(self.project(inputs))[..., 0]
            if mask is not None:
                scores = ops.where(mask, scores, -1e9)
            weights = ops.softmax(scores, axis=-1)
            return ops.sum(inputs * ops.expand_dims(weights, -1), axis=1)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return None

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class Bahdanau(layers.Layer):  # two arguments with arrays
        def __init__(self, units: int) -> None:
            super().__init__()
            self.w1, self.w2, self.v = layers.Dense(units), layers.Dense(units), layers.Dense(1)

        def call(self, query: Any, values: Any) -> Any:
            scores = self.v(ops.tanh(self.w1(ops.expand_dims(query, 1)) + self.w2(values)))
            weights = ops.softmax(scores, axis=1)
            return ops.sum(weights * values, axis=1), weights

    class Block(layers.Layer):  # layers in lists and dictionaries; moments that training moves
        def __init__(self, width: int, depth: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.steps = [layers.Dense(width, activation="relu") for _ in range(depth)]
            self.others = {"norm": layers.BatchNormalization(), "drop": layers.Dropout(0.0)}
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale", regularizer="l2")
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, inputs: Any, training: Any = None) -> Any:
            x = inputs
            for step in self.steps:
                x = step(x)
            x = self.others["drop"](self.others["norm"](x, training=training), training=training)
            return inputs + self.scale * x

    class Gate(layers.Layer):  # for single steps
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = layers.Dense(4, activation="sigmoid")

        def build(self, input_shape: Any) -> None:
            self.inner.build(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.inner(inputs)

    class Tagger(keras.Model):  # masks come from the embedding and reach the loss
        def __init__(self) -> None:
            super().__init__()
            self.embedding = layers.Embedding(12, 5, mask_zero=True)
            self.encoder = layers.Bidirectional(layers.LSTM(4, return_sequences=True))
            self.head = layers.Dense(3, activation="softmax")

        def call(self, inputs: Any, training: Any = None) -> Any:
            return self.head(self.encoder(self.embedding(inputs), training=training))

    class Translator(keras.Model):  # an encoder and a decoder with its states, and attention between them
        def __init__(self, units: int = 6) -> None:
            super().__init__()
            self.source = layers.Embedding(12, 5)
            self.target = layers.Embedding(10, 5)
            self.encoder = layers.GRU(units, return_sequences=True, return_state=True)
            self.decoder = layers.GRU(units, return_sequences=True, return_state=True)
            self.attention = Bahdanau(4)
            self.head = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(10)])

        def call(self, inputs: Any) -> Any:
            source, target = inputs
            values, state = self.encoder(self.source(source))
            context, _ = self.attention(state, values)
            embedded = self.target(target)
            steps = ops.shape(embedded)[1]
            context = ops.repeat(ops.expand_dims(context, 1), steps, axis=1)
            sequence, _ = self.decoder(ops.concatenate([embedded, context], axis=-1), initial_state=state)
            return self.head(sequence)

    class TwoHeads(keras.Model):  # a dictionary in, a dictionary out
        def __init__(self) -> None:
            super().__init__()
            self.lstm = layers.LSTM(5)
            self.mean, self.label = layers.Dense(1), layers.Dense(3, activation="softmax")

        def call(self, inputs: Any) -> Any:
            x = self.lstm(inputs["sequence"]) * inputs["weight"]
            return {"label": self.label(x), "mean": self.mean(x)}

    def last_step(x: Any) -> Any:
        return x[:, -1, :]

    return SimpleNamespace(
        **{name: value for name, value in locals().items() if name not in ("keras", "layers", "ops")}
    )


def models(keras: Any) -> dict[str, Any]:
    """Unbuilt or built, compiled: name -> (model, inputs, targets), from small counted data."""
    import numpy as np

    layers, ops, own = keras.layers, keras.ops, defined(keras)
    rng = np.random.default_rng(5)
    x = rng.standard_normal((8, 6, 4)).astype("float32")
    w = rng.random((8, 1)).astype("float32")
    ids, words = rng.integers(1, 12, (8, 6)), rng.integers(0, 10, (8, 4))
    ids[2:5, 4:] = 0
    y = rng.standard_normal((8, 2)).astype("float32")
    labels, next_words = rng.integers(0, 3, (8, 6)), rng.integers(0, 10, (8, 4))

    def sequential(*stack: Any, shape: Any = (6, 4)) -> Any:
        return keras.Sequential([layers.Input(shape), *stack])

    start = layers.Input((6, 4))
    h = layers.LSTM(4, return_sequences=True)(start)
    residual = start + 0.5 * h - h / (2.0 + ops.exp(-h))
    pooled = ops.concatenate([residual[:, -1, :], ops.mean(residual, axis=1), ops.max(h, axis=1)], axis=-1)
    gated = pooled * ops.sigmoid(-pooled) + abs(pooled) ** 2
    mixed = ops.softmax(h @ ops.transpose(h, (0, 2, 1)) / 2.0, axis=-1) @ h
    operations = keras.Model(start, layers.Dense(2)(ops.where(gated > 0, gated, mixed[..., 0:1, 0])))

    found = {
        "sum_attention": (
            sequential(layers.LSTM(5, return_sequences=True), own.SumAttention(), layers.Dense(2)), x, y,
        ),
        "dense_attention": (
            sequential(
                layers.Embedding(12, 4, mask_zero=True), layers.GRU(5, return_sequences=True),
                own.DenseAttention(3), layers.Dense(2), shape=(6,),
            ),
            ids, y,
        ),
        "block": (sequential(own.Block(4), layers.TimeDistributed(own.Gate()), layers.LSTM(2)), x, y),
        "lambda": (
            sequential(
                layers.LSTM(4, return_sequences=True),
                layers.Lambda(lambda x, k: x * k, arguments={"k": 1.5}),
                layers.Lambda(own.last_step, output_shape=(4,)), layers.Dense(2),
            ),
            x, y,
        ),
        "operations": (operations, x, y),
        "tagger": (own.Tagger(), ids, labels),
        "translator": (own.Translator(), (ids, words), next_words),
        "two_heads": (
            own.TwoHeads(), {"sequence": x, "weight": w}, {"label": labels[:, 0], "mean": y[:, :1]},
        ),
    }  # fmt: skip
    for name, (model, _, _) in found.items():
        model.compile(keras.optimizers.Adam(0.01), LOSSES.get(name, "mse"))
    found["translator"][0].compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return found


LOSSES: dict[str, Any] = {
    "tagger": "sparse_categorical_crossentropy",
    "two_heads": {"label": "sparse_categorical_crossentropy", "mean": "mse"},
}
