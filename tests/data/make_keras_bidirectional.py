"""Writes what Bidirectional of Keras 3.15.1 answers: keras_bidirectional.json, and two models as cases.json
lists them.

Needs Keras with a backend (`KERAS_BACKEND=jax python make_keras_bidirectional.py`); the tests only read the
files.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent
rng = np.random.default_rng(7)


def normal(*shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def randomize(model: Any) -> None:
    """Random biases too, so that a swapped gate shows."""
    model.set_weights([normal(*weight.shape) / 2 for weight in model.get_weights()])


def plain(arrays: Any) -> list[Any]:
    arrays = arrays if isinstance(arrays, (list, tuple)) else [arrays]
    return [np.round(np.asarray(array, "float64"), 7).tolist() for array in arrays]


def figures() -> list[dict[str, Any]]:
    """Calls of one layer on an array, with masks at both ends and initial states."""
    found = []
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 0]], bool)
    for inner, merge_mode, sequences, masked in itertools.product(
        ("LSTM", "GRU"), ("concat", "sum", "mul", "ave", None), (False, True), (False, True)
    ):
        config = {"units": 3, "return_sequences": sequences, "return_state": masked}
        layer = layers.Bidirectional(getattr(layers, inner)(**config), merge_mode=merge_mode)
        x, states = normal(3, 5, 2), None
        layer.build(x.shape)
        randomize(layer)
        if (
            masked and inner == "LSTM"
        ):  # Keras's backends differ in what a row that begins masked gets with one
            states = [normal(3, 3) for _ in range(4)]
        y = layer(x, mask=mask if masked and (inner == "GRU" or sequences) else None, initial_state=states)
        found.append(
            {
                "inner": inner,
                "config": config,
                "merge_mode": merge_mode,
                "weights": plain(layer.get_weights()),
                "x": plain(x)[0],
                "mask": mask.tolist() if masked and (inner == "GRU" or sequences) else None,
                "initial_state": plain(states) if states else None,
                "outputs": plain(y),
            }
        )
    return found


def save_model(name: str, inner: list[Any], loss: str) -> dict[str, Any]:
    model = keras.Sequential([layers.Input((8, 4)), *inner], name="sequential")
    model.compile(keras.optimizers.Adam(0.01), loss)
    randomize(model)
    model.save(HERE / f"{name}.keras")
    arrays = {"x0": normal(6, 8, 4), "tx0": normal(12, 8, 4), "ty0": normal(12, *model.output_shape[1:])}
    arrays["p0_0"] = model.predict(arrays["x0"], verbose=0)
    history = model.fit(arrays["tx0"], arrays["ty0"], batch_size=4, shuffle=False, verbose=0)
    arrays["tloss"] = np.array(history.history["loss"][0])
    arrays |= {f"tw{k}": weight for k, weight in enumerate(model.get_weights())}
    np.savez(HERE / f"{name}.npz", **arrays)
    return {
        "id": name,
        "layers": [layer.name for layer in model.layers],
        "loss": loss,
        "train_batch": 4,
        "weight_paths": [variable.path for variable in model.weights],
    }


if __name__ == "__main__":
    keras.utils.clear_session()
    text = json.dumps({"keras": keras.__version__, "layers": figures()}, separators=(",", ":"))
    (HERE / "keras_bidirectional.json").write_text(text.replace('{"inner"', '\n{"inner"') + "\n")
    keras.utils.clear_session()
    other = layers.GRU(5, go_backwards=True, return_sequences=True, reset_after=False, activation="relu")
    models = {
        "bidirectional": [
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True), backward_layer=other),
            layers.Bidirectional(layers.GRU(4, use_bias=False)),
            layers.Dense(3),
        ],
        "bidirectional_merged": [
            layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="mul"),
            layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum"),
            layers.Bidirectional(layers.LSTM(3, use_bias=False, unit_forget_bias=False), merge_mode="ave"),
            layers.Dense(2),
        ],
    }
    new = [save_model(name, inner, "mse") for name, inner in models.items()]
    listing = json.loads((HERE / "cases.json").read_text())
    listing["cases"] = [case for case in listing["cases"] if case["id"] not in models] + new
    (HERE / "cases.json").write_text(json.dumps(listing, indent=1) + "\n")
