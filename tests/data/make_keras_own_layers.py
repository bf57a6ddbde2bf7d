"""What Keras makes of layers and models that users write: `own_layers.npz`, and the model `own_layers.keras`.

KERAS_BACKEND=jax python tests/data/make_keras_own_layers.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from own_layers import models

EPOCHS = 3


def main() -> None:
    here = Path(__file__).parent
    keras.utils.set_random_seed(1)
    figures: dict[str, Any] = {}
    for name, (model, x, y) in models(keras).items():
        leaves = keras.tree.flatten(model.predict(x, verbose=0))
        for place, weight in enumerate(model.get_weights()):
            figures[f"{name}/weight_{place}"] = weight
        for place, output in enumerate(leaves):
            figures[f"{name}/output_{place}"] = output
        history = model.fit(x, y, batch_size=4, epochs=EPOCHS, shuffle=False, verbose=0)
        figures[f"{name}/loss"] = np.array(history.history["loss"])
        figures[f"{name}/evaluated"] = np.array(model.evaluate(x, y, verbose=0, return_dict=True)["loss"])
        for place, weight in enumerate(model.get_weights()):
            figures[f"{name}/trained_{place}"] = weight
        if name == "operations":
            model.save(here / "operations.keras")
            figures["operations/saved"] = model.predict(x, verbose=0)
        if name == "dense_attention":
            model.save(here / "own_layers.keras")
            figures["dense_attention/saved"] = model.predict(x, verbose=0)
    np.savez_compressed(here / "own_layers.npz", **figures)


if __name__ == "__main__":
    main()
