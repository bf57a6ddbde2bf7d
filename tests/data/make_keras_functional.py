"""Writes keras_functional.json: what Keras 3.15.1 makes of models with several inputs and outputs, shared
layers and models in models, in float64; and functional.keras with functional.npz, in float32.

Needs Keras with JAX (`KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_keras_functional.py`); the tests only
read the files. A case has the model and how it is compiled as `to_json` writes it, its weights before and
after, the arguments of `fit`, in which names stand for arrays, and what came of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import Model, Sequential, layers
from make_keras_fit import RATE  # and float64 in all of Keras

os.environ["COLUMNS"] = "120"  # room for a summary
HERE = Path(__file__).parent
rng = np.random.default_rng(47)
N = 10
DATA = {
    "a": np.round(rng.standard_normal((N, 4, 2)), 3),
    "b": np.round(rng.standard_normal((N, 3)), 3),
    "c": np.round(rng.standard_normal((N, 4, 2)), 3),
    "ids": np.maximum(rng.integers(-3, 7, (N, 5)), 0),
    "y2": np.round(rng.standard_normal((N, 2)), 3),
    "z2": np.round(rng.standard_normal((N, 2)), 3),
    "y1": np.round(rng.standard_normal((N, 1)), 3),
    "label": rng.integers(0, 3, N),
    "tags": rng.integers(0, 3, (N, 5)),
    "steps": np.round(rng.standard_normal((N, 5, 2)), 3),
    "w": np.round(rng.random(N), 3),
    "v": np.round(rng.random(N), 3),
}


def states() -> Model:
    """An encoder whose states come of one input and go into a decoder."""
    a, b = keras.Input((4, 2), name="a"), keras.Input((3,), name="b")
    start = [layers.Dense(4, activation="tanh", name="h")(b), layers.Dense(4, name="cell")(b)]
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True, name="enc")(a, initial_state=start)
    z = layers.LSTM(4, name="dec")(y, initial_state=[h, c])
    kind = layers.Dense(3, activation="softmax", name="kind")(z)
    return Model([a, b], [layers.Dense(2, name="value")(z), kind], name="states")


def shared() -> Model:
    """The same layers on two inputs, and one of them twice in a row."""
    a, c = keras.Input((4, 2), name="a"), keras.Input((4, 2), name="c")
    rnn, twice, out = layers.GRU(3, name="rnn"), layers.Dense(3, name="twice"), layers.Dense(2, name="out")
    left, right = out(twice(twice(rnn(a)))), layers.Activation("tanh", name="right")(out(rnn(c)))
    return Model([a, c], [layers.Activation("linear", name="left")(left), right], name="shared")


def nested() -> Model:
    """Models in the place of layers, one of them twice; inputs and outputs by name."""
    a, b = keras.Input((4, 2), name="a"), keras.Input((3,), name="b")
    head = Sequential(
        [keras.Input((3,)), layers.Dense(4, name="one"), layers.Dense(2, name="two")], name="head"
    )
    x = keras.Input((4, 2), name="x")
    y, state = layers.GRU(3, return_state=True, name="gru")(x)
    body = Model(x, [y, layers.Dense(3, name="of_state")(state)], name="body")
    first, second = body(a)
    outputs = {"z": head(first), "y": head(layers.Dense(3, name="mixed")(second)), "x": head(b)}
    return Model({"a": a, "b": b}, outputs, name="nested")


def masked() -> Model:
    """A mask that reaches one output, and the loss of it, and ends on the way to the other."""
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = layers.Embedding(7, 3, mask_zero=True, name="table")(ids)
    y = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(x)
    tags = layers.TimeDistributed(layers.Dense(3, activation="softmax"), name="tags")(y)
    mean = layers.GlobalAveragePooling1D(name="mean")(y)
    return Model(ids, [tags, layers.Dense(1, name="score")(mean)], name="masked")


def branches() -> Model:
    """Masks that two layers make, on their way and at their end, beside a branch that ends in a model."""
    a, b = keras.Input((4, 2), name="a"), keras.Input((3,), name="b")
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = layers.Embedding(7, 3, mask_zero=True, name="table")(ids)
    x = layers.Masking(0.0, name="again")(layers.GRU(2, return_sequences=True, name="rnn")(x))
    x = layers.GRU(2, return_sequences=True, name="begun")(x, initial_state=layers.Dense(2, name="start")(b))
    steps = layers.TimeDistributed(layers.Dense(2), name="steps")(x)
    y = layers.Masking(0.0, name="masking")(layers.Dense(3, activation="relu", name="some")(a))
    last = layers.Dense(2, name="last")(layers.LSTM(2, name="over")(layers.Dropout(0.0, name="no")(y)))
    z = keras.Input((3,), name="z")
    inner = Model(z, layers.Dense(2, name="inside")(z), name="inner")
    return Model([a, b, ids], [inner(layers.Dense(3, name="one")(b)), last, steps], name="branches")


def chain() -> Model:
    a = keras.Input((4, 2), name="a")
    y = layers.Dense(2, name="last")(layers.LSTM(3, name="only")(layers.Dense(3, name="first")(a)))
    return Model(a, y, name="chain")


SGD: dict[str, Any] = {"optimizer": "SGD"}
# (title, model, compile, x, y, further arguments of fit)
CASES: list[tuple[str, Any, dict[str, Any], Any, Any, dict[str, Any]]] = [
    ("chain", chain, {**SGD, "loss": "mse", "metrics": ["mae"]}, "a", "y2", {}),
    (
        "lists", states,
        {
            "optimizer": "Adam", "loss": ["mse", "sparse_categorical_crossentropy"],
            "loss_weights": [1.0, 0.25], "metrics": [["mae"], ["accuracy"]],
            "weighted_metrics": [["mse", "mae"], None],
        },
        ["a", "b"], ["y2", "label"], {"sample_weight": ["w", "v"]},
    ),
    (
        "dictionaries of names", states,
        {
            **SGD, "loss": {"kind": "sparse_categorical_crossentropy", "value": "mae"},
            "loss_weights": {"value": 3.0, "kind": 1.0}, "metrics": {"kind": ["accuracy"]},
        },
        {"b": "b", "a": "a"}, {"kind": "label", "value": "y2"},
        {
            "validation_data": [{"a": "c", "b": "b"}, {"value": "z2", "kind": "label"}],
        },
    ),
    (
        "one loss for all", shared, {"optimizer": "RMSprop", "loss": "mse", "metrics": ["mae", "mse"]},
        ["a", "c"], ["y2", "z2"], {"sample_weight": "w"},
    ),
    ("an output without a loss", shared, {**SGD, "loss": ["mse", None]}, ["a", "c"], ["y2", "z2"], {}),
    (
        "outputs by name", nested,
        {
            **SGD, "loss": {"z": "mse", "x": "mae", "y": "mse"},
            "loss_weights": {"z": 0.5, "x": 2.0, "y": 1.0}, "metrics": {"y": ["mae"], "x": ["mse"]},
            "weighted_metrics": {"y": ["mae"]},
        },
        {"a": "a", "b": "b"}, {"x": "y2", "y": "z2", "z": "y2"},
        {"sample_weight": {"x": "w", "y": "v", "z": "w"}, "validation_split": 0.3},
    ),
    (
        "masks", masked,
        {
            "optimizer": "Adam", "loss": {"tags": "sparse_categorical_crossentropy", "score": "mse"},
            "metrics": {"tags": "accuracy", "score": "mae"},
        },
        "ids", ["tags", "y1"], {},
    ),
    ("branches", branches, {**SGD, "loss": "mse"}, ["a", "b", "ids"], ["y2", "z2", "steps"], {}),
]  # fmt: skip


def arrays(given: Any) -> Any:
    """The same with arrays for their names."""
    if isinstance(given, dict):
        return {key: arrays(each) for key, each in given.items()}
    if isinstance(given, list):
        return [arrays(each) for each in given]
    return DATA[given] if isinstance(given, str) else given


def fitted(title: str, make: Any, compiled: dict[str, Any], x: Any, y: Any, given: dict[str, Any]) -> Any:
    model = make()
    model.set_weights([np.round(0.7 * rng.standard_normal(w.shape), 3) for w in model.get_weights()])
    model.compile(**{**compiled, "optimizer": getattr(keras.optimizers, compiled["optimizer"])(RATE)})
    case = {"title": title, "x": x, "y": y, "fit": given, "model": model.to_json()}
    case["start"] = [w.tolist() for w in model.get_weights()]
    case["predict"] = keras.tree.map_structure(np.ndarray.tolist, model.predict(arrays(x), verbose=0))
    weights = arrays(given.get("sample_weight"))
    case["evaluate"] = model.evaluate(arrays(x), arrays(y), batch_size=4, sample_weight=weights, verbose=0)
    options = {name: arrays(each) for name, each in given.items()}
    if "validation_data" in options:
        options["validation_data"] = tuple(options["validation_data"])
    fit = model.fit(arrays(x), arrays(y), batch_size=4, epochs=2, shuffle=False, verbose=0, **options)
    case["history"] = fit.history
    case["end"] = [w.tolist() for w in model.get_weights()]
    text: list[str] = []
    model.summary(line_length=110, print_fn=text.append, expand_nested=True)
    case["summary"] = text[0].partition(" Total params")[0]
    return case


if __name__ == "__main__":
    figures = {
        "keras": keras.__version__,
        "data": {name: array.tolist() for name, array in DATA.items()},
        "cases": [fitted(*case) for case in CASES],
    }
    text = json.dumps(figures, separators=(",", ":")).replace('{"title"', '\n{"title"')
    (HERE / "keras_functional.json").write_text(text + "\n")

    keras.config.set_floatx("float32")
    model = nested()
    model.set_weights([np.round(0.7 * rng.standard_normal(w.shape), 3) for w in model.get_weights()])
    model.compile("adam", {"x": "mse", "y": "mse", "z": "mse"}, metrics={"x": ["mae"]})
    x, y = {name: DATA[name] for name in "ab"}, {"x": DATA["y2"], "y": DATA["z2"], "z": DATA["y2"]}
    model.fit(x, y, batch_size=5, shuffle=False, verbose=0)
    model.save(HERE / "functional.keras")
    before = model.predict(x, verbose=0)
    model.fit(x, y, batch_size=5, shuffle=False, verbose=0)
    after = {f"after_{name}": array for name, array in model.predict(x, verbose=0).items()}
    np.savez(HERE / "functional.npz", **before, **after)
