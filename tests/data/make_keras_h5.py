"""Writes Keras's legacy HDF5 files: `chain.h5` and `graph.h5` with Keras 3.15.1, and with Keras 2.15
`keras2_chain.h5`, `keras2_graph.h5`, `keras2_weights.h5` (weights alone) and `keras2_cudnn.h5`; of each an
`.npz` with inputs, predictions, and weights after one more step of training.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_h5.py`) for the first, TensorFlow 2.15 for the
others; the tests only read the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import Model, Sequential, layers

HERE = Path(__file__).parent
IS_OLD = keras.__version__.startswith("2.")
PREFIX = "keras2_" if IS_OLD else ""
rng = np.random.default_rng(53)


def spread(model: Any) -> None:
    """Random weights, so that a swapped gate shows."""
    model.set_weights([0.1 + rng.random(w.shape).astype("float32") for w in model.get_weights()])


def write(model: Any, name: str, x: Any, y: Any) -> None:
    """The file after one step, and what comes of a second one."""
    spread(model)
    x, y = [np.asarray(each, "float32") for each in x], [np.asarray(each, "float32") for each in y]
    model.train_on_batch(x, y)
    model.save(HERE / f"{PREFIX}{name}.h5")
    arrays = {f"x{i}": each for i, each in enumerate(x)} | {f"y{i}": each for i, each in enumerate(y)}
    found = model.predict(x, verbose=0)
    arrays |= {f"p{i}": each for i, each in enumerate(found if isinstance(found, list) else [found])}
    model.train_on_batch(x, y)
    arrays |= {f"w{i}": each for i, each in enumerate(model.get_weights())}
    np.savez(HERE / f"{PREFIX}{name}.npz", **arrays)


def chain() -> Any:
    """Every layer whose weights lie in groups of groups."""
    first = layers.Embedding(7, 3, mask_zero=True)
    head = Sequential(
        [keras.Input((2,)), layers.Dense(2, name="one"), layers.Dense(1, name="two")], name="head"
    )
    model = Sequential(
        [
            keras.Input((4,)),
            first,
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(2, kernel_regularizer="l2")),
            layers.BatchNormalization(),
            layers.GRU(2),
            head,
        ],
        name="chain",
    )
    # Keras 3 does not load what it has saved with the short name of a loss.
    model.compile(keras.optimizers.Adam(0.01), "mse" if IS_OLD else "mean_squared_error", metrics=["mae"])
    return model


def graph() -> Any:
    """Two inputs, initial states, a model in the place of a layer, and outputs with losses of their own."""
    a, b = keras.Input((4, 3), name="a"), keras.Input((2,), name="b")
    sequence, h, c = layers.LSTM(2, return_sequences=True, return_state=True, name="enc")(a)
    z = layers.LSTM(2, name="dec")(sequence, initial_state=[h, c])
    i = keras.Input((4, 3), name="i")
    inner = Model(i, layers.GRU(2, reset_after=False, name="gru")(i), name="inner")
    both = layers.concatenate([z, inner(a), b], name="both")
    model = Model([a, b], [layers.Dense(1, name="d")(both), layers.Dot(1, name="dot")([z, inner(a)])])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    loss = {"d": keras.losses.MeanSquaredError(), "dot": "mean_absolute_error"}
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9), loss, loss_weights=[1.0, 0.5], metrics={"d": ["mae"]}
    )
    return model


def cudnn() -> None:
    """Layers that only a GPU runs: their weights, and what Keras 2 makes of them for those that CPUs run."""
    from tensorflow.compat.v1.keras.layers import CuDNNGRU, CuDNNLSTM

    model = Sequential(
        [keras.Input((4, 3)), CuDNNLSTM(2, return_sequences=True), layers.Bidirectional(CuDNNGRU(2))]
    )
    spread(model)
    model.save(HERE / "keras2_cudnn.h5")
    plain = Sequential(
        [keras.Input((4, 3)), layers.LSTM(2, return_sequences=True), layers.Bidirectional(layers.GRU(2))]
    )
    plain.load_weights(HERE / "keras2_cudnn.h5")
    x = rng.standard_normal((3, 4, 3)).astype("float32")
    weights = {f"w{i}": each for i, each in enumerate(plain.get_weights())}
    np.savez(HERE / "keras2_cudnn.npz", x0=x, p0=plain.predict(x, verbose=0), **weights)


if __name__ == "__main__":
    model = chain()
    ids = rng.integers(0, 7, (5, 4))
    ids[:, 0] = 3
    write(model, "chain", [ids], [rng.random((5, 1))])
    x = [rng.standard_normal((5, 4, 3)), rng.standard_normal((5, 2))]
    write(graph(), "graph", x, [rng.random((5, 1)), rng.random((5, 1))])
    if IS_OLD:
        model.save_weights(HERE / "keras2_weights.h5")
        cudnn()
