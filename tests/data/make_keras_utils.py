"""Writes keras_utils.json: what the helpers of Keras 3.15.1 around data make of lists and arrays.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_utils.py`); the tests only read the
file.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import datasets
from keras._tf_keras.keras.preprocessing import sequence, text

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
TEXTS = [
    "The cat sat on the mat.",
    "A cat, a Dog; and\tthe end!",
    "dogs don't sit",
    "",
    "The MAT is the mat (the MAT)",
]
TOKENIZERS: list[dict[str, Any]] = [
    {},
    {"num_words": 5},
    {"num_words": 5, "oov_token": "<OOV>"},
    {"char_level": True, "lower": False},
    {"filters": ".", "split": "t"},
]
GENERATORS: list[dict[str, Any]] = [
    {"length": 3},
    {"length": 4, "sampling_rate": 2, "batch_size": 2},
    {"length": 2, "stride": 3, "batch_size": 2, "reverse": True},
    {"length": 3, "start_index": 2, "end_index": 9, "batch_size": 4},
]
GRAMS: list[dict[str, Any]] = [
    {},
    {"window_size": 1, "negative_samples": 0, "shuffle": False},
    {"window_size": 2, "categorical": True, "seed": 3},
    {"sampling_table": [0.1, 0.4, 0.5, 0.7, 0.9, 1.0]},
]


def tokenizer_figure(options: dict[str, Any]) -> dict[str, Any]:
    tokenizer = text.Tokenizer(**options)
    tokenizer.fit_on_texts(TEXTS[:3])
    tokenizer.fit_on_texts(TEXTS[3:4])
    numbers = tokenizer.texts_to_sequences(TEXTS)
    return {
        "options": options,
        "json": tokenizer.to_json(),
        "sequences": numbers,
        "texts": tokenizer.sequences_to_texts([*numbers, [1, 2, 99, 7]]),
        "matrices": {
            mode: tokenizer.texts_to_matrix(TEXTS, mode).tolist()
            for mode in ("binary", "count", "freq", "tfidf")
        },
    }


def gram_figure(options: dict[str, Any]) -> dict[str, Any]:
    random.seed(5)
    return {"options": options, "found": sequence.skipgrams([1, 2, 0, 3, 4, 2, 5], 6, **options)}


REVIEWS = [[4, 9, 1], [2, 2, 7, 30, 5], [8], [1, 12], [3, 3, 3], [11, 1, 6, 2], [5], [2, 9]]
CUTS: list[dict[str, Any]] = [
    {},
    {"num_words": 10, "skip_top": 2},
    {"maxlen": 4, "seed": 7},
    {"num_words": 9, "oov_char": None, "start_char": None, "index_from": 0},
    {"start_char": None, "index_from": 2},
]


def objects(texts: list[list[int]]) -> np.ndarray:
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def dataset_figures() -> dict[str, Any]:
    """What the datasets of Keras make of small files in the place of theirs."""
    table, prices = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    files = {
        "imdb": {
            "x_train": objects(REVIEWS[:5]), "y_train": np.arange(5),
            "x_test": objects(REVIEWS[5:]), "y_test": np.arange(3),
        },
        "reuters": {"x": objects(REVIEWS), "y": np.arange(8)},
        "boston_housing": {"x": table, "y": prices},
        "california_housing": {"x": table, "y": prices},
    }  # fmt: skip
    figures: dict[str, Any] = {"reviews": REVIEWS}
    with tempfile.TemporaryDirectory() as folder:
        for name, arrays in files.items():
            path = Path(folder) / f"{name}.npz"
            np.savez(path, **arrays)
            load = getattr(datasets, name).load_data
            load.__globals__["get_file"] = lambda *_, path=path, **options: str(path)
            cuts = CUTS if name in ("imdb", "reuters") else [{}, {"test_split": 0.35, "seed": 3}]
            found = [load(**each) for each in cuts]
            figures[name] = [
                {"options": each, "found": listed(one)} for each, one in zip(cuts, found, strict=True)
            ]
    return figures


def listed(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [listed(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray) else np.asarray(value).tolist()


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
        "datasets": dataset_figures(),
        "texts": TEXTS,
        "words": [
            {"options": each, "words": [text.text_to_word_sequence(one, **each) for one in TEXTS]}
            for each in ({}, {"lower": False, "filters": "t"}, {"split": "a"})
        ],
        "tokenizers": [tokenizer_figure(each) for each in TOKENIZERS],
        "hashed": [text.hashing_trick(each, 50, "md5") for each in TEXTS],
        "generators": [
            {"options": each, "batches": listed(list(sequence.TimeseriesGenerator(data, goals, **each)))}
            for each in GENERATORS
        ],
        "skipgrams": [gram_figure(each) for each in GRAMS],
        "sampling_table": sequence.make_sampling_table(8, 0.01).tolist(),
    }
    (HERE / "keras_utils.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
