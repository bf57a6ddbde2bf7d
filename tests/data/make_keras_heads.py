"""Writes keras_heads.json: what Keras 3.15.1 makes of MultiHeadAttention, in float64: configurations, outputs
and gradients; and heads.keras and heads.npz: a model around it, with masks, and its predictions.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_heads.py`); the tests only read
the files. The gradients are those of the sum of all outputs, each element times one of `d_outputs`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(42)
QUERY, VALUE, KEY = (2, 3, 4), (2, 5, 6), (2, 5, 3)
QUERY_MASK = np.array([[True, False, True], [True, True, True]])
VALUE_MASK = np.array([[True, True, False, True, False], [True, False, True, True, True]])
KEY_MASK = VALUE_MASK[::-1]
PAIRS = rng.random((2, 3, 5)) < 0.6
NAMES = ("query", "value", "key")


def case(layer: Any, *shapes: tuple[int, ...], **options: Any) -> dict[str, Any]:
    inputs = [rng.standard_normal(shape) for shape in shapes]
    layer.build(*shapes)
    weights = [rng.standard_normal(weight.shape) for weight in layer.get_weights()]
    states = [variable.value for variable in layer.non_trainable_variables]
    masks = {name: options[name] for name in options if name.endswith("mask")}

    def call(weights: Any, inputs: Any) -> Any:
        given = {name: jax.numpy.asarray(x) for name, x in zip(NAMES, inputs, strict=False)}
        if "query_mask" in masks:  # the only one that Keras reads from the array
            keras.src.backend.set_keras_mask(given["query"], mask=masks["query_mask"])
        found = layer.stateless_call(weights, states, **given, **options)[0]
        return list(found) if isinstance(found, tuple) else [found]

    outputs, gradients = jax.vjp(call, weights, inputs)
    d_outputs = [rng.standard_normal(output.shape) for output in outputs]
    d_weights, d_inputs = gradients(d_outputs)

    def plain(values: Any) -> Any:
        return [np.asarray(value).tolist() for value in values]

    return {
        "layer": layers.serialize(layer),
        "inputs": plain(inputs),
        "options": {k: v if isinstance(v, bool) else np.asarray(v).tolist() for k, v in options.items()},
        "paths": [weight.path.partition("/")[2] for weight in layer.weights],
        "weights": plain(weights),
        "outputs": plain(outputs),
        "d_outputs": plain(d_outputs),
        "d_weights": plain(d_weights),
        "d_inputs": plain(d_inputs),
    }


keras.config.set_floatx("float64")
Heads = layers.MultiHeadAttention
SCORES = {"return_attention_scores": True}
cases = [
    case(Heads(2, 3), QUERY, VALUE),
    case(Heads(2, 3, use_bias=False), QUERY, VALUE, KEY),
    case(Heads(1, 4, output_shape=7), QUERY, VALUE, **SCORES),
    case(Heads(3, 2, 4, output_shape=(2, 3), use_gate=True), QUERY, VALUE, KEY, **SCORES),
    case(Heads(2, 3, sliding_window=2), QUERY, VALUE),
    case(Heads(2, 3), QUERY, VALUE, use_causal_mask=True),
    case(Heads(2, 3), QUERY, VALUE, use_causal_mask=True, attention_mask=PAIRS),
    case(Heads(2, 3), QUERY, VALUE, query_mask=QUERY_MASK, value_mask=VALUE_MASK),
    case(Heads(2, 3), QUERY, VALUE, query_mask=QUERY_MASK, value_mask=VALUE_MASK, **SCORES),
    case(
        Heads(2, 3, sliding_window=2), QUERY, VALUE, KEY,
        value_mask=VALUE_MASK, key_mask=KEY_MASK, **SCORES,
    ),
    case(Heads(2, 3, dropout=0.5, seed=3), QUERY, VALUE, query_mask=QUERY_MASK),
    case(Heads(2, 3, kernel_regularizer="l2"), QUERY, VALUE, attention_mask=PAIRS[0]),
]  # fmt: skip
(HERE / "keras_heads.json").write_text(json.dumps(cases))

keras.config.set_floatx("float32")
ids, others = keras.Input((4,)), keras.Input((6,))
query = layers.Embedding(9, 5, mask_zero=True)(ids)
value = layers.Embedding(9, 3, mask_zero=True)(others)
attended = Heads(2, 3, name="across")(query, value, use_causal_mask=True)
alone = Heads(2, 4, output_shape=6, use_gate=True, name="alone")(attended, attended, key=query)
model = keras.Model([ids, others], layers.Dense(2)(layers.GRU(4)(alone)))
model.set_weights([rng.standard_normal(w.shape).astype("float32") for w in model.get_weights()])
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "heads.keras")
x = [rng.integers(0, 9, (7, n)) for n in (4, 6)]
x[0][:, 0], x[1][:, 0] = 1, 1
y = rng.standard_normal((7, 2)).astype("float32")
arrays = {"x0": x[0], "x1": x[1], "y": y, "p": model.predict(x, verbose=0)}
arrays["loss"] = np.array(model.fit(x, y, batch_size=4, shuffle=False, verbose=0).history["loss"])
arrays |= {f"w{k}": weight for k, weight in enumerate(model.get_weights())}
np.savez(HERE / "heads.npz", **arrays)
