"""Writes keras_utils.json: what the helpers of Keras 3.15.1 around data make of lists and arrays.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_utils.py`); the tests only read the
file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
SEQUENCES = [[1], [2, 3], [4, 5, 6], [], [7, 8, 9, 10]]
PADDING: list[dict[str, Any]] = [
    {},
    {"maxlen": 2},
    {"maxlen": 2, "truncating": "post"},
    {"maxlen": 6, "padding": "post", "value": -1},
    {"padding": "post", "dtype": "float32", "value": 0.5},
]
CLASSES: list[tuple[Any, Any]] = [
    ([0, 2, 1], None),
    ([[0], [2], [1]], 4),
    ([[0, 1], [2, 1]], None),
    ([1.7, 0.2], 3),
    (2, None),
    ([-1, 1, 0], 3),
]
WINDOWS: list[dict[str, Any]] = [
    {"sequence_length": 3},
    {"sequence_length": 4, "sampling_rate": 2, "batch_size": 2},
    {"sequence_length": 3, "sequence_stride": 2, "batch_size": 3},
    {"sequence_length": 2, "start_index": 3, "end_index": 9, "batch_size": 4},
    {"sequence_length": 2, "batch_size": None},
]
SPLITS: list[dict[str, Any]] = [
    {"left_size": 0.7},
    {"right_size": 3},
    {"left_size": 2, "right_size": 0.3},
    {"left_size": 0.25, "shuffle": True, "seed": 11},
]


def listed(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [listed(each) for each in value]
    return np.asarray(value).tolist()


def main() -> None:
    pad, windows = keras.utils.pad_sequences, keras.utils.timeseries_dataset_from_array
    data, goals = np.arange(24.0).reshape(12, 2), np.arange(12) * 10
    figures: dict[str, Any] = {
        "pad_sequences": [
            {
                "options": each,
                "array": pad(SEQUENCES, **each).tolist(),
                "dtype": str(pad([[1]], **each).dtype),
            }
            for each in PADDING
        ],
        "to_categorical": [
            {"x": x, "num_classes": count, "array": keras.utils.to_categorical(x, count).tolist()}
            for x, count in CLASSES
        ],
        "normalize": [
            {"axis": axis, "order": order, "array": keras.utils.normalize(data - 5, axis, order).tolist()}
            for axis, order in ((-1, 2), (1, 1), (-1, np.inf))
        ],
        "timeseries": [
            {"options": each, "targets": with_targets, "batches": listed(list(windows(data, y, **each)))}
            for each in WINDOWS
            for with_targets, y in ((True, goals), (False, None))
        ],
        "split": [
            {
                "options": each,
                "array": [listed(list(part)) for part in keras.utils.split_dataset(data, **each)],
                "pair": [listed(list(part)) for part in keras.utils.split_dataset((data, goals), **each)],
            }
            for each in SPLITS
        ],
        "sequences": SEQUENCES,
    }
    (HERE / "keras_utils.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
