"""Writes keras_several.json: what Keras 3.15.1 makes of layers of several inputs, in float64: configurations,
outputs, masks and gradients.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_several.py`); the tests only read
the file. The gradients are those of the sum of all outputs, each element times one of `d_outputs`.
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
QUERY, VALUE, KEY = (2, 3, 4), (2, 5, 4), (2, 5, 4)
QUERY_MASK = np.array([[True, False, True], [True, True, True]])
VALUE_MASK = np.array([[True, True, False, True, False], [True, False, True, True, True]])
FIRST = np.array([[True, False, False], [True, True, False]])
SECOND = np.array([[True, True, False], [False, True, False]])
SCORES = {"return_attention_scores": True}


def listed(values: Any) -> Any:
    return None if values is None else [None if v is None else np.asarray(v).tolist() for v in values]


def case(layer: Any, *shapes: tuple[int, ...], mask: Any = None, **options: Any) -> dict[str, Any]:
    inputs = [rng.standard_normal(shape) for shape in shapes]
    layer.build(list(shapes))
    weights = [rng.standard_normal(weight.shape) for weight in layer.get_weights()]

    states = [variable.value for variable in layer.non_trainable_variables]

    def call(weights: Any, inputs: Any) -> Any:
        given = {"mask": mask} if mask is not None and isinstance(layer, layers.Attention) else {}
        for x, mask_of_x in zip(inputs, mask or [], strict=False):
            if mask_of_x is not None:
                keras.src.backend.set_keras_mask(x, mask=mask_of_x)
        found = layer.stateless_call(weights, states, inputs, **given, **options)[0]
        return list(found) if isinstance(found, tuple) else [found]

    outputs, gradients = jax.vjp(call, weights, inputs)
    d_outputs = [rng.standard_normal(output.shape) for output in outputs]
    d_weights, d_inputs = gradients(d_outputs)
    passed_on = None if mask is None else layer.compute_mask([jax.numpy.asarray(x) for x in inputs], mask)
    return {
        "layer": keras.layers.serialize(layer),
        "inputs": listed(inputs),
        "mask": listed(mask),
        "options": options,
        "weights": listed(weights),
        "outputs": listed(outputs),
        "d_outputs": listed(d_outputs),
        "d_weights": listed(d_weights),
        "d_inputs": listed(d_inputs),
        "output_mask": None if passed_on is None else np.asarray(passed_on).tolist(),
    }


keras.config.set_floatx("float64")
keras.src.backend.jax.numpy.tanh = jax.numpy.tanh  # Keras's own rounds to float32
MASKS = [QUERY_MASK, VALUE_MASK]
cases = [
    case(layers.Attention(), QUERY, VALUE),
    case(layers.Attention(use_scale=True), QUERY, VALUE, KEY, **SCORES),
    case(layers.Attention(dropout=0.4, seed=3), QUERY, (2, 5, 6), KEY, mask=MASKS),
    case(layers.Attention(use_scale=True), QUERY, VALUE, mask=[None, VALUE_MASK], **SCORES),
    case(layers.Attention(), (2, 5, 4), VALUE, use_causal_mask=True, mask=[None, VALUE_MASK]),
    case(layers.Attention(), QUERY, VALUE, use_causal_mask=True, **SCORES),
    case(layers.Attention(score_mode="concat"), QUERY, VALUE, KEY),
    case(layers.Attention(True, "concat"), QUERY, VALUE, mask=MASKS, use_causal_mask=True, **SCORES),
    case(layers.AdditiveAttention(), QUERY, VALUE, **SCORES),
    case(layers.AdditiveAttention(use_scale=False), QUERY, (2, 5, 6), KEY, mask=MASKS),
    case(layers.AdditiveAttention(dropout=0.2), QUERY, VALUE, KEY, mask=[QUERY_MASK, None, None]),
    *[
        case(kind(), *shapes, mask=mask)
        for kind in (layers.Add, layers.Average, layers.Multiply, layers.Maximum, layers.Minimum)
        for shapes, mask in (
            ([(2, 3, 2), (2, 1, 2), (2, 2), (2, 3, 1)], None),
            ([(2, 3, 2)] * 2, [FIRST, SECOND]),
            ([(2, 3, 2)] * 3, [FIRST, None, SECOND]),
            ([(2, 3, 2)] * 3, [FIRST, SECOND, SECOND[::-1]]),
        )
    ],
    case(layers.Subtract(), (2, 2), (2, 3, 2)),
    case(layers.Concatenate(), VALUE, (2, 5, 1), VALUE, mask=[VALUE_MASK, None, VALUE_MASK[::-1]]),
    case(layers.Concatenate(axis=1), QUERY, VALUE, mask=[QUERY_MASK, VALUE_MASK]),
    case(layers.Concatenate(axis=-2), QUERY, VALUE, mask=[None, VALUE_MASK]),
    case(layers.Concatenate(axis=1), (2, 3), (2, 4)),
    case(layers.Dot(axes=2), QUERY, VALUE),
    case(layers.Dot(axes=(1, 2)), (2, 4, 3), VALUE),
    case(layers.Dot(axes=-1, normalize=True), QUERY, VALUE),
    case(layers.Dot(axes=1, normalize=True), VALUE, (2, 5, 2)),
    case(layers.Dot(axes=1), (2, 4), (2, 4)),
    case(layers.Dot(axes=(1, 2)), (2, 4), VALUE),
    case(layers.Dot(axes=(2, 1), normalize=True), VALUE, (2, 4)),
    case(layers.Dot(axes=(3, 1)), (2, 2, 2, 3), (2, 3, 1, 2)),
]
(HERE / "keras_several.json").write_text(json.dumps(cases))
