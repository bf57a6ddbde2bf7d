"""Writes what Keras 3.15.1 makes of rectifiers, padding and cropping, softmax over axes, and group, unit and
root mean square normalization: in keras_more_layers.json of each alone, in float64, and as more_layers.keras
and more_layers.npz of a model, its predictions, its weights after an epoch of training, and what `evaluate`
says then.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_more_layers.py`); the tests only
read the files. The gradients are those of the sum of the outputs, each element times one of `d_outputs`; the
arrays have the names that `cases.json` explains.
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


def case(layer: Any, *shape: int, **options: Any) -> dict[str, Any]:
    inputs = rng.standard_normal(shape)
    layer.build(shape)
    weights = [rng.standard_normal(weight.shape) for weight in layer.get_weights()]

    def call(weights: Any, inputs: Any) -> Any:
        return layer.stateless_call(weights, [], inputs, **options)[0]

    outputs, gradients = jax.vjp(call, weights, inputs)
    d_outputs = rng.standard_normal(outputs.shape)
    d_weights, d_inputs = gradients(d_outputs)
    return {
        "layer": layers.serialize(layer),
        "inputs": inputs.tolist(),
        "options": {name: np.asarray(value).tolist() for name, value in options.items()},
        "weights": [weight.tolist() for weight in weights],
        "outputs": np.asarray(outputs).tolist(),
        "d_outputs": d_outputs.tolist(),
        "d_weights": [np.asarray(d).tolist() for d in d_weights],
        "d_inputs": np.asarray(d_inputs).tolist(),
        "output_shape": list(layer.compute_output_shape((None, *shape[1:]))),
    }


keras.config.set_floatx("float64")
cases = [
    case(layers.ReLU(), 2, 3, 4),
    case(layers.ReLU(0.5, 0.1, 0.25), 2, 3, 4),
    case(layers.ReLU(max_value=0.5), 2, 3),
    case(layers.LeakyReLU(), 2, 3, 4),
    case(layers.LeakyReLU(0.0), 2, 3),
    case(layers.PReLU(), 2, 3, 4),
    case(layers.PReLU(alpha_regularizer="l2", alpha_constraint="non_neg", shared_axes=[1]), 2, 3, 4),
    case(layers.PReLU(shared_axes=(1, 2)), 2, 3, 4),
    case(layers.ELU(), 2, 3, 4),
    case(layers.ELU(0.5), 2, 3),
    case(layers.Softmax(), 2, 3, 4),
    case(layers.Softmax(axis=1), 2, 3, 4),
    case(layers.Softmax(axis=(1, 2)), 2, 3, 4),
    case(layers.Softmax(axis=[-2, -1]), 2, 5, 3, 4),
    case(layers.ZeroPadding1D(), 2, 3, 4),
    case(layers.ZeroPadding1D((0, 3)), 2, 3, 4),
    case(layers.Cropping1D(), 2, 5, 4),
    case(layers.Cropping1D((0, 3)), 2, 5, 4),
    case(layers.UpSampling1D(), 2, 3, 4),
    case(layers.UpSampling1D(3), 2, 3, 4),
    case(layers.Identity(), 2, 3, 4),
    case(layers.ActivityRegularization(0.1, 0.2), 2, 3, 4),
    case(layers.GroupNormalization(2), 2, 3, 4),
    case(layers.GroupNormalization(1, epsilon=0.1), 2, 3, 2, 4),
    case(layers.GroupNormalization(-1, center=False), 2, 3, 4),
    case(layers.GroupNormalization(3, scale=False), 2, 6),
    case(layers.RMSNormalization(), 2, 3, 4),
    case(layers.RMSNormalization(epsilon=0.1), 2, 4),
    case(layers.UnitNormalization(), 2, 3, 4),
    case(layers.UnitNormalization(axis=1), 2, 3, 4),
    case(layers.UnitNormalization(axis=[1, 2]), 2, 3, 4),
]
for axis in (-1, 1, (1, 2)):  # Keras's own sums over a mask that leaves nothing are zero
    mask = rng.random((2, 3, 4)) < 0.6
    mask[1] = False
    cases.append(case(layers.Softmax(axis=axis), 2, 3, 4, mask=mask))
cases.append(case(layers.Softmax(), 2, 3, 4, mask=np.array([True, False, True, True])))
(HERE / "keras_more_layers.json").write_text(json.dumps(cases))


keras.config.set_floatx("float32")


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


model = keras.Sequential(
    [
        keras.Input((9, 4)),
        layers.ZeroPadding1D((1, 2)),
        layers.PReLU(shared_axes=[1]),
        layers.UpSampling1D(2),
        layers.GroupNormalization(2),
        layers.LeakyReLU(0.2),
        layers.Conv1D(6, 3),
        layers.RMSNormalization(),
        layers.Cropping1D((2, 3)),
        layers.ELU(0.7),
        layers.GRU(6, return_sequences=True),
        layers.UnitNormalization(),
        layers.Softmax(axis=1),
        layers.Identity(),
        layers.LSTM(5),
        layers.PReLU(),
        layers.ReLU(max_value=2.0, negative_slope=0.1),
        layers.Dense(3),
        layers.Softmax(),
    ]
)
model.set_weights([normal(*weight.shape) for weight in model.get_weights()])
model.compile(keras.optimizers.SGD(0.05), "mse")
model.save(HERE / "more_layers.keras")
x, tx, ty = normal(7, 9, 4), normal(14, 9, 4), normal(14, 3)
arrays = {"x0": x, "p0_0": model.predict(x, verbose=0), "tx0": tx, "ty0": ty}
history = model.fit(tx, ty, batch_size=4, epochs=1, shuffle=False, verbose=0)
arrays["tloss"] = np.array(history.history["loss"][0])
arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
arrays["evaluate"] = np.array(model.evaluate(tx, ty, batch_size=4, verbose=0))
np.savez(HERE / "more_layers.npz", **arrays)
