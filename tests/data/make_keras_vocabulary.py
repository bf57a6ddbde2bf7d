"""Writes keras_vocabulary.json and vocabulary.keras: what Keras 3.15.1's TextVectorization, StringLookup and
IntegerLookup make of texts and tokens, and a model with an adapted vocabulary.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_vocabulary.py`); the tests only read
the files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

HERE = Path(__file__).parent
TEXTS = [
    "The cat sat on the mat.",
    "A CAT, a Dog;\tand thé ÉND!",
    "dogs don't sit",
    "",
    "mat mat the \x0bmat",
]
NEW = ["a dog on the mat", "", "unknown cat words cat!", "ÉND end"]
WORDS = ["the", "mat", "cat", "a"]
VECTORIZATIONS: list[dict[str, Any]] = [
    {},
    {"max_tokens": 6, "output_sequence_length": 3},
    {"standardize": "lower", "output_sequence_length": 8},
    {"standardize": "strip_punctuation", "split": "character"},
    {"standardize": None, "ngrams": 2},
    {"ngrams": (1, 3), "max_tokens": 20},
    {"output_mode": "multi_hot"},
    {"output_mode": "multi_hot", "max_tokens": 30, "pad_to_max_tokens": True},
    {"output_mode": "count", "max_tokens": 5},
    {"output_mode": "tf_idf"},
    {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
    {"vocabulary": WORDS},
    {"vocabulary": ["", "[UNK]", *WORDS], "output_mode": "int"},
    {"vocabulary": WORDS, "output_mode": "tf_idf", "idf_weights": [0.1, 0.2, 0.3, 0.6]},
]
TOKENS = [["a", "b", "b"], ["c", "b", "a"], ["b", "d", "x"]]
NUMBERS = [[12, 7, 7], [1000, 7, 12], [7, -3, 5]]
LOOKUPS: list[dict[str, Any]] = [
    {},
    {"mask_token": "{0}", "max_tokens": 4},
    {"output_mode": "one_hot"},
    {"output_mode": "multi_hot", "mask_token": "{0}"},
    {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
    {"output_mode": "tf_idf"},
]


def shown(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    return {"array": array.tolist(), "dtype": str(array.dtype)}


def vectorization(options: dict[str, Any]) -> dict[str, Any]:
    layer = keras.layers.TextVectorization(**options)
    if "vocabulary" not in options:
        layer.adapt(TEXTS)
    return {
        "options": options,
        "vocabulary": [str(each) for each in layer.get_vocabulary()],
        "size": layer.vocabulary_size(),
        **shown(layer(NEW)),
        "column": shown(layer(np.array(NEW)[:, None])),
        "one": shown(layer(NEW[0])),
    }


def lookup(kind: Any, data: Any, new: Any, options: dict[str, Any]) -> dict[str, Any]:
    given = {name: data[0][0] if value == "{0}" else value for name, value in options.items()}
    layer = kind(**given)
    layer.adapt(np.array(data))
    figure = {"options": given, "vocabulary": [str(each) for each in layer.get_vocabulary()]}
    return figure | {"rows": shown(layer(np.array(new))), "row": shown(layer(np.array(new[0])))}


def model() -> None:
    keras.utils.set_random_seed(1)
    layer = keras.layers.TextVectorization(output_sequence_length=5)
    layer.adapt(TEXTS)
    net = keras.Sequential(
        [keras.Input((1,), dtype="string"), layer, keras.layers.Embedding(20, 3), keras.layers.LSTM(2)]
    )
    net.save(HERE / "vocabulary.keras")
    outputs = net(np.array(NEW)[:, None])
    (HERE / "keras_vocabulary.json").write_text(
        json.dumps(
            {
                "texts": TEXTS,
                "new": NEW,
                "tokens": TOKENS,
                "numbers": NUMBERS,
                "text_vectorization": [vectorization(each) for each in VECTORIZATIONS],
                "string_lookup": [
                    lookup(keras.layers.StringLookup, TOKENS, [["b", "zz", "a"], ["q", "d", "b"]], each)
                    for each in LOOKUPS
                ],
                "integer_lookup": [
                    lookup(keras.layers.IntegerLookup, NUMBERS, [[7, 99, 12], [4, 5, 7]], each)
                    for each in [*LOOKUPS, {"num_oov_indices": 3}]
                ],
                "model": np.asarray(outputs).tolist(),
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    model()
