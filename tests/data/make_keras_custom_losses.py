"""Writes keras_custom_losses.json: models that Keras 3.15.1 has trained with losses written in Python.

Needs Keras with JAX (`KERAS_BACKEND=jax python make_keras_custom_losses.py`); the tests only read the file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from custom_losses import custom_losses

rng = np.random.default_rng(8)
X = np.round(rng.standard_normal((6, 4, 3)) * 256) / 256
Y = (rng.random((6, 3)) < 0.5).astype("float32")
WEIGHT = np.array([1, 0.5, 2, 0, 1, 1])
figures: dict[str, Any] = {
    "keras": keras.__version__,
    "x": X.tolist(),
    "y": Y.tolist(),
    "weight": WEIGHT.tolist(),
}


def trained(loss: Any, weight: Any) -> dict[str, Any]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4, 3)), keras.layers.LSTM(5), keras.layers.Dense(3, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.05), loss)
    before = [each.tolist() for each in model.get_weights()]
    assert figures.setdefault("before", before) == before
    history = model.fit(X, Y, batch_size=6, epochs=3, shuffle=False, sample_weight=weight, verbose=0)
    return {
        "after": [each.tolist() for each in model.get_weights()],
        "losses": history.history["loss"],
    }


if __name__ == "__main__":
    for name, loss in custom_losses(keras.ops, keras.losses.Loss).items():
        figures[name] = trained(loss, None)
        if name not in ("dice", "huber"):
            figures[f"{name}, weighted"] = trained(loss, WEIGHT)
    text = json.dumps(figures, separators=(",", ":")).replace(',"', ',\n"')
    Path(__file__).with_name("keras_custom_losses.json").write_text(text + "\n")
