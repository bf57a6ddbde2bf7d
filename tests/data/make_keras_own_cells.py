"""Writes keras_own_cells.json: what Keras's RNN gives of cells that users write.

Run with Keras 3.15; `KERAS_BACKEND=tensorflow`, whose masked steps repeat the output from zeros on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from own_cells import CASES, MASK, X, defined, numbers  # noqa: E402

if __name__ == "__main__":
    import keras

    cells = defined(keras)
    found: dict[str, Any] = {}
    for name, case in CASES.items():
        layer = case(keras.layers, cells)
        layer(X)
        layer.set_weights([numbers(each.shape) for each in layer.get_weights()])
        found[name] = [
            [keras.ops.convert_to_numpy(each).tolist() for each in keras.tree.flatten(layer(X, mask=mask))]
            for mask in (None, MASK)
        ]
    (HERE / "keras_own_cells.json").write_text(json.dumps(found) + "\n")
